"""The page for a person: what is registered and how it came to be, as one HTML text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from reconciler.registry.documents import drop_internal_metadata
from reconciler.registry.overview import Event, Overview, SeenArtifact, SeenMlRepo, SeenVersion

_STYLE = f"\n{files(__package__).joinpath('style.css').read_text(encoding='utf-8')}"
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page runs and fetches nothing; only its own style sheet, known by its hash, has an effect."""

_OPEN_BELOW_ARTIFACTS = 12
_MAX_METADATA_CHARACTERS = 2000

# Control characters but line ends, and Unicode's Default_Ignorable_Code_Point, which reorders text or hides
# in it; but for the two that say how to draw the pictograph before them.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def render_page(overview: Overview) -> bytes:
    """Return the page as UTF-8; artifacts are open while there are few."""
    counts = (
        f"{_pluralise(len(overview.ml_repos), 'ML repo')}, {_pluralise(overview.artifacts, 'artifact')},"
        f" {_pluralise(overview.versions, 'version')}. Times are UTC."
    )
    is_open = overview.artifacts < _OPEN_BELOW_ARTIFACTS
    body = "".join(_render_ml_repo(ml_repo, is_open=is_open) for ml_repo in overview.ml_repos)
    note = (
        ""
        if overview.is_complete
        else "<p class=note>Only the artifacts and versions written last are shown.</p>"
    )
    empty = "" if overview.ml_repos else "<p class=note>Nothing is registered yet.</p>"
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Registry</title>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><body><h1>Registry</h1><p>{counts}</p>{note}{empty}{body}</body></html>\n"
    )
    return page.encode()


def _render_ml_repo(ml_repo: SeenMlRepo, *, is_open: bool) -> str:
    about = f"<p>{_escape(ml_repo.description)}</p>" if ml_repo.description else ""
    artifacts = "".join(_render_artifact(artifact, is_open=is_open) for artifact in ml_repo.artifacts)
    return f"<section><h2>{_escape(ml_repo.name)}</h2>{about}{artifacts or '<p>No artifacts.</p>'}</section>"


def _render_artifact(artifact: SeenArtifact, *, is_open: bool) -> str:
    shown = sum(1 for version in artifact.versions if version.registered)
    left_out = artifact.registered - shown
    older = f"<p class=note>{_pluralise(left_out, 'version')} not shown.</p>" if left_out else ""
    rows = "".join(map(_render_version, artifact.versions))
    return (
        f"<details class=artifact{' open' * is_open}><summary>{_format_time(artifact.updated_at)}"
        f"<b>{_escape(artifact.name)}</b>"
        f"<span class=count>{_pluralise(artifact.registered, 'version')}</span>"
        "</summary><div class=wide><table><thead><tr><th>Version<th>Alias<th>Description<th>Source<th>Tags"
        f"<th>Updated</thead><tbody>{rows}</tbody></table></div>{older}</details>"
    )


def _render_version(version: SeenVersion) -> str:
    history = _render_history(version.history)
    if version.registered is None:
        return (
            f"<tr><td class=number>{version.number}<td colspan=4 class=gone>deleted"
            f"<td class=when>{_format_time(version.history[0].at)}{history}"
        )
    manifest = drop_internal_metadata(version.registered.manifest)
    return (
        f"<tr><td class=number>{version.number}"
        f"<td class=alias>{_render_chips([manifest.get('version_alias')])}"
        f"<td class=said>{_escape(manifest.get('description', ''))}{_render_metadata(manifest['metadata'])}"
        f"<td><code>{_render_uri(manifest['source'].get('uri', 'managed'))}</code>"
        f"<td class=tags>{_render_chips(version.registered.tags, 'chip tag')}"
        f"<td class=when>{_format_time(version.registered.updated_at)}{history}"
    )


def _render_metadata(metadata: dict[str, Any]) -> str:
    if not metadata:
        return ""
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    shown = text if len(text) <= _MAX_METADATA_CHARACTERS else text[:_MAX_METADATA_CHARACTERS] + " …"
    return f"<details class=history><summary>metadata</summary><pre>{_escape(shown)}</pre></details>"


def _render_history(events: tuple[Event, ...]) -> str:
    items = "".join(
        f"<li>{_format_time(event.at)} <b>{_escape(event.kind)}</b> {_escape(event.detail)}"
        for event in events
    )
    count = _pluralise(len(events), "event")
    return f"<details class=history><summary>{count}</summary><ol>{items}</ol></details>"


def _render_chips(texts: Iterable[str | None], kind: str = "chip") -> str:
    return "".join(f'<span class="{kind}">{_escape(text)}</span>' for text in texts if text)


def _escape(text: str) -> str:
    """Show a text as it is, and as an escape what nobody would see of it."""
    return escape(_UNSEEN.sub(lambda match: ascii(match.group())[1:-1], text))


def _render_uri(uri: str) -> str:
    """Show a URI that breaks after a slash, where it must."""
    return _escape(uri).replace("/", "/<wbr>")


def _format_time(at: str) -> str:
    """Show a time to the second."""
    return f"<time datetime={at}>{at[:10]} {at[11:19]}</time>"


def _pluralise(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
