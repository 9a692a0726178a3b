"""HTML documents that need nothing else: a template, its style and script, and what is shown. What is shown is decided elsewhere.

Every value is made printable (`reports.plain.safe`) and escaped on its way into the document, which allows its own style and script by
their hashes, and nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from reports.plain import safe

TEMPLATES: Final = "templates"


def document(name: str, *, styles: tuple[str, ...], script: str = "", **values: object) -> str:
    """The template `<name>.html.j2` with these values; `styles` and `script` are files beside it. The template has `style`, `script`
    and their hashes (`style_hash`, `script_hash`) for its policy."""
    style = "".join(_asset(style) for style in styles)
    code = _asset(script) if script else ""
    return _template(name).render(
        style=Markup(style),  # noqa: S704 (a file of ours)
        script=Markup(code),  # noqa: S704 (a file of ours)
        style_hash=_hash(style),
        script_hash=_hash(code),
        **values,
    )


@cache
def _asset(name: str) -> str:
    return (files("reports") / TEMPLATES / name).read_text("utf-8")


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=DictLoader({name: _asset(f"{name}.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _printable(value: object) -> object:
    """What stands between the braces of the template: mark-up of ours as it is, texts in printable characters."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(text: str) -> str:
    """As a policy names what it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
