"""What is not read because it mentions none of some artifacts is about none of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.file import read_file
from reconciler.manifest.mentions import Mentions
from reconciler.model import Declared
from reconciler.source.snapshot import SourceFile
from tests.support.manifests import MANIFEST, several
from tests.support.scale import law

WAYS = {
    "plain": MANIFEST,
    "quoted": MANIFEST.replace("scorer\n", '"scorer"\n').replace("fraud", "'fraud'"),
    "escaped": MANIFEST.replace("scorer\n", '"sc\\x6Frer"\n'),
    "broken": MANIFEST.replace("scorer\n", '"sco\\\n  rer"\n'),
    "key escaped": MANIFEST.replace("ml_repo:", '"ml_re\\x70o":'),
    "ml repo escaped": MANIFEST.replace("fraud", '"fr\\u0061ud"'),
    "block": MANIFEST.replace("scorer\n", ">-\n  scorer\n"),
    "anchored": MANIFEST.replace("scorer\n", "&name scorer\n"),
    "flow": "{type: artifact-version, ml_repo: fraud, name: scorer, version: 1, "
    "source: {type: truefoundry}, metadata: {}}",
    "json": json.dumps(
        {"type": "artifact-version", "ml_repo": "fraud", "name": "scorer", "version": 1,
         "source": {"type": "truefoundry"}, "metadata": {}}
    ),
    "explicit keys": MANIFEST.replace("ml_repo: fraud", "? ml_repo\n: fraud"),
    "tagged": MANIFEST.replace("fraud", "!!str fraud").replace("scorer\n", "!!str scorer\n"),
    "commented": MANIFEST.replace("fraud", "fraud # scored"),
    "second": several([MANIFEST.replace("scorer", "ranker"), MANIFEST]),
}  # fmt: skip


def names(text: str) -> set[tuple[str, str]]:
    found = read_file(SourceFile("a.yaml", text.encode()))
    return {(each.artifact.ml_repo, each.artifact.name) for each in found if isinstance(each, Declared)}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_manifest_is_found_in_whatever_way_it_is_written(text: str) -> None:
    assert ("fraud", "scorer") in names(text)
    assert Mentions(["scorer"], ["fraud"]).may_be_in(text.encode())


@pytest.mark.parametrize("way", ["plain", "quoted", "flow", "json", "commented"])
def test_what_is_of_other_artifacts_is_not_read(way: str) -> None:
    data = WAYS[way].encode()
    assert not Mentions(["ranker", "score", "scorer2"], ["fraud", "search"]).may_be_in(data)
    assert not Mentions([], ["fraud"]).may_be_in(data)


def test_what_is_of_an_ml_repo_that_is_not_known_as_a_whole_may_matter() -> None:
    assert Mentions(["ranker"], ["search"]).may_be_in(MANIFEST.encode())
    assert Mentions(["ranker"], []).may_be_in(MANIFEST.encode())


@law(40, 300, 20_000)
@given(
    st.lists(
        st.sampled_from([*WAYS.values(), *map(str.upper, ("ml_repo: x", "- a"))]), min_size=1, max_size=3
    ),
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(list("\\\"'\n#:&*!|> {}[],-sf"))), max_size=4),
)
@example([MANIFEST], [(24, "\\")])
def test_whatever_is_not_read_declares_nothing_of_them(
    texts: list[str], edits: list[tuple[int, str]]
) -> None:
    text = several(texts)
    for place, character in edits:
        text = text[:place] + character + text[place + 1 :]
    if not Mentions(["scorer"], ["fraud"]).may_be_in(text.encode()):
        assert all(ml_repo == "fraud" and name != "scorer" for ml_repo, name in names(text))
