"""What a person can do in the page: open a series by link, take a figure's numbers along, print two pages."""

import pytest
from report_pages import Tags, make_result, opened

from forecast.report.render import render

TRIAL = """
<script>
const trial = setInterval(async () => {
  if (!document.body.dataset.ready) return;
  clearInterval(trial);
  const files = [];
  URL.createObjectURL = (blob) => { files.push(blob.text()); return "#"; };
  HTMLAnchorElement.prototype.click = () => {};
  document.querySelectorAll("button.csv").forEach((button) => button.click());
  document.body.dataset.heads = (await Promise.all(files)).map((text) => text.split("\\r\\n")[0]).join("|");
  document.querySelector("#data tbody:nth-of-type(7) a").dispatchEvent(new MouseEvent("click", { bubbles: true }));
  location.hash = "#series=s07";
  setTimeout(() => {
    document.body.dataset.found = document.getElementById("find-series").value;
    dispatchEvent(new Event("beforeprint"));
    const shown = (element) => getComputedStyle(element).display !== "none";
    document.body.dataset.paper = [...document.querySelectorAll("main > *")].filter(shown).map((element) => element.id);
    dispatchEvent(new Event("afterprint"));
    document.body.dataset.screen = shown(document.getElementById("summary"));
  }, 500);
}, 20);
</script>
"""


@pytest.mark.browser
def test_figures_give_their_numbers_links_open_a_series_and_paper_shows_the_summary(tmp_path):
    result = make_result([f"s{number:02d}" for number in range(9)], seeds=(0,))
    path = tmp_path / "report.html"
    path.write_text(render(result).replace("</body>", f"{TRIAL}</body>"), encoding="utf-8")
    dom, console = opened(path, tmp_path)
    body = next(attrs for tag, attrs in Tags(dom).tags if tag == "body")
    heads = body["data-heads"].split("|")
    assert console == []
    assert len(heads) == int(body["data-charts"])
    assert "model,metric,value,low,high" in heads
    assert "model,mean_rank,low,high,beaten" in heads
    assert "ds,y,Linear,Linear-lo-80,Linear-hi-80,SeasonalNaive,SeasonalNaive-lo-80,SeasonalNaive-hi-80" in heads
    assert body["data-found"] == "s07"
    assert "s07, forecast from" in dom
    assert (body["data-paper"], body["data-screen"]) == ("summary", "false")


@pytest.mark.browser
def test_summary_is_two_pages_on_paper(tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render(make_result(seeds=(0,))), encoding="utf-8")
    file = tmp_path / "report.pdf"
    opened(path, tmp_path, f"--print-to-pdf={file}", "--no-pdf-header-footer")
    assert file.read_bytes().count(b"/Type /Page\n") == 2
