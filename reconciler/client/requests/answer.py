"""What a control plane answered, checked before it is believed: size, encoding, content type, JSON, shape."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import httpx
from pydantic_core import SchemaValidator, ValidationError, from_json

from reconciler.client.requests.patience import read_reset_after, read_retry_after
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

RUN_AGAIN_HINT = "run again: what is done already is not done twice"
_MAX_ANSWER_BYTES = 32 * 1024 * 1024
_MAX_REFUSAL_BYTES = 64 * 1024
_MAX_MESSAGE_CHARACTERS = 500


async def read_body(response: httpx.Response) -> bytes:
    """The body, within bounds; of a refusal, only as much as can hold a message.

    Some proxies compress answers though nobody asks for it, which may unpack to any size.

    Raises:
        UnexpectedAnswerError: it is too large, or not compressed as it says.
    """
    is_answer = response.is_success and _read_content_type(response) == _JSON
    most = _MAX_ANSWER_BYTES if is_answer else _MAX_REFUSAL_BYTES
    unpack = _make_unpacker(response.headers.get("content-encoding", "").strip().lower(), is_answer=is_answer)
    chunks, size = [], 0
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for packed in response.stream:  # as `aiter_raw` gives it
        chunk = unpack(packed, most - size + 1)
        size += len(chunk)
        chunks.append(chunk)
        if size > most:
            if is_answer:
                raise UnexpectedAnswerError("the answer is larger than 32 MiB", _NOT_THE_API_HINT)
            break
    return b"".join(chunks)


def _make_unpacker(encoding: str, *, is_answer: bool) -> Callable[[bytes, int], bytes]:
    """A function that unpacks one piece of a body, to a given number of bytes at most.

    Args:
        encoding: of the body, by its header.
        is_answer: false for a body that is only searched for a message, so that it may be anything.

    Raises:
        UnexpectedAnswerError: it is an answer, and can not be unpacked.
    """
    if encoding not in _PACKED_ENCODINGS:
        if is_answer and encoding not in {"", "identity"}:
            raise UnexpectedAnswerError(f"the answer is compressed ({encoding[:20]})", _COMPRESSED_HINT)
        return lambda packed, _: packed
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB_WINDOW_BITS)

    def unpack(packed: bytes, most: int) -> bytes:
        try:
            return unpacking.decompress(packed, most)
        except zlib.error:
            if not is_answer:
                return b""
            message = f"the answer says that it is {encoding}, and is not"
            raise UnexpectedAnswerError(message, _COMPRESSED_HINT) from None

    return unpack


_PACKED_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB_WINDOW_BITS = 32 + zlib.MAX_WBITS
_COMPRESSED_HINT = "nobody asked for that: have the proxy in front of the API leave its answers as they are"


def check_answer(
    response: httpx.Response, data: bytes, shape: SchemaValidator, request: str
) -> tuple[Any, Any]:
    """What the schema keeps of an answer, and all of it.

    Args:
        response: the head of the answer.
        data: its body.
        shape: of what the API answers.
        request: what was asked, to be named in errors.

    Raises:
        ControlPlaneError: it is no answer of the API.
    """
    kind = _read_content_type(response)
    if kind == "text/html" and _LOGIN_PAGE.search(data):
        message = f"{request}: {response.status_code} with a page that asks for a login"
        raise UnexpectedAnswerError(
            message, "have the proxy in front of the API let requests with a token pass"
        )
    if kind != _JSON:
        raise NotTheApiError(
            f"{request}: {response.status_code} with {kind}, which is no answer of the API", _NOT_THE_API_HINT
        )
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError:
        # Most often the end is missing: without a length, a connection that closes early looks complete.
        raise InterruptedAnswerError(f"{request}: the answer is no whole JSON", RUN_AGAIN_HINT) from None
    try:
        return shape.validate_python(body), body
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = f"{request}: the answer is not shaped like the API's, at {where or 'its top'}"
        is_of_row = len(first["loc"]) > 1 and first["loc"][0] == "data"
        raise (WrongRowError if is_of_row else NotTheApiError)(message, _NOT_THE_API_HINT) from None


_JSON = "application/json"
_LOGIN_PAGE = re.compile(
    rb"""<title>[^<]*(log|sign)[ -]?in|type\s*=\s*["']?password|name\s*=\s*["']?saml""", re.IGNORECASE
)
_NOT_THE_API_HINT = "check the host and --api: reconciler doctor shows what each prefix answers"


def describe_refusal(response: httpx.Response, data: bytes, request: str, left: float) -> ControlPlaneError:
    """The error for an answer that is no success; a wait that it asks for is cut to `left` seconds."""
    status = response.status_code
    if response.has_redirect_location or not response.is_error:
        target = response.headers.get("location", "nowhere")[:_MAX_MESSAGE_CHARACTERS]
        hint = (
            "redirects are not followed, because they would take the token along: set the host it points to"
        )
        message = f"{request} redirects to {target} ({status})"
        return UnexpectedAnswerError(message, hint, is_unknown=False)
    server_message = _read_server_message(data)
    message = f"{request}: {status}" + (f", {server_message}" if server_message else "")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        hint = "check TFY_API_KEY: expired, of another host, or without rights on these ML repos"
        return UnauthorizedError(message, status, hint)
    if status == httpx.codes.NOT_FOUND:
        return NotFoundError(message, status, "" if server_message else _NOT_THE_API_HINT)
    asked = read_retry_after(response.headers)
    if asked is None and status == httpx.codes.TOO_MANY_REQUESTS:
        asked = read_reset_after(response.headers)
    return RefusedError(message, status, retry_after=None if asked is None else min(asked, left))


def _read_server_message(data: bytes) -> str | None:
    """What the API's own error says; `None` from a proxy, which does not speak for the API."""
    try:
        message = REFUSAL.validate_python(from_json(data)).get("message")
    except (ValueError, ValidationError):
        return None
    return message[:_MAX_MESSAGE_CHARACTERS] if message else None


def _read_content_type(response: httpx.Response) -> str:
    kind: str = response.headers.get("content-type", "no content type")
    return kind.partition(";")[0].strip().lower()[:_MAX_MESSAGE_CHARACTERS]
