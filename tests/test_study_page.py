"""The page of made-up studies: complete, safe, self-contained, equal to its frames, and drawn by a real browser."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import study_pages
from markupsafe import escape
from report_pages import Tags, opened, unpacked
from study_pages import HOSTILE, activation, every, grid, hostile, learning_rate

from forecast.report.numbers import fixed, places
from forecast.report.sentences import sentences
from forecast.report.study_page import render_study, write_study
from forecast.report.study_view import looks


@pytest.fixture(scope="module")
def page():
    return render_study([learning_rate()], title="Learning rate")


def drawn(page):
    return json.loads(unpacked(page, "packed-data"))


def test_finding_stands_first_and_its_lead_sentence_stands_out(page):
    finding = learning_rate().finding
    assert f'<p class="lead">{finding[:40]}' in page
    assert page.index('id="finding"') < page.index('id="levels"') < page.index('id="by-level"')


def test_table_holds_every_level_its_spread_and_the_baseline(page):
    table = learning_rate().table
    shown = places(table["mse"].to_numpy())
    for _, row in table.iterrows():
        if not row["status"]:
            assert f"{fixed(row['mse'], shown)}" in page
    assert f"± {fixed(table['mse_spread'][0], shown)}" in page
    assert 'title="SeasonalNaive"' in page


def test_best_level_of_each_metric_is_marked(page):
    table = learning_rate().table
    board = page.partition('id="levels"')[2].partition("<details>")[0]
    assert f'best" data-sort="{table["mse"].min():.12g}"' in board
    assert f'best" data-sort="{table["r2"].max():.12g}"' in board
    assert board.count(' best"') == 2


def test_level_that_diverged_is_a_row_with_its_reason(page):
    assert "Diverged: the loss was not finite at epoch 3 of seed 1</span>" in page
    assert drawn(page)["studies"][0]["rows"]["status"][4].startswith("diverged")


def test_numbers_drawn_equal_the_frames(page):
    table = learning_rate().table
    study = drawn(page)["studies"][0]
    assert set(study["values"]) >= {*study_pages.METRICS, "train", "validation", "test", "fit_seconds", "parameters"}
    for name, values in study["values"].items():
        found = np.array([np.nan if value is None else value for value in values])
        np.testing.assert_allclose(found, table[name].to_numpy(np.float64), rtol=1e-6)
    assert study["factors"][0]["at"] == [0.01, 0.1, 0.5, 1.0, 10.0]
    assert [levels[0] for levels in study["rows"]["levels"]] == [0, 1, 2, 3, 4, -1]
    assert [metric["name"] for metric in study["metrics"]][:2] == ["mse", "r2"]


def test_losses_are_means_over_fits_and_a_fit_that_stopped_stays_at_its_last_loss():
    curves = pd.DataFrame(
        {"network": "MLP", "level": "lr=0.1", "seed": [0, 0, 0, 1], "fold": 0, "epoch": [0, 1, 2, 0]}
        | {"train_loss": [4.0, 2.0, 1.0, 8.0], "val_loss": [5.0, 3.0, 2.0, 7.0]}
    )
    study = drawn(render_study([replace(learning_rate(), curves=curves)], title=""))["studies"][0]
    assert study["curves"] == [
        {"row": 1, "model": 0, "fits": 2, "epoch": [0, 1, 2], "train": [6.0, 5.0, 4.5], "val": [6.0, 5.0, 4.5]}
    ]


def test_undefined_metrics_are_told_below_the_table_that_has_them():
    view = learning_rate()
    said = "msle: 3 rows with a negative actual or forecast; r2: constant actuals"
    page = render_study([replace(view, table=view.table.assign(undefined=[said, *[""] * 5]))], title="")
    first, _, rest = page.partition('id="levels"')[2].partition("<details>")
    assert "Not defined: r2: constant actuals." in first
    assert "Not defined: msle: 3 rows with a negative actual or forecast." in rest


def test_sentences_of_a_finding_stand_apart_up_to_its_doubts():
    told = "A is best. B is not. Keep in mind: C failed: no rows. Add some; D is slow."
    assert sentences(told, apart=True) == [
        "A is best.",
        "B is not.",
        "Keep in mind: C failed: no rows. Add some; D is slow.",
    ]
    assert sentences("", apart=True) == [""]


def test_names_of_people_are_escaped_everywhere():
    page = render_study([hostile(), hostile()], title=HOSTILE)
    assert HOSTILE not in page
    assert str(escape(HOSTILE)) in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert 'href="javascript%3A' in page
    assert drawn(page)["studies"][0]["title"] == HOSTILE


@pytest.mark.parametrize("view", [learning_rate(), hostile(), grid()])
def test_page_asks_nothing_from_outside(view):
    page = render_study([view], title="one")
    links = [value for _, attrs in Tags(page).tags for key, value in attrs.items() if key in ("src", "href", "srcset")]
    assert links
    assert all(link.startswith("#") or link == "backtest.html" or link.startswith("javascript%3A") for link in links)
    assert "url(" not in page
    assert "@import" not in page
    assert """content="default-src 'none';""" in page


def test_many_studies_are_listed_with_what_each_found_in_their_order():
    studies = every()
    page = render_study(studies, title="Every study")
    contents = page.partition('class="contents"')[2].partition("</ol>")[0]
    places = [contents.index(f">{view.title}</a>") for view in studies[:-1]]
    assert places == sorted(places)
    assert "A learning rate of 0.1 is best" in contents
    ids = [attrs["id"] for _, attrs in Tags(page).tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert len(page.encode()) < 3_000_000


def test_a_network_has_one_colour_on_the_whole_page():
    styles = looks(every())
    assert len({look.name for look in styles}) == len(styles)
    assert next(look for look in styles if look.name == "SeasonalNaive").kind == "baseline"


def test_equal_studies_give_equal_pages_written_whole(page, tmp_path):
    write_study([learning_rate()], tmp_path / "new" / "report.html", title="Learning rate")
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == page
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["report.html"]


def test_study_without_any_row_says_its_finding_and_draws_nothing():
    view = learning_rate()
    page = render_study([replace(view, table=view.table.iloc[:0], curves=view.curves.iloc[:0])], title="none")
    assert "data-chart=" not in page
    assert "A learning rate of 0.1 is best" in page


def made_of(view, rows):
    return replace(view, table=view.table[rows(view.table)].reset_index(drop=True))


AWKWARD = {
    "one level": made_of(learning_rate(), lambda table: table["level"] == "lr=0.1"),
    "one name": made_of(activation(), lambda table: table["level"] == "activation=tanh"),
    "all diverged": made_of(learning_rate(("MLP", "CNN")), lambda table: table["status"] != ""),
    "baselines only": made_of(learning_rate(), lambda table: table["level"] == ""),
    "no losses": replace(learning_rate(), curves=pd.DataFrame()),
    "names": activation(),
    "grid": grid(),
    "networks as levels": study_pages.architecture(),
    "growth": study_pages.data_size(),
    "hostile": hostile(),
    "many": study_pages.regularisation(),
}

TRIAL = """
<script>
const trial = setInterval(async () => {
  if (!document.body.dataset.ready) return;
  clearInterval(trial);
  const changed = (element) => element.dispatchEvent(new Event("change", { bubbles: true }));
  const titles = [];
  document.querySelectorAll("select").forEach((list) => {
    list.value = list.options.length - 1;
    changed(list);
    titles.push(document.querySelector("[data-chart=level]")?.previousElementSibling.textContent);
  });
  document.body.dataset.titles = titles.join("|");
  document.querySelectorAll(".chips").forEach((chips) => {
    const box = chips.querySelector("input");
    box.checked = !box.checked;
    changed(box);
  });
  const files = [];
  URL.createObjectURL = (blob) => { files.push(blob.text()); return "#"; };
  HTMLAnchorElement.prototype.click = () => {};
  document.querySelectorAll("button.csv").forEach((button) => button.click());
  document.body.dataset.heads = (await Promise.all(files)).map((text) => text.split("\\r\\n")[0]).join("|");
  document.querySelectorAll("thead button").forEach((head) => head.click());
  dispatchEvent(new Event("beforeprint"));
  const shown = (element) => getComputedStyle(element).display !== "none";
  document.body.dataset.paper = [...document.querySelectorAll("main > section")].every(shown);
  dispatchEvent(new Event("afterprint"));
}, 20);
</script>
"""


@pytest.mark.browser
def test_browser_draws_every_figure_and_obeys_every_control(tmp_path):
    path = tmp_path / "page.html"
    views = [learning_rate(), *AWKWARD.values()]
    path.write_text(render_study(views, title="All").replace("</body>", f"{TRIAL}</body>"), encoding="utf-8")
    dom, console = opened(path, tmp_path)
    tags = Tags(dom).tags
    body = next(attrs for tag, attrs in tags if tag == "body")
    assert console == []
    assert body["data-drawn"] == body["data-charts"]
    assert int(body["data-charts"]) > 30
    drawn = [attrs for _, attrs in tags if "js-plotly-plot" in (attrs.get("class") or "")]
    assert len(drawn) == int(body["data-charts"])
    heads = body["data-heads"].split("|")
    assert len(heads) == int(body["data-charts"])
    assert "network,lr,explained_variance,explained_variance_spread,status" in heads
    assert body["data-titles"].split("|")[0] == "Explained variance by lrCSV"
    assert body["data-paper"] == "true"
    assert "<b>&amp;" not in dom.replace("&lt;b>", "")
