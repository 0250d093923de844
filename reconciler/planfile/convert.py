"""From values to how they stand in files, and back, by what their shapes say of each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from reconciler.applying.document import OutcomeDocument
from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem
from reconciler.model import Artifact, Limits, Target
from reconciler.planfile import report_shapes, shapes
from reconciler.planfile.fields import About
from reconciler.planning import document


def _make_share(ml_repos: tuple[document.SharedMlRepo, ...], **given: Any) -> document.Share:
    extents = {each.name: Extent(each.versions, each.listed) for each in ml_repos}
    declared = {each.name: each.declared for each in ml_repos if each.declared}
    return document.Share(extents=extents, declared=declared, **given)


_VALUES: Mapping[Any, Callable[..., Any]] = {
    shapes.Source: document.Source,
    shapes.ControlPlane: Target,
    shapes.Scope: document.Scope,
    shapes.Limits: Limits,
    shapes.SharedMlRepo: document.SharedMlRepo,
    shapes.Shard: _make_share,
    shapes.Promotion: document.PromotionDocument,
    shapes.Place: Place,
    shapes.Diagnostic: Problem,
    shapes.Guard: document.GuardResult,
    shapes.LeftAlone: document.LeftAlone,
    shapes.Change: document.ChangeDocument,
    shapes.Orphan: document.OrphanDocument,
    shapes.Orphans: document.OrphansDocument,
    report_shapes.Outcome: OutcomeDocument,
    shapes.Heading: document.PlanDocument,
}
"""What makes the value of each shape."""
_PARTS: Mapping[str, Callable[..., Any]] = {"artifact": Artifact, "place": Place, "shard": Shard}
"""What makes the attributes of a value whose own attributes are fields beside the others."""
_FOLLOWING = {"patch", "blocks"}
"""Attributes that follow from others: they are written, and nothing is made of them."""


class _Field(NamedTuple):
    """A field of a shape.

    Attributes:
        name: in files.
        path: where a value has it.
        shape: of what is in it, or of each member of the list in it; `None` where that is JSON already.
        is_list: whether it is a list of those.
    """

    name: str
    path: str
    shape: Any
    is_list: bool


def write_value(shape: Any, value: Any, **given: Any) -> dict[str, Any]:
    """A value as JSON types, in the order of its shape; what is optional is absent where it is `None`.

    Args:
        shape: its class in `shapes` or `report_shapes`.
        value: the value.
        given: those fields that it has no attribute for.
    """
    take, taken, nested = _find_writer(shape, frozenset(given))
    written = {**dict.fromkeys(shape.__annotations__), **dict(zip(taken, take(value), strict=True)), **given}
    for field in nested:
        found = written[field.name]
        if found is None:
            del written[field.name]
        elif field.is_list:
            written[field.name] = (
                [write_value(field.shape, each) for each in found] if field.shape else list(found)
            )
        else:
            written[field.name] = write_value(field.shape, found)
    return written


def read_value(shape: Any, data: Mapping[str, Any], **given: Any) -> Any:
    """The value that a mapping was written from.

    Args:
        shape: its class in `shapes` or `report_shapes`.
        data: the mapping, which has been checked to be of that shape.
        given: the attributes of the value that are known already.
    """
    made, parts = given.copy(), dict[str, dict[str, Any]]()
    for field in _list_fields(shape):
        whole, _, part = field.path.partition(".")
        if whole not in given and whole not in _FOLLOWING and field.name in data:
            found = _read_field(field, data[field.name])
            if part:
                parts.setdefault(whole, {})[part] = found
            else:
                made[whole] = found
    return _VALUES[shape](**made, **{name: _PARTS[name](**part) for name, part in parts.items()})


def _read_field(field: _Field, data: Any) -> Any:
    if isinstance(data, list):
        return tuple(data if field.shape is None else (read_value(field.shape, each) for each in data))
    return data if field.shape is None else read_value(field.shape, data)


@cache
def _find_writer(
    shape: Any, given: frozenset[str]
) -> tuple[Callable[[Any], tuple[Any, ...]], list[str], list[_Field]]:
    """What takes all fields of a value at once, their names, and those that are not JSON as they are."""
    fields = [field for field in _list_fields(shape) if field.name not in given]
    take = attrgetter(*(field.path for field in fields))
    return take, [field.name for field in fields], [f for f in fields if f.shape or f.is_list]


@cache
def _list_fields(shape: Any) -> tuple[_Field, ...]:
    return tuple(_make_field(name, hint) for name, hint in get_type_hints(shape, include_extras=True).items())


def _make_field(name: str, hint: Any) -> _Field:
    path, is_list = name, False
    while arguments := get_args(hint):
        if get_origin(hint) is Annotated:
            path = next((each.at for each in arguments if isinstance(each, About) and each.at), path)
        is_list = is_list or get_origin(hint) is list
        hint = arguments[0]
    return _Field(name, path, hint if hint in _VALUES else None, is_list)
