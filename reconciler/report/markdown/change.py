"""One change as Markdown, in the three forms that a section chooses from.

All data stands in code spans, in code blocks, or in `<code>` elements: so none of it is read as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reconciler.escape import as_code_block, as_code_span, for_html, for_terminal
from reconciler.phrases import format_count
from reconciler.report.markdown.fitting import Form
from reconciler.report.shorten import shorten_end, skip_to_difference
from reconciler.report.view import NOTHING, ChangeView, describe_origin, shorten_field
from reconciler.report.web import WebPages

_MAX_TEXT_CHARACTERS = 300
_MAX_LINE_CHARACTERS = 100
_MAX_FOLD_CHARACTERS = 60
_MAX_VALUE_CHARACTERS = 80
_VISIBLE_CHARACTERS = 60
"""Characters of a value that are visible without scrolling: lines of a code block are not wrapped."""
_MAX_ADDRESS_CHARACTERS = 500
_MAX_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Look:
    """How the changes of a section are shown.

    Args:
        is_open: whether the fields are visible without a click.
        shows_origin: whether each change says where it comes from; otherwise its section does.
        web: the web pages of the repository, for links to files.
    """

    is_open: bool
    shows_origin: bool
    web: WebPages | None = None


def make_change_forms(view: ChangeView, look: Look) -> Mapping[Form, Callable[[], str]]:
    """The forms of a change, each rendered on demand.

    Args:
        view: the change, shortened by `shorten_view`.
        look: how it is shown.
    """
    return {
        Form.WHOLE: partial(_render_open if look.is_open else _render_folded, view, look),
        Form.BRIEF: partial(_render_brief, view, look),
        Form.LINE: partial(_render_line, view),
    }


def format_code(text: str, longest: int = _MAX_TEXT_CHARACTERS) -> str:
    """A code span with at most `longest` characters of data."""
    return as_code_span(shorten_end(for_terminal(text), longest))


def render_fold(head: str, body: str) -> str:
    """Markdown that is folded away.

    Args:
        head: the visible line, HTML.
        body: what is shown below it after a click, Markdown.
    """
    return f"<details><summary>{head}</summary>\n\n{body}\n\n</details>\n\n"


def format_html_code(text: str, longest: int = _MAX_TEXT_CHARACTERS) -> str:
    """A `<code>` element with at most `longest` characters of data."""
    return f"<code>{for_html(shorten_end(for_terminal(text), longest))}</code>"


def _render_open(view: ChangeView, look: Look) -> str:
    block = as_code_block(_list_diff_lines(view), "diff")
    return (
        f"**{view.action}** {format_code(view.label)} · {_render_place_and_origin(view, look)}\n\n{block}\n\n"
    )


def _render_folded(view: ChangeView, look: Look, unlisted: int = 0) -> str:
    head = f"<b>{view.action}</b> {format_html_code(view.label)}"
    if gist := _describe_gist(view, [field.path for field in view.fields]):
        head += f" {format_html_code(gist, _MAX_FOLD_CHARACTERS)}"
    block = as_code_block(_list_diff_lines(view, unlisted), "diff")
    return render_fold(head, f"{_render_place_and_origin(view, look)}\n\n{block}")


def _render_brief(view: ChangeView, look: Look) -> str:
    """A change with its first fields only, and their values cut around the difference."""
    fields = tuple(shorten_field(field, _MAX_VALUE_CHARACTERS) for field in view.fields[:_MAX_FIELDS])
    return _render_folded(replace(view, fields=fields), look, len(view.fields) - len(fields))


def _render_line(view: ChangeView) -> str:
    text = _describe_gist(view, (field.path.partition(".")[0] for field in view.fields))
    gist = f": {format_code(text, _MAX_LINE_CHARACTERS)}" if text else ""
    place = format_code(view.place, _MAX_LINE_CHARACTERS)
    return f"- **{view.action}** {format_code(view.label, _MAX_LINE_CHARACTERS)}{gist} · {place}\n"


def _render_place_and_origin(view: ChangeView, look: Look) -> str:
    """The place of the manifest, its last commit and, where the section does not say it, the origin."""
    place = _render_place(view, look.web)
    brought = describe_origin(view if look.shows_origin else replace(view, origin=None))
    return f"{place} · {format_code(brought)}" if brought else place


def _render_place(view: ChangeView, web: WebPages | None) -> str:
    place = format_code(view.place)
    address = web.link_line(view.file, view.line) if web and view.file is not None else None
    return f"[{place}]({address})" if address and len(address) <= _MAX_ADDRESS_CHARACTERS else place


def _describe_gist(view: ChangeView, fields: Iterable[str]) -> str:
    """A change in a few words: its note, and the names of the fields that it updates."""
    names = ", ".join(dict.fromkeys(fields)) if view.action == "update" else ""
    return "; ".join(part for part in (view.note, names) if part)


def _list_diff_lines(view: ChangeView, unlisted: int = 0) -> Iterator[str]:
    """A change as the lines of a diff; a missing value has no line."""
    sign = "!" if view.action in {"conflict", "delete"} else "#"
    yield from (f"{sign} {text}" for text in (view.note, view.hint) if text)
    for field in view.fields:
        before, after = skip_to_difference(field.before or "", field.after, _VISIBLE_CHARACTERS)
        if field.before not in (None, NOTHING):
            yield f"- {field.path}: {before}"
        if field.after != NOTHING:
            yield f"+ {field.path}: {after}"
    if unlisted:
        yield f"# and {format_count(unlisted, 'more field')}"
