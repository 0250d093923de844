"""No line is shown that holds a credential, however a manifest is written."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Place, Problem
from reconciler.manifest.excerpts import read_excerpts
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.files_in_memory import FilesInMemory
from tests.support.scale import law

SECRET = "correct horse battery staple"  # noqa: S105  nobody's
KEYS = st.sampled_from(
    ["password", "apiKey", "store secret", "token", "db.passwd", "SECRET_KEY", "credentials"]
)
VALUES = st.sampled_from([SECRET, f"{SECRET}\nsecond line: {SECRET}", f"  {SECRET} " + "x " * 60])
NAMES = st.sampled_from(["owner", "store", "a b", "rows", "items"])


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What a value may stand in, with others beside it."""
    return (
        st.builds(lambda name, value: {name: value, "rows": 1, "shape": [1, {"x": "y"}]}, NAMES, inner)
        | st.builds(lambda value: ["before", value, "after"], inner)
        | st.builds(lambda name, value: {"first": "1", name: [value]}, NAMES, inner)
    )


def hidden(key: str, value: str, shape: int) -> dict[str, Any]:
    """A mapping with a credential under a key, or under what stands below the key."""
    return {key: [value, [value], {"0": value}, [[value], "x"]][shape]}


DOCUMENTS = st.recursive(st.builds(hidden, KEYS, VALUES, st.integers(0, 3)), containers, max_leaves=3)


def written(document: Any, style: int) -> str:
    match style:
        case 0:
            return json.dumps(document, indent=2)
        case 1:
            return json.dumps(document)
        case 2:
            return str(yaml.safe_dump(document, default_style="|"))
        case 3:
            return str(yaml.safe_dump(document, default_style='"', width=40))
        case _:
            return str(yaml.safe_dump(document, width=60, default_flow_style=None))


@law(40, 300, 10_000)
@given(DOCUMENTS, st.integers(0, 4))
def test_a_line_with_a_credential_is_never_shown(document: Any, style: int) -> None:
    text = f"type: artifact-version\nname: x\nmetadata:\n---\n{written(document, style)}"
    read = Snapshot(None, FilesInMemory([SourceFile("a.yaml", text.encode())]))
    lines = text.split("\n")
    problems = [
        Problem(Place("a.yaml", number, 1), "some-rule", "wrong") for number in range(1, len(lines) + 1)
    ]
    found = read_excerpts(read, problems)
    assert found[problems[1].place].behind == "name: x"
    for excerpt in found.values():
        assert not any(word in "".join(excerpt) for word in ("correct", "horse", "battery", "staple"))
