"""Ids of the control plane: one segment of a path, or no answer of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic_core import SchemaValidator, ValidationError

from reconciler.wire.answers import ML_REPO_PAGE, PUT_ANSWER, VERSION_PAGE
from reconciler.wire.routes import FLAVOURS
from tests.support.fault_answers import FRAUD, page, row

GOOD = (
    "7",
    "a",
    "_",
    "A-z_0.9:b",
    "9fdeb29fe87a49b8bff18f383e1d79f2",
    "0634f7ce-aae8-479b-b3e8-a34ad2314993",
    "cm3x8q0yz0000",
    "local:fraud:scorer",
    "x" * 256,
)
BAD = (
    "", " ", ".", "..", "-rf", ":a", "../ml-repos/7", "/a", "a/b", "a\\b", "a?force=true", "a#b", "a%2fb",
    "a;b", "a b", " a", "a ", "a\n", "\na", "a\r\nHost: x", "a\x00", "a@b", "a&b", "a+b", "a*", "{a}", "ä",
    "\u0430", "\uff0e\uff0e", "x" * 257,
)  # fmt: skip
NO_TEXT: tuple[Any, ...] = (None, 7, 7.0, True, ["a"], {"a": 1})


def version(name: str, value: Any) -> dict[str, Any]:
    return row(1) | {name: value}


SHAPES: dict[str, Callable[[Any], tuple[SchemaValidator, dict[str, Any]]]] = {
    "of a version": lambda value: (VERSION_PAGE, page([version("id", value)])),
    "of a version's ML repo": lambda value: (VERSION_PAGE, page([version("ml_repo_id", value)])),
    "of a version's artifact": lambda value: (VERSION_PAGE, page([version("artifact_id", value)])),
    "of an ML repo": lambda value: (ML_REPO_PAGE, page([FRAUD["data"][0] | {"id": value}])),
    "of what was written": lambda value: (PUT_ANSWER, {"data": version("id", value)}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("value", GOOD)
def test_an_id_is_one_segment_of_a_path(shape: str, value: str) -> None:
    validator, answer = SHAPES[shape](value)
    assert value in str(validator.validate_python(answer))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("value", [*BAD, *NO_TEXT], ids=repr)
def test_what_could_lead_elsewhere_is_no_id(shape: str, value: Any) -> None:
    validator, answer = SHAPES[shape](value)
    with pytest.raises(ValidationError):
        validator.validate_python(answer)


@pytest.mark.parametrize("value", GOOD)
def test_an_id_leaves_a_path_what_it_is(value: str) -> None:
    """Whatever puts it into a path or a query, the request is for that id and nothing else."""
    path = FLAVOURS["ml"].artifact_versions
    asked = httpx.Request("GET", f"https://example.com{path}/{value}", params={"id": value}).url
    assert asked.raw_path.decode().partition("?")[0] == f"{path}/{value}"
    assert asked.params.get_list("id") == [value]
