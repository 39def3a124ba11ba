"""The report of a seeded, made-up backtest: complete, safe, self-contained, and drawn by a real browser."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape

from forecast.evaluation.scores import leaderboard
from forecast.evaluation.verdict import verdict
from forecast.report.charts import errors
from forecast.report.fans import fans
from forecast.report.render import render, write
from forecast.report.styles import styles
from forecast.result import Backtest

NASTY = '<b>Böse & "Söhne"</b>'
SERIES = (NASTY, "</script><script>alert(1)</script>", "Wien %{x} 'Ost'")
NETWORKS = ("Linear", "MLP", "CNN", "RNN", "LSTM")
BASELINES = ("SeasonalNaive", "Naive", "ETS")
MESSAGE = "did not converge after 500 iterations & <i>gave up</i>"
HORIZON, FOLDS, HISTORY = 12, 3, 96


@dataclass(frozen=True)
class Result:
    """What Backtest offers to the report."""

    table: pd.DataFrame
    runs: pd.DataFrame
    curves: pd.DataFrame
    recent: pd.DataFrame
    health: pd.DataFrame
    covariates: pd.DataFrame
    spec: dict = field(default_factory=dict)
    provenance: dict = field(default_factory=dict)
    series: pd.DataFrame = field(default_factory=pd.DataFrame)

    def leaderboard(self):
        return leaderboard(self.table, self.runs, ("mase", "rmsse", "smape", "mae", "coverage"))

    def verdict(self):
        return verdict(self.leaderboard(), self.table)


def make_result(series=SERIES, targets=("y",), seeds=(0, 1), levels=(0.1, 0.5, 0.9), freq="MS", horizon=HORIZON):
    rng = np.random.default_rng(7)
    stamps = np.arange(500, 500 + HISTORY + FOLDS * horizon) if freq == 1 else None
    if stamps is None:
        stamps = pd.date_range("2012-01-01", periods=HISTORY + FOLDS * horizon, freq=freq).to_numpy()
    t = np.arange(len(stamps))
    parts, recent, runs, curves = [], [], [], []
    for number, unique_id in enumerate(series):
        for target in targets:
            y = 100 + 40 * number + 0.4 * t + 15 * np.sin(t / 12 * 2 * np.pi) + rng.normal(0, 3, len(t))
            recent.append(pd.DataFrame({"unique_id": unique_id, "target": target, "ds": stamps, "y": y}))
            for rank, model in enumerate((*NETWORKS, *BASELINES)):
                for seed in seeds if model in NETWORKS else seeds[:1]:
                    if model == "ETS":
                        continue
                    for fold in range(FOLDS):
                        cut = HISTORY - 1 + fold * horizon
                        ahead = np.arange(cut + 1, cut + 1 + horizon)
                        spread = (1.5 + rank) * np.sqrt(1 + np.arange(horizon) / 4)
                        mean = y[ahead] + rng.normal(0, 1, horizon) * spread
                        quantiles = {f"q{level:g}": mean + (level - 0.5) * 3.2 * spread for level in levels}
                        if model == "Naive":
                            quantiles = dict.fromkeys(quantiles, np.nan)
                        parts.append(
                            pd.DataFrame(
                                {"model": model, "seed": seed, "unique_id": unique_id, "target": target}
                                | {"cutoff": stamps[cut], "step": np.arange(1, horizon + 1), "time": stamps[ahead]}
                                | {"mean": mean, **quantiles, "actual": y[ahead], "naive_mae": 4.2, "naive_mse": 29.0}
                            )
                        )
    for rank, model in enumerate((*NETWORKS, *BASELINES)):
        network = model in NETWORKS
        for seed in seeds if network else seeds[:1]:
            runs.append(
                {"model": model, "kind": "network" if network else "baseline", "seed": seed, "fold": 0}
                | {"n_folds": FOLDS, "cutoff": stamps[HISTORY - 1], "fit_seconds": 0.004 + 1.7 * rank * network}
                | {"predict_seconds": 0.012, "parameters": (1300 * (rank + 1)) if network else 0}
                | {"epochs": 30 * network, "best_epoch": (18 + rank) if network else -1, "steps": 900 * network}
                | {"windows": 210 * network, "dropped": "12 target crosses border" if network else ""}
                | {"note": "", "error": MESSAGE if model == "ETS" else ""}
            )
            for epoch in range(30 * network):
                loss = 0.5 * np.exp(-epoch / 8) + 0.2 + rng.normal(0, 0.01)
                curves.append(
                    {"model": model, "seed": seed, "fold": 0, "epoch": epoch, "step": 30 * (epoch + 1)}
                    | {"train_loss": loss, "val_loss": loss + 0.05 + max(0, epoch - 18 - rank) * 0.004}
                )
    table = pd.concat(parts, ignore_index=True).astype({"model": "category", "unique_id": "category"})
    health = pd.DataFrame(
        {"unique_id": list(series), "folds": 3, "rows": len(t), "begin": stamps[0], "end": stamps[-1], "missing": 0}
        | {"longest_gap": 0, "constant_runs": 0, "negatives": 0, "windows": 210, "reason": "12 target crosses border"}
    )
    spec = {
        "data": "data/sales <2024>.csv",
        "horizon": horizon,
        "freq": str(freq),
        "models": [{"class_path": "forecast.models.LSTM", "init_args": {"hidden": 64}}, *NETWORKS[:-1]],
        "baselines": list(BASELINES),
        "levels": list(levels),
        "metrics": ["mase", "rmsse", "mae", "coverage"],
    }
    provenance = {"date": "2025-11-22", "fingerprint": "9f2c41", "versions": {"torch": "2.13.0"}, "seconds": 61.2}
    covariates = pd.DataFrame(
        {"column": ["price <1>"], "role": "known", "kind": "number", "cells": 99, "missing": 1, "categories": ""}
        | {"min": 1.0, "mean": 1.5, "max": 2.0}
    )
    frames = (pd.DataFrame(runs), pd.DataFrame(curves), pd.concat(recent), health, covariates)
    return Result(table, *frames, spec, provenance)


class Tags(HTMLParser):
    """The start tags of a page, and the text of each element with an id."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self._id = [], {}, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._id = dict(attrs).get("id", "")

    def handle_data(self, data):
        self.texts[self._id] = self.texts.get(self._id, "") + data


def unpacked(page, name):
    return gzip.decompress(base64.b64decode(Tags(page).texts[name]))


@pytest.fixture(scope="module")
def result():
    return make_result()


@pytest.fixture(scope="module")
def page(result):
    return render(result)


def test_every_model_and_series_is_named_and_escaped(page):
    for name in (*NETWORKS, *BASELINES):
        assert f"{name}</th>" in page
    for name in SERIES:
        assert page.count(name) == 0 or "<" not in name
        assert str(escape(name)) in page
    tags = {tag for tag, _ in Tags(page).tags}
    assert not tags & {"b", "i"}
    assert json.loads(unpacked(page, "packed-data"))["fans"]["series"] == sorted(SERIES)


def test_failed_model_is_a_row_with_its_message(page):
    assert f"Failed: {escape(MESSAGE)}" in page


def test_page_asks_nothing_from_outside(page):
    parsed = Tags(page)
    links = [value for _, attrs in parsed.tags for key, value in attrs.items() if key in ("src", "href", "srcset")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "@import" not in page
    assert "url(" not in page
    policy = [attrs["content"] for _, attrs in parsed.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy
    assert policy[0].startswith("default-src 'none'")
    assert page.count('id="packed-plotly"') == 1


def test_equal_results_give_equal_pages_below_three_megabytes(page):
    assert render(make_result()) == page
    assert len(page.encode()) < 3_000_000


def test_metrics_are_explained_by_their_docstrings(page):
    assert "mean of |forecast - actual| / in-sample MAE of seasonal naive" in page


def test_best_value_of_a_column_is_marked_once(result, page):
    board = result.leaderboard()
    marked = re.findall(r'class="number best" data-sort="([^"]+)"', page)
    assert f"{board['mase'].min():.12g}" in marked
    assert len(marked) == 5  # mase, rmsse, smape, mae, skill; coverage has no best


def test_colours_do_not_depend_on_scores(result):
    turned = result.table.iloc[::-1]
    assert styles(result.runs, turned) == styles(result.runs, result.table)
    assert len({look.colour for look in styles(result.runs, result.table)}) == len(NETWORKS) + len(BASELINES)


def test_unpacked_forecasts_equal_the_table(result):
    names = [look.name for look in styles(result.runs, result.table)]
    described, codes = fans(result.table, result.recent, names)
    series, model, cutoff, horizon = 1, names.index("LSTM"), 2, len(described["at"][0])
    history = len(SERIES) * len(described["axis"])
    begin = history + ((series * len(names) + model) * FOLDS + cutoff) * 3 * horizon
    least, span = described["forecastScale"][series][0][model]
    told = least + (codes[begin : begin + 3 * horizon].astype(float) + 32767) / 65534 * span
    rows = result.table.query("model == 'LSTM' and seed == 0")
    rows = rows[(rows["unique_id"] == described["series"][series])]
    rows = rows[rows["cutoff"] == np.unique(rows["cutoff"])[cutoff]].sort_values("step")
    assert rows[["mean", "q0.1", "q0.9"]].to_numpy().T.reshape(-1) == pytest.approx(told, abs=span / 60000)
    assert [described["axis"][at] for at in described["at"][cutoff]] == rows["time"].dt.strftime("%Y-%m-%d").tolist()


def test_unobserved_and_absent_values_are_gaps():
    result = make_result(series=("a", "b"), freq=1)
    table = result.table[(result.table["unique_id"] == "a") | (result.table["model"] != "LSTM")]
    names = ["LSTM", *sorted(set(result.runs["model"]) - {"LSTM"})]
    described, codes = fans(table, result.recent.assign(y=np.nan), names)
    size = FOLDS * 3 * HORIZON
    history = 2 * len(described["axis"])
    first, second = codes[history:].reshape(2, len(names), size)
    assert (second[0] == -32768).all()  # LSTM did not forecast b
    assert (first[0] != -32768).all()
    assert (codes[:HISTORY] == -32768).all()  # nothing observed before the first cutoff
    assert (codes[HISTORY : history // 2] != -32768).all()  # what came is in the table
    assert described["axis"][0] == 500


def test_large_panels_show_evenly_spaced_series_and_say_so(monkeypatch):
    monkeypatch.setattr("forecast.report.fans._MOST_NUMBERS", 3 * 7 * FOLDS * HORIZON * 4)
    page = render(make_result(series=[f"s{number:02d}" for number in range(9)], seeds=(0,)))
    shown = json.loads(unpacked(page, "packed-data"))["fans"]["series"]
    assert shown == ["s00", "s03", "s05", "s08"]
    assert "4 of 9 series" in page


def test_errors_equal_a_slow_loop(result):
    names = [look.name for look in styles(result.runs, result.table)]
    table = result.table.assign(naive_mae=np.where(result.table["step"] == 3, 0.0, 4.2))
    found = errors(table, names)
    for step in (1, 3):
        rows = table[(table["model"] == "CNN") & (table["step"] == step)]
        mae = np.mean([abs(row.mean_ - row.actual) for row in rows.rename(columns={"mean": "mean_"}).itertuples()])
        assert found["by"]["step"]["mae"][0][names.index("CNN")][step - 1] == pytest.approx(mae, rel=1e-4)
    assert found["by"]["step"]["mase"][0][names.index("CNN")][2] is None
    assert found["unscaled"] == (table["step"] == 3).sum()


def test_report_without_any_forecast_still_tells_why(result):
    runs = result.runs.assign(error=MESSAGE)
    page = render(replace(result, table=pd.DataFrame(), runs=runs, curves=result.curves.iloc[:0]))
    assert page.count(f"Failed: {escape(MESSAGE)}") == len(runs) + len(NETWORKS) + len(BASELINES)
    assert "data-chart=" not in page


def test_stored_backtest_gives_the_same_page(result, tmp_path):
    baseline = result.runs["kind"] == "baseline"
    runs = result.runs.assign(best_epoch=result.runs["best_epoch"].where(~baseline))
    fields = {field.name: getattr(result, field.name) for field in dataclass_fields(Backtest)}
    backtest = Backtest(**fields | {"runs": runs, "health": result.health.replace({"unique_id": {SERIES[0]: "NA"}})})
    assert render(Backtest.load(backtest.save(tmp_path))) == render(backtest)


def test_write_replaces_the_file_whole_or_not_at_all(result, page, tmp_path, monkeypatch):
    path = write(result, tmp_path / "new" / "report.html")
    assert path.read_text(encoding="utf-8") == page

    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(make_result(seeds=(0,)), path)
    assert path.read_text(encoding="utf-8") == page
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


TRIAL = """
<script>
const trial = setInterval(() => {
  if (!document.body.dataset.ready) return;
  clearInterval(trial);
  const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));
  document.querySelectorAll(".chip input").forEach((box) => { box.checked = !box.checked; changed(box); });
  document.querySelectorAll("select").forEach((list) => { list.value = list.options.length - 1; changed(list); });
  document.querySelectorAll("[name=metric]").forEach((choice) => { choice.checked = true; changed(choice); });
  dispatchEvent(new Event("beforeprint"));
  dispatchEvent(new Event("afterprint"));
  const head = [...document.querySelectorAll("#leaderboard thead button")].find((head) => head.textContent === "MASE");
  head.click();
  head.click();
  document.body.dataset.order = [...document.querySelectorAll("#leaderboard tbody th")].map((cell) => cell.title);
}, 20);
</script>
"""


@pytest.mark.browser
def test_browser_draws_every_chart_and_obeys_every_control(result, page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page.replace("</body>", f"{TRIAL}</body>"), encoding="utf-8")
    dom, console = opened(path, tmp_path)
    assert console == []
    body = next(attrs for tag, attrs in Tags(dom).tags if tag == "body")
    assert body["data-drawn"] == body["data-charts"] == str(4 + len(NETWORKS))
    drawn = [attrs for _, attrs in Tags(dom).tags if "js-plotly-plot" in (attrs.get("class") or "")]
    assert len(drawn) == 4 + len(NETWORKS)
    assert "<b>Böse" not in dom
    assert "Wien %{x} 'Ost'</text>" in dom
    worst_first = result.leaderboard().sort_values("mase", ascending=False)["model"].tolist()
    assert body["data-order"] == ",".join(worst_first)
    assert f"{sorted(SERIES)[-1]}, forecast from 2021-12-01" in dom


@pytest.mark.browser
def test_browser_draws_single_steps_of_many_series_and_targets(tmp_path):
    many = make_result([f"s{number}" for number in range(25)], ("y", "z"), (0,), (0.1, 0.9), freq=1, horizon=1)
    dom, console = opened(write(many, tmp_path / "report.html"), tmp_path)
    assert console == []
    assert f'data-drawn="{4 + len(NETWORKS)}"' in dom
    assert 'class="trace boxes"' in dom


def opened(path, folder):
    """The page's DOM and its console messages after all charts are drawn, in a browser that reaches no network."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium installed")
    flags = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking dump-dom"
    flags += " disable-component-update disable-sync enable-logging=stderr v=0 virtual-time-budget=30000"
    command = [browser, *(f"--{flag}" for flag in flags.split()), "--host-resolver-rules=MAP * ~NOTFOUND"]
    command += [f"--user-data-dir={folder / 'profile'}", f"{path.as_uri()}?draw=all"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
