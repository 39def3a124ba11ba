"""The report's own files: templates, styles and scripts, each kind of them one text in the page."""

from importlib.resources import files

import jinja2

_STYLES = ("page", "tables", "charts", "phone", "print")
# page.js starts it all
_SCRIPTS = (
    *("look", "unpack", "download", "fan", "series", "errors", "training"),
    *("significance", "calibration", "breakdowns", "cost", "print", "page"),
)


def template(name: str) -> jinja2.Template:
    """The template of this name; whatever a person's data say is escaped, a name that nobody gave is an error."""
    return _environment().get_template(name)


def stylesheet() -> str:
    """All styles."""
    return "\n".join(_text(f"css/{name}.css") for name in _STYLES)


def javascript() -> str:
    """All scripts in one function, so that they share their names with each other and with nobody else."""
    return "\n".join(['"use strict";', "(() => {", *(_text(f"js/{name}.js") for name in _SCRIPTS), "})();"])


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
