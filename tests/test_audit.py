"""The audit finds every leak that is put into a pipeline on purpose, names it, and finds none where there is none."""

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import known_rows
from datamodules.window import Dims
from forecast import audit
from forecast.auditing.findings import Audit, Check
from forecast.auditing.garbage import spoilt
from forecast.auditing.gradients import reach
from forecast.auditing.state import learnt
from forecast.baselines.lag_linear import LagLinear
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.baselines.theta import Theta
from forecast.conformal import Conformal
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.table import build

HORIZON = 4
SIZES = Dims(12, HORIZON)


def table(holes: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frames = []
    for name in ("a", "b"):
        y = 20 + 5 * np.sin(np.arange(90) / 3) + rng.normal(0, 1, 90)
        if holes:
            y[[30, 31, 50, 51, 52]] = np.nan
        ds = pd.date_range("2024-01-01", periods=90, freq="D")
        frames.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": y, "price": rng.normal(5, 1, 90)}))
    return pd.concat(frames, ignore_index=True)


def panel_of(frame: pd.DataFrame, **roles: list[str]) -> Panel:
    return Panel.from_frame(frame, freq="D", **roles)


def network(kind=NeuralForecaster, dims=SIZES, **options) -> NeuralForecaster:
    return kind(MLP(dims, hidden_size=4, levels=[0.1, 0.9]), **{"max_steps": 6, "batch_size": 16} | options)


def prepared(change, **roles):
    """A pipeline that changes the table, series by series."""

    def pipeline(panel: Panel) -> Panel:
        frame = panel.to_frame()
        parts = [change(own.copy()) for _, own in frame.groupby("unique_id", sort=False)]
        return panel_of(pd.concat(parts, ignore_index=True), **roles)

    return pipeline


def run(forecasters=(), pipeline=lambda panel: panel, frame=None, **options) -> Audit:
    panel = panel_of(table() if frame is None else frame)
    return audit(panel, list(forecasters) or [SeasonalNaive()], horizon=HORIZON, pipeline=pipeline, **options)


# pipelines without a leak


def test_honest_pipeline_is_clean_and_its_verdict_counts_what_was_compared():
    panel = panel_of(table(), past=["price"])
    prepare = Preparation(scaling="standard", features=Features(lags=(1, 7), rolling=("mean_7",)))
    forecasters = [network(dims=Dims(12, HORIZON, 1, 1), prepare=prepare), SeasonalNaive(), Theta()]
    found = audit(panel, forecasters, horizon=HORIZON, refit=3, gap=2)
    assert found.clean, found.verdict()
    assert found.verdict().startswith("No leak: with everything after ")
    assert "gradients of forecasts after their cutoffs are exactly zero" in found.verdict()
    named = set(found.checks.loc[found.checks["forecaster"] == "MLP", "part"])
    assert named >= {"scaling of the targets", "encoding of covariates", "early stopping", "weights", "forecast"}
    assert set(found.checks["garbage"]) == {"nothing", "past and target", "the gap too", "gradient"}


def test_known_covariates_may_be_read_ahead_and_are_garbage_too_where_only_the_fit_is_compared():
    panel = panel_of(table(), known=["price"])
    found = audit(panel, [network(dims=Dims(12, HORIZON, 1, 0, 1))], horizon=HORIZON)
    assert found.clean, found.verdict()
    both = found.checks[(found.checks["forecaster"] == "MLP") & (found.checks["garbage"] == "known too")]
    assert "weights" in set(both["part"])
    assert "forecast" not in set(both["part"])


def test_rolling_and_lagged_columns_of_the_past_are_no_leak():
    def past(own):
        return own.assign(mean=own["y"].rolling(5, min_periods=1).mean(), lag=own["y"].shift(1, fill_value=0.0))

    assert run(pipeline=prepared(past, past=["mean", "lag"])).clean


# leaks on purpose, in the person's own preparation


@pytest.mark.parametrize(
    ("change", "roles", "named"),
    [
        pytest.param(
            lambda own: own.assign(y=(own["y"] - own["y"].mean()) / own["y"].std()),
            {},
            "column 'y' (target)",
            id="a scaler fitted on all rows",
        ),
        pytest.param(
            lambda own: own.assign(level=own["y"].rolling(5, center=True, min_periods=1).mean()),
            {"past": ["level"]},
            "column 'level' (past)",
            id="a centred rolling feature",
        ),
        pytest.param(
            lambda own: own.assign(lag=own["y"].shift(-1, fill_value=0.0)),
            {"past": ["lag"]},
            "column 'lag' (past)",
            id="a target lag of the wrong sign",
        ),
        pytest.param(
            lambda own: own.assign(y=own["y"].interpolate()),
            {},
            "column 'y' (target)",
            id="interpolation across the cutoff",
        ),
        pytest.param(
            lambda own: own.assign(lag=own["y"].shift(2, fill_value=0.0)),
            {"known": ["lag"]},
            "column 'lag' (known)",
            id="a lag shorter than the horizon among the known covariates",
        ),
    ],
)
def test_leak_in_the_preparation_is_named_by_its_column(change, roles, named):
    found = run(pipeline=prepared(change, **roles), frame=table(holes=True))
    assert not found.clean
    assert found.leaks["part"].unique().tolist() == [named]
    assert found.verdict().startswith(f"LEAK: {named} moved when garbage was put after cutoff 2024-")


# leaks on purpose, in forecasters


class ScaledByAll(Naive):
    """Scales by all rows of the panel that it is shown when it forecasts several folds at once."""

    def predict(self, panel, cutoffs, horizon, levels=()):
        scale = float(np.nanmean(panel.target))
        rows = cutoffs[cutoffs >= 0]
        mean = np.repeat(panel.target[rows][:, None] / scale, horizon, axis=1)
        return build(self.name, panel, cutoffs, mean, np.empty((*mean.shape, 0)), levels)


class Peeking(NeuralForecaster):
    """Its context ends one row after the cutoff."""

    def predict_arrays(self, panel, cutoffs, horizon, levels):
        return super().predict_arrays(panel, np.where(cutoffs >= 0, cutoffs + 1, -1), horizon, levels)


def test_forecaster_that_scales_by_later_folds_is_caught():
    found = run([ScaledByAll(), SeasonalNaive()])
    assert found.leaks[["forecaster", "part"]].drop_duplicates().to_numpy().tolist() == [["ScaledByAll", "forecast"]]
    assert "LEAK: forecast of ScaledByAll moved" in found.verdict()


def test_network_whose_context_reaches_beyond_the_cutoff_is_caught():
    found = run([network(Peeking)])
    assert found.verdict().startswith("LEAK: forecast of MLP moved when garbage was put after cutoff")


def test_forecaster_that_keeps_all_rows_from_elsewhere_is_caught_by_what_it_learnt():
    class Smuggled(Naive):
        whole: Panel

        def fit(self, panel):
            self.mean = float(np.nanmean(Smuggled.whole.target))
            return self

    def remember(panel: Panel) -> Panel:
        Smuggled.whole = panel
        return panel

    found = run([Smuggled()], pipeline=remember)
    assert found.leaks["part"].unique().tolist() == ["what was fitted: mean"]


def test_rows_kept_aside_of_which_only_the_past_is_used_are_no_leak():
    class Honest(Naive):
        whole: Panel

        def fit(self, panel):
            self.mean = float(np.nanmean(Honest.whole.target[: int(panel.last_rows[0]) + 1]))
            return self

    def remember(panel: Panel) -> Panel:
        Honest.whole = panel
        return panel

    assert run([Honest()], pipeline=remember).clean


def test_refusal_that_depends_on_the_future_is_a_leak():
    class Refuses(Naive):
        def predict(self, panel, cutoffs, horizon, levels=()):
            if np.nanmax(panel.target) > 100:
                raise ValueError("a value is over 100")
            return super().predict(panel, cutoffs, horizon, levels)

    found = run([Refuses()])
    assert found.leaks["detail"].tolist() == ["ValueError: a value is over 100"]


def test_forecaster_that_is_not_reproducible_is_said_to_be_so():
    class Drawn(Naive):
        def fit(self, panel):
            self.number = np.random.default_rng().random()
            return self

    found = run([Drawn()])
    assert found.leaks.empty
    assert not found.clean
    assert "Drawn cannot be audited: run twice on the same data, what was fitted: number differed." in found.verdict()


# the parts


def test_garbage_leaves_what_stays_and_holes_as_they_are_and_changes_all_else():
    panel = panel_of(table(holes=True).assign(kind="x"), past=["price"], known=["kind"])
    after = known_rows(panel, 40)
    other = spoilt(panel, after, known=True, seed=1)
    later = np.arange(len(panel.target)) > after[panel.series_of_row]
    np.testing.assert_array_equal(other.target[~later], panel.target[~later])
    np.testing.assert_array_equal(other.observed, panel.observed)
    assert (other.target[later & panel.observed[:, 0]] != panel.target[later & panel.observed[:, 0]]).all()
    assert (other.past[later] != panel.past[later]).all()
    assert set(np.unique(other.known[later])) == {0.0, 1.0}
    assert other.categories["kind"] == ("x", "never seen before")


def test_gradient_reaches_the_context_and_nothing_after_the_cutoff():
    panel = panel_of(table())
    cutoffs = known_rows(panel, 70)
    fitted = network().fit(panel.until(cutoffs))
    assert reach(fitted, panel, cutoffs) == (2 * 19, 0, 2 * 12)


def test_gradient_of_a_network_within_conformal_intervals_is_looked_at():
    checks = run([Conformal(network(), name="MLP")], folds=1).checks
    assert checks.loc[checks["forecaster"] == "MLP", "part"].eq("gradient of the forecast").any()


def test_gradient_beyond_the_cutoff_is_found(monkeypatch):
    panel = panel_of(table())
    cutoffs = known_rows(panel, 70)
    fitted = NeuralForecaster(Linear(Dims(12, HORIZON)), max_steps=3).fit(panel.until(cutoffs))
    from datamodules.store import Store

    honest = Store.context
    monkeypatch.setattr(Store, "context", lambda self, rows, **sizes: honest(self, rows + 1, **sizes))
    assert reach(fitted, panel, cutoffs).moved == 2


def test_learnt_parts_differ_by_one_bit():
    panel = panel_of(table())
    fitted = network().fit(panel)
    before = learnt(fitted)
    weight = fitted.module.projection.weight
    with torch.no_grad():
        weight[0, 0] = torch.nextafter(weight[0, 0], torch.tensor(10.0))
    after = learnt(fitted)
    assert [name for name in before if before[name] != after[name]] == ["weights"]


def test_forecasters_inside_others_are_taken_apart():
    class Pair(Naive):
        def __init__(self):
            super().__init__()
            self.members = [network(), SeasonalNaive()]

    assert "weights (MLP)" in learnt(Pair())


def test_verdict_of_nothing_compared_is_not_clean():
    assert not Audit.of([]).clean
    assert Audit.of([]).verdict() == "Nothing was compared."
    assert Audit.of([Check("A", "forecast", "2024", "past and target", 8, 0)]).clean


def test_store_is_refused():
    from datamodules.large.packed import Packed

    with pytest.raises(InputError, match="data is a store, which an audit cannot replace by garbage"):
        audit(object.__new__(Packed), [SeasonalNaive()], horizon=2)


class Fails(SeasonalNaive):
    """Fails whatever it is shown."""

    def fit(self, panel):
        raise ValueError("no luck")


def test_forecaster_that_fails_on_the_data_as_they_are_is_not_called_clean():
    found = run([Fails(), Naive()])
    assert not found.clean
    assert found.leaks.empty
    assert found.verdict() == "Fails cannot be audited: it failed on the data as they are (ValueError: no luck)."


@pytest.mark.parametrize("roles", [{"known": ["price"]}, {"past": ["kind"]}])
def test_model_on_lags_may_keep_the_panel_with_what_is_known_ahead_and_its_categories(roles):
    frame = table().assign(kind=lambda frame: np.where(np.arange(len(frame)) % 3 == 0, "x", "z"))
    found = audit(panel_of(frame, **roles), [LagLinear()], horizon=HORIZON)
    assert found.clean, found.verdict()


def test_preparation_that_needs_values_from_zero_on_is_no_leak():
    assert run(pipeline=prepared(lambda own: own.assign(y=np.log(own["y"])))).clean


def test_known_column_counted_from_the_last_row_that_a_forecast_reads_is_no_leak():
    def change(own):
        return own.assign(price=own["y"].shift(2 * HORIZON))  # at the horizon's end it stands on what was observed

    assert run(pipeline=prepared(change, known=["price"]), frame=table().drop(columns="price")).clean


def test_verdict_counts_the_cutoffs_of_the_forecasters():
    assert "after 2 cutoffs replaced" in run(pipeline=prepared(lambda own: own)).verdict()


@pytest.mark.parametrize("options", [{"gap": -3}, {"window": -1}, {"threads": 0}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        run(**options)
