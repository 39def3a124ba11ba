"""The report of a seeded, made-up backtest: complete, safe, self-contained, and drawn by a real browser."""

import json
import re
from dataclasses import fields as dataclass_fields
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from report_pages import BASELINES, MESSAGE, NETWORKS, SERIES, Tags, make_result, opened, unpacked

from forecast.report.charts import errors
from forecast.report.render import render, write
from forecast.report.styles import styles
from forecast.result import Backtest


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
    assert len(marked) == 2 * 5  # mase, rmsse, smape, mae, skill, on paper too; coverage has no best


def test_colours_do_not_depend_on_scores(result):
    turned = result.table.iloc[::-1]
    assert styles(result.runs, turned) == styles(result.runs, result.table)
    assert len({look.colour for look in styles(result.runs, result.table)}) == len(NETWORKS) + len(BASELINES)


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
    assert page.count(f"Failed: {escape(MESSAGE)}") == len(runs) + 2 * (len(NETWORKS) + len(BASELINES))
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
  location.hash = "#series=" + encodeURIComponent(document.querySelector("#data tbody:last-of-type th").title);
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
    assert body["data-drawn"] == body["data-charts"]
    assert int(body["data-charts"]) >= 5 + len(NETWORKS)
    drawn = [attrs for _, attrs in Tags(dom).tags if "js-plotly-plot" in (attrs.get("class") or "")]
    assert len(drawn) >= 4 + len(NETWORKS)
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
    body = next(attrs for tag, attrs in Tags(dom).tags if tag == "body")
    assert body["data-drawn"] == body["data-charts"]
    assert 'class="trace boxes"' in dom
