"""Where fields of manifests stand, in every way that a manifest can be written."""

from __future__ import annotations

import json

import pytest

from reconciler.errors import Place
from reconciler.manifest import places
from reconciler.manifest.outlines import load_outlines
from reconciler.manifest.places import FieldPlaces
from reconciler.source.snapshot import SourceFile
from tests.support.files_in_memory import FilesInMemory

HEAD = "type: artifact-version\nml_repo: fraud\nname: scorer\nversion: 1\n"
BLOCK = f"{HEAD}metadata: {{}}\nsource:\n  type: external\n  uri: s3://example/1\nstep: 3\n"
ANCHOR = (
    f"{HEAD}metadata:\n  kept: &kept\n    type: external\n    uri: s3://example/1\nsource: *kept\nstep: 3\n"
)
MERGE = f"{HEAD}metadata:\n  kept: &kept\n    uri: s3://example/1\nsource:\n  <<: *kept\n  type: external\n"
JSON = json.dumps(
    {
        "type": "artifact-version", "ml_repo": "fraud", "name": "scorer", "version": 1, "metadata": {},
        "source": {"type": "external", "uri": "s3://example/1"}, "step": 3,
    },
    indent=2,
)  # fmt: skip
URI, STEP = ("source", "uri"), ("step",)


def files_of(**texts: str | bytes) -> FilesInMemory:
    return FilesInMemory(
        SourceFile(name.replace("_", "."), text if isinstance(text, bytes) else text.encode())
        for name, text in sorted(texts.items())
    )


def found(files: FilesInMemory, *fields: tuple[str, ...]) -> list[Place]:
    """The places of fields in each manifest, in order."""
    outlines, problems = load_outlines(files)
    assert not problems
    wanted = {outline.place: fields for outline in outlines}
    located = FieldPlaces(files).find_places(wanted)
    return [located[outline.place] for outline in outlines]


@pytest.mark.parametrize(
    ("name", "text", "line", "column"),
    [
        ("a_yaml", BLOCK, 8, 8),
        ("a_yaml", f"\ufeff# first\n---\n{BLOCK}", 10, 8),
        ("a_yaml", BLOCK.replace("\n", "\r\n"), 8, 8),
        ("a_yaml", f"{HEAD}source: {{type: external, uri: 's3://example/1'}}\nmetadata: {{}}\n", 5, 31),
        ("a_yaml", ANCHOR, 8, 10),
        ("a_yaml", MERGE, 7, 10),
        ("a_json", JSON, 9, 12),
        ("a_json", f"\ufeff{json.dumps(json.loads(JSON))}", 1, 136),
    ],
)
def test_a_field_is_found_however_its_manifest_is_written(
    name: str, text: str, line: int, column: int
) -> None:
    assert found(files_of(**{name: text}), URI) == [(name.replace("_", "."), line, column)]


def test_each_manifest_of_a_file_has_its_own() -> None:
    others = "type: service\nname: x\n"
    files = files_of(a_yaml=f"{BLOCK}---\n{others}---\n{BLOCK.replace('version: 1', 'version: 2')}")
    assert found(files, URI) == [("a.yaml", 8, 8), ("a.yaml", 21, 8)]


def test_of_several_fields_it_is_the_first_as_they_are_written() -> None:
    moved = BLOCK.replace("step: 3\n", "").replace("metadata:", "step: 3\nmetadata:")
    assert found(files_of(a_yaml=BLOCK), URI, STEP) == [("a.yaml", 8, 8)]
    assert found(files_of(a_yaml=moved), URI, STEP) == [("a.yaml", 5, 7)]


def test_of_a_field_that_is_not_there_it_is_what_would_hold_it() -> None:
    assert found(files_of(a_yaml=BLOCK), ("source", "more")) == [("a.yaml", 7, 3)]
    assert found(files_of(a_yaml=BLOCK), ("run_id",)) == [("a.yaml", 1, 1)]


@pytest.mark.parametrize("later", ["\xff", "a: [", "", "type: service\n", f"# moved\n{BLOCK}"])
def test_a_manifest_that_is_not_there_any_more_keeps_its_place(later: str) -> None:
    place = Place("a.yaml", 1, 1)
    files = files_of(a_yaml=later.encode("latin-1"))
    assert FieldPlaces(files).find_places({place: (URI,)}) == {place: place}


def test_only_so_much_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MAX_BYTES", len(BLOCK))
    files = files_of(a_yaml=BLOCK, b_yaml=BLOCK)
    first, second = (Place(path, 1, 1) for path in ("a.yaml", "b.yaml"))
    finder = FieldPlaces(files)
    assert finder.find_places({first: (URI,), second: (URI,)}) == {
        first: Place("a.yaml", 8, 8),
        second: second,
    }
    assert finder.find_places({second: (URI,)}) == {second: second}
