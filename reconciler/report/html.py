"""A plan as one HTML page that runs, fetches and links to nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator

from reconciler.plan.change import Plan
from reconciler.report.escape import for_html
from reconciler.report.page_style import STYLE
from reconciler.report.view import NOTHING, ChangeView, FieldView, brief_views, headline, left_alone, summary

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
_HEAD = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Plan: {{title}}</title>
<style>{STYLE.replace("{", "{{").replace("}", "}}")}</style>
</head>
<body>"""


def plan_page(plan: Plan) -> Iterator[str]:
    """A plan, line by line: counts, where, what is in conflict, every other change, promotions."""
    yield _HEAD.format(title=for_html(summary(plan)))
    yield "<h1>Plan</h1>"
    yield f'<p class="where"><code>{for_html(headline(plan))}</code></p>'
    yield '<ul class="counts">'
    for action, count in plan.counts.items():
        yield f'<li class="{action}{" none" * (count == 0)}"><b>{count}</b> {action}</li>'
    yield "</ul>"
    views = list(brief_views(plan))
    yield from _section("Conflicts", (view for view in views if view.action == "conflict"))
    yield from _section("Changes", (view for view in views if view.action != "conflict"))
    if plan.promotions:
        yield '<h2>Promotions</h2>\n<ul class="promotions">'
        for promotion in plan.promotions:
            yield f"<li><code>{for_html(str(promotion))}</code></li>"
        yield "</ul>"
    if not plan.changes:
        yield "<p>Nothing to do: everything declared is registered as declared.</p>"
    if others := left_alone(plan):
        yield f'<p class="faint">Left alone: {for_html(others)}.</p>'
    yield "</body>\n</html>"


def _section(title: str, views: Iterable[ChangeView]) -> Iterator[str]:
    for number, view in enumerate(views):
        if number == 0:
            yield f"<h2>{title}</h2>"
        yield f'<article class="{view.action}">'
        yield f"<h3><b>{view.action}</b> <code>{for_html(view.label)}</code></h3>"
        yield f'<p class="place"><code>{for_html(view.place)}</code></p>'
        yield from (f'<p class="note">{for_html(text)}</p>' for text in (view.note, view.hint) if text)
        yield from _table(view)
        yield "</article>"


def _table(view: ChangeView) -> Iterator[str]:
    sides = {"create": ("Value",), "conflict": ("Registered", "Declared")}.get(
        view.action, ("Before", "After")
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Field", *sides))
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>"
    for field in view.fields:
        yield f'<tr><th scope="row">{for_html(field.path)}</th>{_cells(field)}</tr>'
    yield "</tbody>\n</table>"


def _cells(field: FieldView) -> str:
    sides = (
        [("after", field.after)]
        if field.before is None
        else [("before", field.before), ("after", field.after)]
    )
    return "".join(
        f'<td class="{"none" if value == NOTHING else side}">{for_html(value)}</td>' for side, value in sides
    )
