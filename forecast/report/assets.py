"""The pages' own files: templates, styles and scripts, each kind of them one text in the page."""

from importlib.resources import files

import jinja2

_STYLES = ("page", "tables", "charts", "phone", "print")
# of every page: what its charts are made of stands before its own scripts, what starts it all comes last
_FIRST, _LAST = ("look", "unpack", "download"), ("print", "page")
_SCRIPTS = {
    "backtest": (
        *("blocks", "fan", "series", "errors", "training"),
        *("significance", "calibration", "breakdowns", "cost", "backtest"),
    ),
    "study": ("axis", "levels", "learnt", "grids", "study"),
    "tuning": ("axis", "tuning"),
}


def template(name: str) -> jinja2.Template:
    """The template of this name; whatever a person's data say is escaped, a name that nobody gave is an error."""
    return _environment().get_template(name)


def stylesheet(*more: str) -> str:
    """The styles of all pages, then ``more`` of one kind of page."""
    return "\n".join(_text(f"css/{name}.css") for name in (*_STYLES, *more))


def javascript(page: str) -> str:
    """All scripts of that kind of page in one function, so that they share their names with each other only."""
    names = (*_FIRST, *_SCRIPTS[page], *_LAST)
    return "\n".join(['"use strict";', "(() => {", *(_text(f"js/{name}.js") for name in names), "})();"])


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("forecast.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    return files("forecast.report").joinpath(name).read_text(encoding="utf-8")
