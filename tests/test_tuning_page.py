"""The page of made-up tunings: verdict first, every trial, equal to its frames, and drawn by a real browser."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from report_pages import Tags, opened, unpacked
from tuning_pages import nested, trials, tuning

from forecast.report.tuning_page import render_tuning, write_tuning

HOSTILE = "</script><script>alert('1')</script> \"<b>&"


@pytest.fixture(scope="module")
def page():
    return render_tuning(tuning(nested=nested()))


def drawn(page):
    return json.loads(unpacked(page, "packed-data"))["tuning"]


def test_verdict_stands_first_then_tuned_against_untuned_then_trials(page):
    order = [page.index(f'id="{name}"') for name in ("verdict", "outer", "nested", "search", "trials", "configuration")]
    assert order == sorted(order)
    assert '<p class="lead">Tuning helped' in page
    assert "best" in page.partition("LSTM tuned</th>")[2].partition("</td>")[0]


def test_trials_of_every_state_are_rows_with_their_reasons(page):
    table = page.partition('id="trials"')[2]
    rows = trials()
    assert table.count("<tbody") == len(rows)
    assert f"Failed: {escape(rows['note'][4])}" in table
    assert table.count("Stopped after 4 of 32 epochs") == (rows["state"] == "pruned").sum()
    best = rows.loc[rows["state"] == "complete", "value"].min()
    assert f'best" data-sort="{best:.12g}"' in table
    assert table.count(' best"') == 1


def test_numbers_drawn_equal_the_frame(page):
    rows, found = trials(), drawn(page)
    values = np.array([np.nan if value is None else value for value in found["values"]])
    np.testing.assert_allclose(values, rows["value"], rtol=1e-6)
    so_far = [np.nanmin(rows["value"][: end + 1]) for end in range(len(rows))]
    np.testing.assert_allclose(found["best"], so_far, rtol=1e-6)
    options = {option["name"]: option for option in found["options"]}
    assert list(options) == ["lr", "hidden_size", "activation", "clip"]
    np.testing.assert_allclose(options["lr"]["at"], rows["lr"], rtol=1e-6)
    assert options["lr"]["log"]
    assert [options["activation"]["texts"][at] for at in options["activation"]["at"]] == rows["activation"].tolist()
    assert options["clip"]["texts"] == ["False", "True"]


def test_best_so_far_follows_a_metric_of_which_more_is_better():
    found = drawn(render_tuning(tuning(metric="r2")))
    rows = trials()
    np.testing.assert_allclose(
        found["best"], [np.nanmax(rows["value"][: end + 1]) for end in range(len(rows))], rtol=1e-6
    )


def test_best_configuration_stands_beside_the_untuned_one(page):
    table = page.partition("The best trial<")[2].partition("</table>")[0]
    assert "0.004" in table
    assert f"{trials()['lr'][0]:.4g}" in table


def test_names_of_people_are_escaped_and_nothing_is_asked_from_outside():
    rows = trials().rename(columns={"lr": HOSTILE}).assign(activation=HOSTILE, note=HOSTILE)
    texts = {"title": HOSTILE, "verdict": HOSTILE, "config": HOSTILE, "provenance": {HOSTILE: HOSTILE}}
    importance = pd.DataFrame({"parameter": [HOSTILE], "importance": [1.0]})
    outer = tuning().outer.assign(model=[HOSTILE, "b", "c"])
    page = render_tuning(tuning(trials=rows, importance=importance, best={HOSTILE: HOSTILE}, outer=outer, **texts))
    assert HOSTILE not in page
    assert "<b>" not in page
    assert str(escape(HOSTILE)) in page
    links = [value for _, attrs in Tags(page).tags for key, value in attrs.items() if key in ("src", "href", "srcset")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert """content="default-src 'none';""" in page


def test_equal_tunings_give_equal_pages_written_whole(page, tmp_path):
    write_tuning(tuning(nested=nested()), tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == page
    assert len(page.encode()) < 3_000_000


def awkward():
    view, rows = tuning(), trials()
    return {
        "as it is": replace(view, nested=nested()),
        "one trial": replace(view, trials=rows.iloc[:1], importance=view.importance.iloc[:0]),
        "none complete": replace(view, trials=rows[rows["state"] != "complete"], outer=view.outer.iloc[:0]),
        "no trial": replace(view, trials=rows.iloc[:0], importance=pd.DataFrame(), outer=pd.DataFrame(), best={}),
        "one option": replace(view, trials=rows.drop(columns=["hidden_size", "activation", "clip"])),
        "no option": replace(view, trials=rows.drop(columns=["lr", "hidden_size", "activation", "clip"])),
        "conditional": replace(view, trials=rows.assign(lr=rows["lr"].where(rows["number"] % 2 == 0))),
        "all alike": replace(view, trials=rows.assign(value=1.0, lr=0.1)),
    }


@pytest.mark.parametrize("name", awkward())
def test_page_of_an_awkward_tuning_is_made(name):
    assert "Tuning helped" in render_tuning(awkward()[name])


TRIAL = """
<script>
const trial = setInterval(async () => {
  if (!document.body.dataset.ready) return;
  clearInterval(trial);
  const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));
  const count = () => document.querySelectorAll("[data-chart=parallel] .scatterlayer .trace").length;
  const before = count();
  document.querySelectorAll("select").forEach((list) => { list.value = list.options.length - 1; changed(list); });
  document.body.dataset.lines = `${before} ${count()}`;
  const files = [];
  URL.createObjectURL = (blob) => { files.push(blob.text()); return "#"; };
  HTMLAnchorElement.prototype.click = () => {};
  document.querySelectorAll("button.csv").forEach((button) => button.click());
  document.body.dataset.heads = (await Promise.all(files)).map((text) => text.split("\\r\\n")[0]).join("|");
  document.querySelectorAll("thead button").forEach((head) => head.click());
  dispatchEvent(new Event("beforeprint"));
  dispatchEvent(new Event("afterprint"));
}, 20);
</script>
"""


@pytest.mark.browser
@pytest.mark.parametrize(
    "name", ["conditional", *(pytest.param(name, marks=pytest.mark.slow) for name in ("as it is", "no trial"))]
)
def test_browser_draws_every_figure_and_obeys_every_control(name, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(render_tuning(awkward()[name]).replace("</body>", f"{TRIAL}</body>"), encoding="utf-8")
    dom, console = opened(path, tmp_path)
    body = next(attrs for tag, attrs in Tags(dom).tags if tag == "body")
    assert console == []
    assert body.get("data-drawn", "0") == body["data-charts"]
    assert len(body["data-heads"].split("|")) == max(int(body["data-charts"]), 1)
    if name == "as it is":
        complete = int((trials()["state"] == "complete").sum())
        assert body["data-lines"] == f"{complete} {int(np.ceil(complete / 10))}"
        assert "number,state,mase,best_so_far,note" in body["data-heads"]
        assert "number,lr,hidden_size,activation,clip,mase" in body["data-heads"]
