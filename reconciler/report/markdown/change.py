"""One change as Markdown, in each form that a section may show it in.

Whatever is data stands in code spans and code blocks, or, in the line of a fold, between `<code>` and its
end: no reader finds anything but text there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reconciler.escape import as_code_block, as_code_span, for_html, for_terminal
from reconciler.report.count import counted
from reconciler.report.markdown.fitting import Form
from reconciler.report.shorten import around_difference, near_difference, shortened
from reconciler.report.view import NOTHING, ChangeView, FieldView, brought_by
from reconciler.report.web import Web

_LONGEST_TEXT = 300
_LONGEST_IN_LINE = 100
_LONGEST_IN_FOLD = 60
_LONGEST_VALUE = 80
_SEEN = 60
"""Characters of a value that stand where nobody has to scroll: lines of a code block are not wrapped."""
_LONGEST_ADDRESS = 500
_MOST_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Manner:
    """How the changes of a section are shown.

    Args:
        is_open: whether what is shown as a whole can be read without a click.
        tells_origin: whether each change says where it comes from, because its section does not.
        web: where its file can be looked at.
    """

    is_open: bool
    tells_origin: bool
    web: Web | None = None


def change_forms(view: ChangeView, manner: Manner) -> Mapping[Form, Callable[[], str]]:
    """The forms of a change, each made when it is asked for; `view` is one of `brief_views`."""
    return {
        Form.WHOLE: partial(_opened if manner.is_open else _folded, view, manner),
        Form.BRIEF: partial(_brief, view, manner),
        Form.LINE: partial(_line, view),
    }


def code(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Data as a code span of at most so many characters."""
    return as_code_span(shortened(for_terminal(text), longest))


def folded(head: str, body: str) -> str:
    """Markdown that is shown below a line of HTML when that is opened."""
    return f"<details><summary>{head}</summary>\n\n{body}\n\n</details>\n\n"


def html_code(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Data as code in HTML, of at most so many characters."""
    return f"<code>{for_html(shortened(for_terminal(text), longest))}</code>"


def _opened(view: ChangeView, manner: Manner) -> str:
    block = as_code_block(_lines(view), "diff")
    return f"**{view.action}** {code(view.label)} · {_where(view, manner)}\n\n{block}\n\n"


def _folded(view: ChangeView, manner: Manner, unlisted: int = 0) -> str:
    head = f"<b>{view.action}</b> {html_code(view.label)}"
    if gist := _gist(view, [field.path for field in view.fields]):
        head += f" {html_code(gist, _LONGEST_IN_FOLD)}"
    return folded(head, f"{_where(view, manner)}\n\n{as_code_block(_lines(view, unlisted), 'diff')}")


def _brief(view: ChangeView, manner: Manner) -> str:
    """A change with its first fields only, and their values cut to where they differ."""
    fields = tuple(map(_brief_field, view.fields[:_MOST_FIELDS]))
    return _folded(replace(view, fields=fields), manner, len(view.fields) - len(fields))


def _line(view: ChangeView) -> str:
    text = _gist(view, (field.path.partition(".")[0] for field in view.fields))
    gist = f": {code(text, _LONGEST_IN_LINE)}" if text else ""
    place = code(view.place, _LONGEST_IN_LINE)
    return f"- **{view.action}** {code(view.label, _LONGEST_IN_LINE)}{gist} · {place}\n"


def _where(view: ChangeView, manner: Manner) -> str:
    """Where the manifest stands, who touched it last, and whose change it is where that has to be said."""
    place = _place(view, manner.web)
    brought = brought_by(view if manner.tells_origin else replace(view, origin=None))
    return f"{place} · {code(brought)}" if brought else place


def _place(view: ChangeView, web: Web | None) -> str:
    place = code(view.place)
    address = web.of_line(view.file, view.line) if web and view.file is not None else None
    return f"[{place}]({address})" if address and len(address) <= _LONGEST_ADDRESS else place


def _gist(view: ChangeView, fields: Iterable[str]) -> str:
    """What a change is about in a few words: its note, and the names of the fields that an update changes."""
    names = ", ".join(dict.fromkeys(fields)) if view.action == "update" else ""
    return "; ".join(part for part in (view.note, names) if part)


def _lines(view: ChangeView, unlisted: int = 0) -> Iterator[str]:
    """A change as a diff: what is not there on one side has no line on it."""
    sign = "!" if view.action in {"conflict", "delete"} else "#"
    yield from (f"{sign} {text}" for text in (view.note, view.hint) if text)
    for field in view.fields:
        before, after = near_difference(field.before or "", field.after, _SEEN)
        if field.before not in (None, NOTHING):
            yield f"- {field.path}: {before}"
        if field.after != NOTHING:
            yield f"+ {field.path}: {after}"
    if unlisted:
        yield f"# and {counted(unlisted, 'more field')}"


def _brief_field(field: FieldView) -> FieldView:
    path = shortened(field.path, _LONGEST_VALUE)
    if field.before is None:
        return FieldView(path, None, shortened(field.after, _LONGEST_VALUE))
    before, after = field.before, field.after
    if max(len(before), len(after)) > _LONGEST_VALUE:
        before, after = around_difference(before, after, 2 * _LONGEST_VALUE)
    return FieldView(path, before, after)
