"""What stands above the changes of a page: what was read and asked, what to beware of, what moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.escape import for_html
from reconciler.planning.document import PlanDocument, Scope
from reconciler.report.count import counted
from reconciler.report.shorten import shortened
from reconciler.report.view import ALLOW_MASS_CHANGE, left_alone, orphan_text, unknown_orphans
from reconciler.report.web import Web

LONGEST_TEXT = 300
_MOST_NAMES = 10
_MOST_OPEN = 12


def link(address: str, content: str) -> str:
    """A link to another page; `content` is HTML."""
    return f'<a href="{for_html(address)}" rel="noreferrer">{content}</a>'


def code(text: str) -> str:
    """Data, in a length that a page can hold."""
    return f"<code>{for_html(shortened(text, LONGEST_TEXT))}</code>"


def facts(document: PlanDocument, web: Web | None) -> Iterator[str]:
    """A list of what was read, what was asked, by what, and the digest."""
    yield '<dl class="facts">'
    for name, content in _facts(document, web):
        yield f"<dt>{name}</dt><dd>{content}</dd>"
    yield "</dl>"


def _facts(document: PlanDocument, web: Web | None) -> Iterator[tuple[str, str]]:
    source, target = document.source, document.target
    if source.repository is not None:
        repository = code(source.repository)
        yield "Repository", link(web.repository, repository) if web else repository
    yield "Read", _read(document, web)
    if source.paths:
        yield "Paths", _names(source.paths)
    if source.base is not None:
        yield "Base", _commit(source.base, web)
    tenant = f", tenant {code(target.tenant)}" if target.tenant is not None else ""
    yield "Control plane", f"{code(target.host)}{tenant}, API {code(target.api)}"
    yield "Compared", _compared(document.scope)
    if source.defaults:
        yield "Defaults", _names(source.defaults)
    if others := left_alone(document):
        yield "Left alone", for_html(others)
    if why := unknown_orphans(document):
        yield "Orphans", for_html(why)
    yield "Made", _made(document)
    yield "Digest", f'<code class="digest">{for_html(document.digest)}</code>'


def _made(document: PlanDocument) -> str:
    when = document.made or ""
    at = f'<time datetime="{for_html(when)}">{for_html(when)}</time>, ' if when else ""
    return f"{at}by reconciler {code(document.tool_version)}"


def _read(document: PlanDocument, web: Web | None) -> str:
    source = document.source
    commit = _commit(source.commit, web) if source.commit is not None else ""
    if not source.in_work_tree:
        return f"commit {commit}"
    edited = ", whose manifests were edited" if source.is_dirty else ""
    return f"the work tree at {commit}{edited}" if commit else "the work tree, without a commit"


def _commit(commit: str, web: Web | None) -> str:
    address = web.of_commit(commit) if web else None
    return link(address, code(commit)) if address else code(commit)


def _compared(scope: Scope) -> str:
    left_out = f" ({scope.not_selected} more not selected)" if scope.not_selected else ""
    repos = f" in {_names(scope.ml_repos)}" if scope.ml_repos else ""
    return (
        f"{counted(scope.manifests, 'manifest')}{left_out} with "
        f"{counted(scope.rows, 'registered version')}{repos}"
    )


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(code, names[:_MOST_NAMES]))
    return f"{shown} and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else shown


def guard(document: PlanDocument) -> Iterator[str]:
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


def promotions(document: PlanDocument) -> Iterator[str]:
    """The aliases that move."""
    texts = (str(promotion) for promotion in document.promotions)
    yield from _listed("Promotions", texts, len(document.promotions))


def orphans(document: PlanDocument) -> Iterator[str]:
    """The registered versions that were declared once, and stay."""
    found = document.orphans.found
    yield from _listed("Orphans", map(orphan_text, found), len(found))


def diagnostics(document: PlanDocument) -> Iterator[str]:
    """The warnings about the manifests."""
    yield from _listed("Warnings", map(str, document.diagnostics), len(document.diagnostics))


def _listed(title: str, texts: Iterable[str], count: int) -> Iterator[str]:
    """A section of texts, closed where they are many; nothing where there is none."""
    if not count:
        return
    slug = title.lower()
    yield f'<section aria-labelledby="{slug}"><h2 id="{slug}">{title} <small>{count:,}</small></h2>'
    is_long = count > _MOST_OPEN
    yield f"<details><summary>All {count:,}</summary>" * is_long + '<ul class="plain">'
    yield from (f"<li>{code(text)}</li>" for text in texts)
    yield "</ul>" + "</details>" * is_long + "</section>"


def bar(counts: Mapping[str, int]) -> Iterator[str]:
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
