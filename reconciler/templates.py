"""Render HTML pages from Jinja templates; every value in them is escaped by `escape.for_html`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reconciler.escape import for_html

if TYPE_CHECKING:
    from jinja2 import Environment


def read_asset(package: str, name: str) -> str:
    """A style sheet, script or template that lies beside the modules of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def render_template(package: str, name: str, **values: Any) -> Iterator[str]:
    """The lines of a page, rendered while they are read; values may be iterators.

    Lines are given whole, as a secret that is cut in two could not be found in them and redacted.

    Args:
        package: the package that holds the template.
        name: the template's file name.
        values: by the names that the template uses.
    """
    pieces: list[str] = []
    for piece in _load_environment(package).get_template(name).generate(**values):
        pieces.append(piece)
        if "\n" in piece:
            *lines, last = "".join(pieces).split("\n")
            yield from lines
            pieces = [last]
    if last := "".join(pieces):
        yield last


@cache
def _load_environment(package: str) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  only pages need them
    from markupsafe import Markup  # noqa: PLC0415  as above

    def escape(value: Any) -> str:
        return value if isinstance(value, Markup) else for_html(str(value))

    # Escaped is what `finalize` is given: each value of a template, but for those marked as `safe`. With
    # `autoescape` it would be escaped by other rules as well, which takes as long as all the rest of a page.
    return Environment(  # noqa: S701  as above
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        loader=FunctionLoader(lambda name: read_asset(package, name)),
    )
