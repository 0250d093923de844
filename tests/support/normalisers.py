"""Servers that do not store what they are sent: each rewrites a document in one way.

There are settings for the known ones, or they change no value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.states import Document

Normalise: TypeAlias = Callable[[Document], Document]


def integers_as_floats(document: Document) -> Document:
    """Of metadata: the other numbers of a manifest have a type of their own."""
    return _of_metadata(document, lambda value: float(value) if _is_integer(value) else value)


def floats_as_integers(document: Document) -> Document:
    """Those that are whole."""
    return _of_metadata(
        document, lambda value: int(value) if isinstance(value, float) and value.is_integer() else value
    )


def nulls_dropped(document: Document) -> Document:
    """From mappings, at any depth."""
    return _of_metadata(document, _without_nulls)


def texts_trimmed(document: Document) -> Document:
    """Everywhere, keys left alone."""
    return {field: _everywhere(value, _trimmed) for field, value in document.items()}


def keys_reordered(document: Document) -> Document:
    """From the last to the first."""
    return {field: _everywhere(value, _reversed) for field, value in sorted(document.items(), reverse=True)}


def all_of_these(document: Document) -> Document:
    """One after another."""
    for normalise in (nulls_dropped, texts_trimmed, floats_as_integers, keys_reordered):
        document = normalise(document)
    return document


def description_in_lower_case(document: Document) -> Document:
    """No server is known to do so."""
    if "description" not in document:
        return document
    return {**document, "description": document["description"].lower()}


def lists_sorted(document: Document) -> Document:
    """No server is known to do so."""
    return _of_metadata(document, lambda value: sorted(value) if isinstance(value, list) else value)


KNOWN: tuple[Normalise, ...] = (
    integers_as_floats,
    floats_as_integers,
    nulls_dropped,
    texts_trimmed,
    keys_reordered,
    all_of_these,
)


def storing(normalise: Normalise) -> Middleware:
    """A server that stores what `normalise` makes of the manifest of each `PUT`."""
    return Middleware(_Storing, normalise=normalise)


class _Storing:
    def __init__(self, app: ASGIApp, normalise: Normalise) -> None:
        self._app = app
        self._normalise = normalise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "PUT":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        manifest = self._normalise(json.loads(body)["manifest"])
        changed = {"type": "http.request", "body": json.dumps({"manifest": manifest}).encode()}

        async def receive_changed() -> Message:
            return changed

        await self._app(scope, receive_changed, send)


def _of_metadata(document: Document, change: Callable[[Any], Any]) -> Document:
    return {**document, "metadata": _everywhere(document["metadata"], change)}


def _everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change the parts of a value, then what they make up."""
    if isinstance(value, Mapping):
        return change({key: _everywhere(part, change) for key, part in value.items()})
    if isinstance(value, list):
        return change([_everywhere(part, change) for part in value])
    return change(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _without_nulls(value: Any) -> Any:
    return (
        {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value
    )


def _trimmed(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _reversed(value: Any) -> Any:
    return dict(sorted(value.items(), reverse=True)) if isinstance(value, dict) else value
