"""Whatever JSON or query is sent: accepted or refused by the API's rules, never a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.registry.storage.queries import ArtifactQuery, MlRepoQuery, VersionQuery
from tests.support.registry_server import RegistryInProcess

ANY_TEXT = st.text(st.characters())  # lone surrogates too
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "type",
    "name",
    "ml_repo",
    "metadata",
    "source",
    "version",
    "version_alias",
    "description",
    "step",
    "run_id",
    "another",
]
QUERIES = {
    f"/api/ml/v1/{path}": [*model.model_fields]
    for path, model in (
        ("artifact-versions", VersionQuery),
        ("artifacts", ArtifactQuery),
        ("ml-repos", MlRepoQuery),
    )
}

quick = settings(
    max_examples=150,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the registry may well remember
)


@pytest.fixture
def registry() -> Iterator[RegistryInProcess]:
    with RegistryInProcess() as made:
        made.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield made
        assert made.call("GET", "/").status_code == 200


@quick
@given(field=st.sampled_from(FIELDS), value=ANY_JSON)
def test_any_value_in_a_field(registry: RegistryInProcess, field: str, value: Any) -> None:
    manifest = {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "metadata": {},
        "source": {"type": "truefoundry"},
        field: value,
    }
    content = json.dumps({"manifest": manifest})
    answer = registry.call("PUT", "/api/ml/v1/artifact-versions", content=content)
    assert answer.status_code in {200, 404, 409, 422}
    if answer.status_code == 200 and value is not None and field not in {"source", "metadata"}:
        assert answer.json()["data"]["manifest"][field] == value


@quick
@given(path=st.sampled_from(["artifact-versions", "artifact-versions/tags"]), body=ANY_JSON)
def test_any_body(registry: RegistryInProcess, path: str, body: Any) -> None:
    answer = registry.call("PUT", f"/api/ml/v1/{path}", content=json.dumps(body))
    assert answer.status_code == 422


@quick
@given(data=st.data(), path=st.sampled_from([*QUERIES]))
def test_any_query(registry: RegistryInProcess, data: st.DataObject, path: str) -> None:
    name = data.draw(st.sampled_from(QUERIES[path]))
    value = data.draw(st.text() | st.integers().map(str) | st.floats().map(str))
    assert registry.call("GET", path, params={name: value}).status_code in {200, 422}
