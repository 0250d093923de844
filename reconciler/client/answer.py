"""What a control plane answered, checked before it is believed: size, encoding, content type, JSON, shape."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import httpx
from pydantic_core import SchemaValidator, ValidationError, from_json

from reconciler.client.patience import reset_after, retry_after
from reconciler.errors import (
    ControlPlaneError,
    InterruptedAnswerError,
    NotFoundError,
    NotTheApiError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
    WrongRowError,
)
from reconciler.wire.answers import REFUSAL

RUN_AGAIN = "run again: what is done already is not done twice"
_MAX_ANSWER_BYTES = 32 * 1024 * 1024
_MAX_REFUSAL_BYTES = 64 * 1024
_MAX_MESSAGE = 500


async def read_body(response: httpx.Response) -> bytes:
    """The body, within bounds; of what is no answer, as much as can hold a message.

    Some proxies compress answers though nobody asks for it, which may unpack to any size.

    Raises:
        UnexpectedAnswerError: it is too large, or not compressed as it says.
    """
    is_answer = response.is_success and _content_type(response) == _JSON
    most = _MAX_ANSWER_BYTES if is_answer else _MAX_REFUSAL_BYTES
    unpack = _unpacker(response.headers.get("content-encoding", "").strip().lower(), is_answer=is_answer)
    chunks, size = [], 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for packed in response.stream:  # as `aiter_raw` gives it
        chunk = unpack(packed, most - size + 1)
        size += len(chunk)
        chunks.append(chunk)
        if size > most:
            if is_answer:
                raise UnexpectedAnswerError("the answer is larger than 32 MiB", _SOMETHING_ELSE)
            break
    return b"".join(chunks)


def _unpacker(encoding: str, *, is_answer: bool) -> Callable[[bytes, int], bytes]:
    """What unpacks the pieces of a body, each to so many bytes at most.

    Args:
        encoding: of the body, by its header.
        is_answer: false where it is only searched for a message, so that it may be anything.

    Raises:
        UnexpectedAnswerError: it is an answer, and can not be unpacked.
    """
    if encoding not in _UNPACKED:
        if is_answer and encoding not in {"", "identity"}:
            raise UnexpectedAnswerError(f"the answer is compressed ({encoding[:20]})", _COMPRESSED)
        return lambda packed, _: packed
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)

    def unpack(packed: bytes, most: int) -> bytes:
        try:
            return unpacking.decompress(packed, most)
        except zlib.error:
            if not is_answer:
                return b""
            message = f"the answer says that it is {encoding}, and is not"
            raise UnexpectedAnswerError(message, _COMPRESSED) from None

    return unpack


_UNPACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_COMPRESSED = "nobody asked for that: have the proxy in front of the API leave its answers as they are"


def check_answer(
    response: httpx.Response, data: bytes, shape: SchemaValidator, request: str
) -> tuple[Any, Any]:
    """What the shape tells of an answer, and all of it.

    Args:
        response: the head of the answer.
        data: its body.
        shape: of what the API answers.
        request: what was asked, to be named in errors.

    Raises:
        ControlPlaneError: it is no answer of the API.
    """
    kind = _content_type(response)
    if kind == "text/html" and _LOGIN.search(data):
        message = f"{request}: {response.status_code} with a page that asks for a login"
        raise UnexpectedAnswerError(
            message, "have the proxy in front of the API let requests with a token pass"
        )
    if kind != _JSON:
        raise NotTheApiError(
            f"{request}: {response.status_code} with {kind}, which is no answer of the API", _SOMETHING_ELSE
        )
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError:
        # Most often the end is missing: without a length, a connection that closes early looks complete.
        raise InterruptedAnswerError(f"{request}: the answer is no whole JSON", RUN_AGAIN) from None
    try:
        return shape.validate_python(body), body
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{request}: the answer is not shaped like the API's, at {where or 'its top'}"
        is_of_row = len(first["loc"]) > 1 and first["loc"][0] == "data"
        raise (WrongRowError if is_of_row else NotTheApiError)(message, _SOMETHING_ELSE) from None


_JSON = "application/json"
_LOGIN = re.compile(
    rb"""<title>[^<]*(log|sign)[ -]?in|type\s*=\s*["']?password|name\s*=\s*["']?saml""", re.IGNORECASE
)
_SOMETHING_ELSE = "check the host and --api: reconciler doctor shows what each prefix answers"


def describe_refusal(response: httpx.Response, data: bytes, request: str, left: float) -> ControlPlaneError:
    """The error for an answer that is no success; whoever waits for it waits no longer than what is left."""
    status = response.status_code
    if response.has_redirect_location or not response.is_error:
        target = response.headers.get("location", "nowhere")[:_MAX_MESSAGE]
        hint = (
            "redirects are not followed, because they would take the token along: set the host it points to"
        )
        message = f"{request} redirects to {target} ({status})"
        return UnexpectedAnswerError(message, hint, is_unknown=False)
    said = _server_message(data)
    message = f"{request}: {status}" + (f", {said}" if said else "")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        hint = "check TFY_API_KEY: expired, of another host, or without rights on these ML repos"
        return UnauthorizedError(message, status, hint)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(message, status, "" if said else _SOMETHING_ELSE)
    asked = retry_after(response.headers)
    if asked is None and status == httpx.codes.TOO_MANY_REQUESTS:
        asked = reset_after(response.headers)
    return RefusedError(message, status, retry_after=None if asked is None else min(asked, left))


def _server_message(data: bytes) -> str | None:
    """What the API's own error says; `None` from a proxy, which does not speak for the API."""
    try:
        message = REFUSAL.validate_python(from_json(data)).get("message")
    except (ValueError, ValidationError):
        return None
    return message[:_MAX_MESSAGE] if message else None


def _content_type(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "no content type")
    return kind.partition(";")[0].strip().lower()[:_MAX_MESSAGE]
