"""What a request carries: its body as a checked model, its query as one, and the limits of both."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from reconciler.registry.errors import BadRequest, Invalid, TooLarge
from reconciler.registry.storage.queries import Paging
from reconciler.wire import fields
from reconciler.wire.models import MlRepoManifest

MAX_BODY_BYTES = 2**20
"""Bytes of a body that the registry takes."""

MAX_LEVELS = 100
"""Objects and lists within one another, well below where Python's own JSON gives up."""

_MAX_READ_BYTES = 16 * MAX_BODY_BYTES

Body = TypeVar("Body", bound=BaseModel)
Query = TypeVar("Query", bound=Paging)


class NewMlRepo(MlRepoManifest):
    """An ML repo's manifest, with the rule for names that answers need not be checked against."""

    name: fields.MlRepoName


class PutMlRepo(BaseModel):
    """The body of `PUT ml-repos`."""

    manifest: NewMlRepo
    dry_run: bool = Field(default=False, alias="dryRun")


class PutTags(BaseModel):
    """The body of `PUT artifact-versions/tags`."""

    model_config = ConfigDict(strict=True)

    artifact_version_id: fields.Text
    tags: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(max_length=100)
    force: bool = False


async def read_body(request: Request, model: type[Body]) -> Body:
    """Read a JSON body.

    Raises:
        TooLarge: It is larger than `MAX_BODY_BYTES`.
        BadRequest: It is not JSON as RFC 8259 has it, nested too deeply, or has a number that is too large.
        Invalid: It breaks a rule of the model.
    """
    content = await _read_content(request)
    try:
        value = json.loads(content, parse_constant=_refuse_constant, parse_float=_parse_finite)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if _is_deeper(value, MAX_LEVELS):
        raise BadRequest(f"the body is nested more than {MAX_LEVELS} levels deep")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


def read_query(request: Request, model: type[Query]) -> Query:
    """Read the query: a repeated parameter is a list where the model wants one, else the last counts.

    Raises:
        Invalid: A parameter breaks a rule of the model. Unknown ones are ignored.
    """
    given = request.query_params
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in given:
            values[name] = given.getlist(name) if field.default == () else given[name]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid.from_validation(error) from error


async def _read_content(request: Request) -> bytes:
    """Return the body; one that is too large is read on for a while, so that the refusal arrives."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif size > _MAX_READ_BYTES:
            break
    if size > MAX_BODY_BYTES:
        raise TooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")
    return b"".join(chunks)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _parse_finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"the number {number} is too large")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        objects = (node.values() for node in layer if isinstance(node, dict))
        lists = (node for node in layer if isinstance(node, list))
        layer = [*chain.from_iterable(chain(objects, lists))]
        if not layer:
            return False
    return any(isinstance(node, dict | list) for node in layer)
