"""What a Context must hold for each option, worked out again from the table, a value at a time."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import optimize, stats

from datamodules.base import Borders, PanelData
from datamodules.features import Features
from datamodules.panel import Panel
from datamodules.preparation import CHOICES, Preparation

LENGTH, HORIZON, HELD_OUT = 6, 3, 10
TARGETS = ["y", "z"]
ROLES = {"past": ["price", "weather"], "known": ["promo", "flag", "day"], "static": ["size", "region"]}
CATEGORIES = ("weather", "day", "region")
MADE = Features(
    calendar=("hour", "dayofweek", "dayofmonth", "dayofyear", "weekofyear", "month", "quarter", "is_weekend"),
    fourier=("24:2", "7.5:1"),
    lags=(2, 11),
    rolling=("mean_5", "min_3", "max_30", "median_4"),
)
PREPARATIONS = [
    *(Preparation(missing=missing) for missing in CHOICES["missing"]),
    *(Preparation(encode=encode) for encode in CHOICES["encode"]),
    *(Preparation(covariates=scaling) for scaling in CHOICES["covariates"]),
    *(
        Preparation(transform=transform, scaling=scaling, scaling_per=per)
        for transform in CHOICES["transform"]
        for scaling in CHOICES["scaling"]
        for per in CHOICES["scaling_per"]
    ),
    Preparation(indicator=True, features=MADE),
    Preparation(missing="mask", transform="log1p", scaling="standard", features=MADE, short="pad"),
    Preparation(missing="interpolate", scaling="robust", features=replace(MADE, fourier=()), encode="embedding"),
    Preparation(missing="seasonal", features=Features(lags=(1,), rolling=("mean_8",)), short="pad"),
]


@pytest.fixture(scope="module")
def frame():
    """Three series, long, late and short, with holes but for the ends, covariates that go on; levels in test alone."""
    rng = np.random.default_rng(3)
    frames = []
    for number, (name, begin, length) in enumerate([("long", 0, 90), ("late", 37, 60), ("short", 20, 16)]):
        rows = length + HORIZON
        step = begin + np.arange(rows)
        own = pd.DataFrame({"unique_id": name, "ds": pd.Timestamp("2023-12-30 05:00") + pd.to_timedelta(step, "h")})
        for place, target in enumerate(TARGETS):
            lost = rng.random(rows) < 0.3
            lost[[0, length - 1, *range(1, 1 + place)]] = False
            values = rng.lognormal(2 + number / 2, 0.5, rows)
            own[target] = np.where(lost | (np.arange(rows) >= length), np.nan, values)
        own["price"] = np.where(rng.random(rows) < 0.3, np.nan, rng.gamma(2, 30, rows))
        own["weather"] = np.where(rng.random(rows) < 0.2, None, rng.choice(["fog", "rain", "sun"], rows))
        own["promo"] = np.where((rng.random(rows) < 0.3) & (np.arange(rows) < length), np.nan, rng.normal(5, 2, rows))
        own["flag"] = rng.choice([0.0, 1.0], rows)
        own["day"] = rng.choice(["2", "10"], rows)
        own.loc[length - HELD_OUT :, "weather"] = "hail"
        own["size"], own["region"] = 10.0 * number**2, "north" if number % 2 else "south"
        frames.append(own)
    return pd.concat(frames, ignore_index=True)


class ByHand:
    """The inputs of a preparation: statistics of training rows in numpy, contexts a value at a time."""

    def __init__(self, frame: pd.DataFrame, prepare: Preparation) -> None:
        self.prepare = prepare
        self.series = {name: own.reset_index(drop=True) for name, own in frame.groupby("unique_id")}
        self.trained = {name: own[: self.end(name) - HELD_OUT] for name, own in self.series.items()}
        self.everything = pd.concat(self.trained.values())
        self.learnt: dict[object, tuple[float, float, float, float]] = {}  # power, level, loc and scale of targets
        self.covariates: dict[str, np.ndarray] = {}

    def end(self, name: str) -> int:
        """The rows of a series up to its last observed target."""
        return int(self.series[name][TARGETS].dropna(how="all").index[-1]) + 1

    def training(self, name: str) -> np.ndarray:
        """The values of a covariate in training rows, or of the trained series; missing ones left out."""
        if name not in self.covariates:
            static = pd.Series([own[name].iloc[0] for own in self.trained.values()])
            self.covariates[name] = (static if name in ROLES["static"] else self.everything[name]).dropna().to_numpy()
        return self.covariates[name]

    def column(self, name: str, series: str, row: int) -> list[float]:
        """A covariate at a row, which may lie before the first."""
        values = self.series[series][name].to_numpy()[: max(row + 1, 0)]
        if name in CATEGORIES:
            levels = sorted(set(self.training(name)), key=float if name == "day" else str)
            code = levels.index(values[-1]) + 1 if len(values) and values[-1] in levels else 0
            onehot = [float(code == place + 1) for place in range(len(levels))]
            return {"onehot": onehot, "ordinal": [code / len(levels)], "embedding": [float(code)]}[self.prepare.encode]
        seen = values[~np.isnan(values)]
        value = seen[-1] if len(seen) else self.training(name).mean()
        if name == "flag":
            return [value]
        loc, scale = location_and_scale(self.prepare.covariates, self.training(name))
        return [(value - loc) / scale]

    def columns(self, role: str, series: str, row: int) -> list[float]:
        """The covariates of a role at a row, side by side."""
        return [value for name in ROLES[role] for value in self.column(name, series, row)]

    def stored(self, target: str, series: str, value: float) -> float:
        """A value of a target as it is stored."""
        whole = self.prepare.scaling_per == "panel"
        key = target if whole else (target, series)
        if key not in self.learnt:
            training = (self.everything if whole else self.trained[series])[target].dropna().to_numpy()
            power, level = power_and_level(training) if self.prepare.transform == "boxcox" else (1.0, 0.0)
            bent = self.bent(training, power, level)
            self.learnt[key] = (power, level, *location_and_scale(self.prepare.scaling, bent))
        power, level, loc, scale = self.learnt[key]
        return float((self.bent(np.array(value), power, level) - loc) / scale)

    def bent(self, values: np.ndarray, power: float, level: float) -> np.ndarray:
        """Values after the transform alone."""
        if self.prepare.transform == "boxcox":
            return ((values / np.exp(level)) ** power - 1) / power
        return np.log1p(values) if self.prepare.transform == "log1p" else values

    def filled(self, target: str, series: str, row: int) -> float:
        """A target at a row, in stored units, filled over the whole series."""
        values = self.series[series][target].to_numpy()
        seen = [place for place in range(row + 1) if not np.isnan(values[place])]
        if self.prepare.missing == "seasonal":
            seen = [place for place in seen if (row - place) % 24 == 0] or seen
        place = seen[-1] if seen else int(np.flatnonzero(~np.isnan(values))[0])
        return self.stored(target, series, values[place])

    def context(self, series: str, cutoff: int) -> dict[str, np.ndarray]:
        """What the context that ends at row ``cutoff`` of a series must hold."""
        rows = range(cutoff - LENGTH + 1, cutoff + 1)
        ahead = range(cutoff - LENGTH + 1, cutoff + HORIZON + 1)
        own = self.series[series]
        observed = np.array(
            [[row >= 0 and not np.isnan(own[name].get(row, np.nan)) for name in TARGETS] for row in rows]
        )
        target = np.array([[self.filled(name, series, row) for name in TARGETS] for row in rows])
        for place, seen in enumerate(observed.T):
            steps = np.arange(LENGTH)
            if self.prepare.missing == "interpolate":
                between = (steps > steps[seen].min()) & ~seen & (steps < steps[seen].max())
                target[between, place] = np.interp(steps[between], steps[seen], target[seen, place])
            elif self.prepare.missing == "mask":
                target[~seen, place] = target[seen, place].mean()
        indicators = observed.astype(float) if self.prepare.indicator or self.prepare.missing == "mask" else []
        past = [
            self.columns("past", series, row)
            + (list(indicators[place]) if len(indicators) else [])
            + self.lagged(series, row)
            for place, row in enumerate(rows)
        ]
        known = [self.columns("known", series, row) + self.made(own, row) for row in ahead]
        static = self.columns("static", series, 0)
        return {"target": target, "observed": observed, "past": past, "known": known, "static": static}

    def lagged(self, series: str, row: int) -> list[float]:
        """Lags and rolling statistics of both targets at a row."""
        found = []
        for lag in self.prepare.features.lags:
            found += [self.filled(name, series, max(row - lag, 0)) for name in TARGETS]
        for item in self.prepare.features.rolling:
            statistic, steps = item.split("_")
            for name in TARGETS:
                last = range(max(row - int(steps) + 1, 0), max(row, 0) + 1)
                found.append(getattr(np, statistic)([self.filled(name, series, each) for each in last]))
        return found

    def made(self, own: pd.DataFrame, row: int) -> list[float]:
        """The calendar and the Fourier pairs at a row."""
        stamp = own["ds"][0] + pd.Timedelta(row, "h")
        weeks = pd.Timestamp(stamp.isocalendar().year, 12, 28).isocalendar().week
        shares = {
            "hour": (stamp.hour + stamp.minute / 60) / 24,
            "dayofweek": stamp.weekday() / 7,
            "dayofmonth": (stamp.day - 1) / stamp.days_in_month,
            "dayofyear": (stamp.day_of_year - 1) / (366 if stamp.is_leap_year else 365),
            "weekofyear": (stamp.isocalendar().week - 1) / weeks,
            "month": (stamp.month - 1) / 12,
            "quarter": (stamp.quarter - 1) / 4,
        }
        found: list[float] = []
        for name in self.prepare.features.calendar:
            if name == "is_weekend":
                found.append(float(stamp.weekday() >= 5))
            else:
                found += around(shares[name])
        hours = (stamp - pd.Timestamp("1970-01-01")) / pd.Timedelta("1h")
        for item in self.prepare.features.fourier:
            period, pairs = item.split(":")
            for pair in range(1, int(pairs) + 1):
                found += around(hours * pair / float(period))
        return found


def power_and_level(values: np.ndarray) -> tuple[float, float]:
    """The power of Box and Cox by scipy, from -1 to 2, of values counted from their geometric mean; its logarithm."""
    level = np.log(values).mean()
    relative = values / np.exp(level)
    options = {"bounds": (-1, 2), "method": "bounded", "options": {"xatol": 1e-6}}
    return optimize.minimize_scalar(lambda power: -stats.boxcox_llf(power, relative), **options).x, level


def around(share: float) -> list[float]:
    return [math.sin(2 * math.pi * share), math.cos(2 * math.pi * share)]


def location_and_scale(kind: str, values: np.ndarray) -> tuple[float, float]:
    values = np.asarray(values, dtype=np.float64)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {
        "none": (0.0, 1.0),
        "standard": (values.mean(), values.std()),
        "minmax": (values.min(), values.max() - values.min()),
        "mean_abs": (values.mean(), np.abs(values - values.mean()).mean()),
        "robust": (middle, high - low),
    }[kind]


def named(prepare: Preparation) -> str:
    """What of a preparation is not the default."""
    plain, usual = vars(prepare), vars(Preparation())
    own = [f"{name} {plain[name]}" for name in plain if plain[name] != usual[name] and name != "features"]
    return ", ".join(own) or "default"


@pytest.mark.parametrize("prepare", PREPARATIONS, ids=lambda prepare: named(prepare))
def test_contexts_are_those_worked_out_by_hand(frame, prepare):
    if prepare.missing == "error":
        frame = pd.concat([own.ffill().bfill() for _, own in frame.groupby("unique_id")])
        end = frame.groupby("unique_id").cumcount(ascending=False) < HORIZON
        frame.loc[end, TARGETS] = np.nan
    panel = Panel.from_frame(frame, target=TARGETS, freq="h", categories=CATEGORIES, **ROLES)
    short = "pad" if prepare.short == "pad" else "skip"
    sizes = {"context_length": LENGTH, "horizon": HORIZON}
    data = PanelData(panel, borders=Borders("steps", 6, 4), prepare=replace(prepare, short=short), **sizes)
    expected = ByHand(frame, prepare)
    wanted = [("long", 12), ("long", 85), ("late", 40), ("late", 56), ("short", 9)]
    wanted += [("short", 1), ("short", 3)] if short == "pad" else []
    ids = panel.ids.tolist()
    for name, cutoff in wanted:
        series = ids.index(name)
        row = data.laid.rows(panel.offsets[[series]] + cutoff, np.array([series]))
        context = data.laid.store.context(torch.from_numpy(row), **sizes)
        for part, values in expected.context(name, cutoff).items():
            found = getattr(context, part)[0].numpy()
            np.testing.assert_allclose(found, values, rtol=2e-4, atol=2e-4, err_msg=f"{part} of {name} at {cutoff}")
        seen = context.observed[0].bool().numpy()
        original = context.units.invert(context.target)[0].numpy()
        values = expected.series[name].reindex(range(cutoff - LENGTH + 1, cutoff + 1))[TARGETS].to_numpy()
        np.testing.assert_allclose(original[seen], values[seen], rtol=1e-5)
    assert data.dims == (
        LENGTH,
        HORIZON,
        *(getattr(context, part).shape[-1] for part in ("target", "past", "known", "static")),
        *data.dims[6:],
    )
