"""The rules of a `PUT`, apart from any database."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.registry import Behaviour
from reconciler.registry.errors import Invalid
from reconciler.registry.storage.documents import (
    are_same,
    complete_new_document,
    list_differing_fields,
    make_document,
    update_document,
)
from reconciler.wire.models import VersionManifest


def document(**given: Any) -> dict[str, Any]:
    body = {
        "type": "artifact-version",
        "name": "a",
        "ml_repo": "repo",
        "metadata": {},
        "source": {"type": "truefoundry"},
    }
    return make_document(VersionManifest.model_validate({**body, **given}), version=1)


def test_null_is_left_out_at_the_top_and_in_the_source_but_not_in_metadata() -> None:
    given = document(
        description=None,
        run_id=None,
        source={"type": "truefoundry", "uri": None},
        metadata={"a": None},
        extra=None,
    )
    assert given == document(metadata={"a": None})
    assert given["metadata"] == {"a": None}


def test_step_is_always_there() -> None:
    assert document(step=None)["step"] == document()["step"] == 0


def test_fields_that_the_registry_does_not_know_are_kept() -> None:
    assert document(custom=[1, None])["custom"] == [1, None]


def test_internal_metadata_that_the_client_brings_is_not_overwritten() -> None:
    brought = {".truefoundry": {"artifact_size": 7}}
    assert complete_new_document(document(metadata=brought))["metadata"] == brought


def test_several_immutable_fields_are_all_named() -> None:
    with pytest.raises(Invalid) as refused:
        update_document(
            document(),
            document(step=1, run_id="r", source={"type": "external", "uri": "s3://b"}),
            Behaviour(),
        )
    assert [detail["field"] for detail in refused.value.details] == [
        "manifest.source",
        "manifest.step",
        "manifest.run_id",
    ]


@pytest.mark.parametrize(
    ("left", "right"), [(1, True), (1, 1.0), (1, "1"), (0, False), (None, False), ([], {})]
)
def test_types_are_kept_apart(left: object, right: object) -> None:
    assert not are_same({"a": left}, {"a": right})


def test_order_of_keys_does_not_count() -> None:
    assert are_same({"a": 1, "b": [{"c": 2, "d": 3}]}, {"b": [{"d": 3, "c": 2}], "a": 1})


def test_difference_names_fields_in_order() -> None:
    assert list_differing_fields({"b": 1, "c": 1, "same": 1}, {"a": 1, "b": True, "same": 1}) == [
        "a",
        "b",
        "c",
    ]
