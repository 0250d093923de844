"""Whatever is registered: what is written of it reads back as just that, or is no manifest at all."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.codes import Code
from reconciler.compare.desired import is_internal_key, make_desired_document
from reconciler.diff import are_same
from reconciler.errors import Problem
from reconciler.manifest.file import read_file
from reconciler.manifest.write import NotDeclarableError, format_manifest, make_manifest_document
from reconciler.model import EXACT, Artifact, Declared, Json, Registered
from reconciler.source.snapshot import SourceFile
from tests.support.manifests import HARD_TEXTS, TEXTS, json_documents
from tests.support.scale import law

WORDS = st.sampled_from(HARD_TEXTS)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = WORDS | TEXTS | st.booleans() | st.none() | st.integers(-(2**60), 2**60) | FLOATS
METADATA = json_documents(SCALARS, WORDS | TEXTS)


def registered_with(metadata: Json, fields: dict[str, Json] | None = None) -> dict[str, Json]:
    """The document of a registered version."""
    return {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": "scorer",
        "version": 3,
        "source": {"type": "truefoundry"},
        "metadata": metadata,
        **(fields or {}),
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Json]:
    """The document of a registered version, as a control plane may give it."""
    external = {"type": "external", "uri": "s3://models/1"}
    managed = {"type": "truefoundry", "uri": draw(st.none() | st.just("s3://store/1"))}
    internal = draw(st.sampled_from([{}, {".truefoundry": {"size": 1}}]))
    fields: dict[str, Any] = {
        "source": draw(st.sampled_from([external, managed])),
        "step": draw(st.integers(0, 9)),
        "description": draw(st.none() | WORDS | TEXTS),
        "version_alias": draw(st.sampled_from([None, "v-prod", "v1.0"])),
        "run_id": draw(st.sampled_from([None, "run-1", "on", "010"])),
        **draw(st.sampled_from([{}, {"x_unknown": [1]}])),
    }
    return registered_with({**draw(METADATA), **internal}, fields)


@st.composite
def documents_and_defaults(draw: st.DrawFn) -> tuple[dict[str, Json], dict[str, Json]]:
    """The document of a registered version, and what manifests declare by default."""
    document = draw(documents())
    metadata = document["metadata"]
    assert isinstance(metadata, dict)
    keys = st.sampled_from(["team", *(key for key in metadata if not is_internal_key(key))])
    given: dict[str, st.SearchStrategy[Json]] = {
        "description": WORDS,
        "metadata": st.dictionaries(keys, SCALARS.filter(lambda v: v is not None)),
    }
    return document, draw(st.fixed_dictionaries({}, optional=given))


@law(50, 400, 50_000)
@given(documents_and_defaults())
@example((registered_with({"a": [[1, {"b": "x\ny"}], {}], "c": {}}), {}))
@example((registered_with({"first": "\x7f\n", "last": "a\n\x80"}), {"description": "by default"}))
@example((registered_with(json.loads('{"\u2028": ' * 30 + "{}" + "}" * 30)), {}))
@example((registered_with({"learning_rate": 1e-05, "seen": [1e22, {"b": 2e-07}]}), {}))
@example((registered_with({"a": 1}, {"description": ""}), {"description": "x", "metadata": {"a": 2, "b": 3}}))
def test_what_is_written_of_a_registered_version_asks_for_no_change(
    both: tuple[dict[str, Json], dict[str, Json]],
) -> None:
    document, defaults = both
    registered = Registered("id", "fqn", Artifact("fraud", "scorer"), 3, document)
    comparison = EXACT._replace(defaults=defaults)
    try:
        written = make_manifest_document(document, defaults)
        text = format_manifest(written, ("a comment",))
    except NotDeclarableError as error:
        assert re.search("looks like a credential|is null, which does without", str(error))  # noqa: PT017  nothing else is a reason here
        return
    read = list(read_file(SourceFile("3.yaml", text.encode())))
    assert Code.AMBIGUOUS_VALUE not in [each.code for each in read if isinstance(each, Problem)]
    (found,) = (each for each in read if isinstance(each, Declared))
    assert json.dumps(found.document, sort_keys=True) == json.dumps(written, sort_keys=True)
    assert are_same(document, make_desired_document(comparison.with_defaults(found), registered, comparison))
    assert "x_unknown" not in found.document
    assert ".truefoundry" not in json.dumps(found.document["metadata"])


def test_a_person_would_have_written_it_so() -> None:
    metadata: Json = {
        "owner": "risk team", "no": "no", "metrics": {"auc": 0.957, "days": [1, 2]}, "empty": {},
        "notes": "First line.\n\n  Second.\n", "stages": [{"name": "fit", "tries": 2}, []],
        "at": "2026-01-02",
    }  # fmt: skip
    fields: dict[str, Json] = {"description": "Fit 3 of scorer, on labels of week 7.", "step": 7}
    assert format_manifest(make_manifest_document(registered_with(metadata, fields)), ("on top",)) == MANIFEST


MANIFEST = """\
# on top
type: artifact-version
ml_repo: fraud
name: scorer
version: 3
description: Fit 3 of scorer, on labels of week 7.
source:
  type: truefoundry
step: 7
metadata:
  owner: risk team
  "no": "no"
  metrics:
    auc: 0.957
    days: [1, 2]
  empty: {}
  notes: |
    First line.

      Second.
  stages:
    - name: fit
      tries: 2
    - []
  at: "2026-01-02"
"""


def test_a_credential_is_not_written() -> None:
    with pytest.raises(NotDeclarableError, match=r"metadata\.api\.password looks like a credential"):
        format_manifest(registered_with({"api": {"password": "correct horse"}}))


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "a/../b"), ("version_alias", "prod"), ("description", "x" * 513), ("step", -1)],
)
def test_what_breaks_a_rule_of_manifests_is_reported(field: str, value: Json) -> None:
    with pytest.raises(NotDeclarableError, match=field):
        format_manifest(make_manifest_document(registered_with({}, {field: value})))
