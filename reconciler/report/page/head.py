"""What stands above the changes of a page: what was read and asked, what to beware of, what moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.escape import for_html
from reconciler.planning.document import PlanDocument, Scope
from reconciler.report.count import format_count
from reconciler.report.shorten import shorten_end
from reconciler.report.view import (
    ALLOW_MASS_CHANGE,
    describe_left_alone,
    describe_orphan,
    explain_unknown_orphans,
)
from reconciler.report.web import WebPages

MAX_TEXT_CHARACTERS = 300
_MAX_NAMES = 10
_MAX_OPEN_ITEMS = 12


def render_link(address: str, content: str) -> str:
    """A link to another page; `content` is HTML."""
    return f'<a href="{for_html(address)}" rel="noreferrer">{content}</a>'


def render_code(text: str) -> str:
    """Data, in a length that a page can hold."""
    return f"<code>{for_html(shorten_end(text, MAX_TEXT_CHARACTERS))}</code>"


def render_facts(document: PlanDocument, web: WebPages | None) -> Iterator[str]:
    """A list of what was read, what was asked, by what, and the digest."""
    yield '<dl class="facts">'
    for name, content in _list_facts(document, web):
        yield f"<dt>{name}</dt><dd>{content}</dd>"
    yield "</dl>"


def _list_facts(document: PlanDocument, web: WebPages | None) -> Iterator[tuple[str, str]]:
    source, target = document.source, document.target
    if source.repository is not None:
        repository = render_code(source.repository)
        yield "Repository", render_link(web.repository, repository) if web else repository
    yield "Read", _render_read(document, web)
    if source.paths:
        yield "Paths", _render_names(source.paths)
    if source.base is not None:
        yield "Base", _render_commit(source.base, web)
    tenant = f", tenant {render_code(target.tenant)}" if target.tenant is not None else ""
    yield "Control plane", f"{render_code(target.host)}{tenant}, API {render_code(target.api)}"
    yield "Compared", _render_compared(document.scope)
    if source.defaults:
        yield "Defaults", _render_names(source.defaults)
    if others := describe_left_alone(document):
        yield "Left alone", for_html(others)
    if why := explain_unknown_orphans(document):
        yield "Orphans", for_html(why)
    yield "Made", _render_made(document)
    yield "Digest", f'<code class="digest">{for_html(document.digest)}</code>'


def _render_made(document: PlanDocument) -> str:
    when = document.made or ""
    at = f'<time datetime="{for_html(when)}">{for_html(when)}</time>, ' if when else ""
    return f"{at}by reconciler {render_code(document.tool_version)}"


def _render_read(document: PlanDocument, web: WebPages | None) -> str:
    source = document.source
    commit = _render_commit(source.commit, web) if source.commit is not None else ""
    if not source.in_work_tree:
        return f"commit {commit}"
    edited = ", whose manifests were edited" if source.is_dirty else ""
    return f"the work tree at {commit}{edited}" if commit else "the work tree, without a commit"


def _render_commit(commit: str, web: WebPages | None) -> str:
    address = web.link_commit(commit) if web else None
    return render_link(address, render_code(commit)) if address else render_code(commit)


def _render_compared(scope: Scope) -> str:
    left_out = f" ({scope.not_selected} more not selected)" if scope.not_selected else ""
    repos = f" in {_render_names(scope.ml_repos)}" if scope.ml_repos else ""
    return (
        f"{format_count(scope.manifests, 'manifest')}{left_out} with "
        f"{format_count(scope.rows, 'registered version')}{repos}"
    )


def _render_names(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(render_code, names[:_MAX_NAMES]))
    return f"{shown} and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else shown


def render_guard(document: PlanDocument) -> Iterator[str]:
    """What the guard says, if it says anything."""
    found = document.guard
    if not found.violations:
        return
    title = "Guard: nothing is applied" if found.blocks else "Guard: allowed all the same"
    yield f'<section class="guard" aria-labelledby="guard"><h2 id="guard">{title}</h2><ul>'
    yield from (f"<li>{for_html(violation)}</li>" for violation in found.violations)
    yield "</ul>"
    if found.blocks:
        yield f"<p>{for_html(ALLOW_MASS_CHANGE)}</p>"
    yield "</section>"


def render_promotions(document: PlanDocument) -> Iterator[str]:
    """The aliases that move."""
    texts = (str(promotion) for promotion in document.promotions)
    yield from _render_list("Promotions", texts, len(document.promotions))


def render_orphans(document: PlanDocument) -> Iterator[str]:
    """The registered versions that were declared once, and stay."""
    found = document.orphans.found
    yield from _render_list("Orphans", map(describe_orphan, found), len(found))


def render_diagnostics(document: PlanDocument) -> Iterator[str]:
    """The warnings about the manifests."""
    yield from _render_list("Warnings", map(str, document.diagnostics), len(document.diagnostics))


def _render_list(title: str, texts: Iterable[str], count: int) -> Iterator[str]:
    """A section of texts, closed where they are many; nothing where there is none."""
    if not count:
        return
    slug = title.lower()
    yield f'<section aria-labelledby="{slug}"><h2 id="{slug}">{title} <small>{count:,}</small></h2>'
    is_long = count > _MAX_OPEN_ITEMS
    yield f"<details><summary>All {count:,}</summary>" * is_long + '<ul class="plain">'
    yield from (f"<li>{render_code(text)}</li>" for text in texts)
    yield "</ul>" + "</details>" * is_long + "</section>"


def render_bar(counts: Mapping[str, int]) -> Iterator[str]:
    """The counts as a bar; picking a part of it leaves only what is counted there, also without a script."""
    total = sum(counts.values())
    yield '<div class="tools"><fieldset class="bar"><legend>Show</legend>'
    for name, count in {"all": total, **counts}.items():
        yield (
            f'<label class="{name}"><input type="radio" name="only" id="only-{name}" value="{name}"'
            f"{' checked' * (name == 'all')}><b>{count:,}</b> {name}</label>"
        )
    yield "</fieldset>"
    yield (
        '<div class="find scripted" hidden>'
        '<input type="search" id="find" aria-label="Search the changes" placeholder="Search, or press /" '
        'autocomplete="off" spellcheck="false">'
        '<button type="button" id="toggle">Open all</button><output id="told"></output></div></div>'
    )
