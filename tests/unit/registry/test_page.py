"""The page for a person: complete, harmless whatever is registered, and of bounded size."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from reconciler.registry import Behaviour, Store
from reconciler.registry.page.page import render_page
from reconciler.registry.storage import overview
from reconciler.wire.models import VersionManifest
from tests.support.registry_server import RegistryInProcess

EVIL = "<script>alert('1')</script>\"&"


class Reader(HTMLParser):
    """Collects the text and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        self.text += data


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as opened:
        opened.put_ml_repo({"type": "ml-repo", "name": "fraud", "description": EVIL})
        yield opened


def put(store: Store, **given: Any) -> str:
    body = {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "metadata": {},
        "source": {"type": "truefoundry"},
    }
    return store.put_version(VersionManifest.model_validate({**body, **given}), Behaviour()).id


def read(store: Store) -> Reader:
    return Reader(render_page(store.read_overview()).decode())


def test_it_shows_what_is_registered_and_how_it_came_to_be(store: Store) -> None:
    put(
        store,
        version_alias="v1.0",
        description="words",
        source={"type": "external", "uri": "s3://bucket/key"},
    )
    first = put(store, version=1, version_alias="v2.0", source={"type": "external", "uri": "s3://bucket/key"})
    store.tag_version(first, ["gold"])
    store.delete_version(put(store))
    text = read(store).text
    for part in ("1 ML repo, 1 artifact, 1 version", "scorer", "v2.0", "s3://bucket/key", "gold", "deleted"):
        assert part in text
    for event in ("created", "updated description, metadata, version_alias", "tagged gold"):
        assert event in text


def test_internal_metadata_stays_internal(store: Store) -> None:
    put(store, metadata={"team": "risk"})
    text = read(store).text
    assert '"team": "risk"' in text
    assert ".truefoundry" not in text


def test_nothing_that_is_registered_becomes_markup(store: Store) -> None:
    plain = put(store)
    tags = set(read(store).tags)
    store.delete_version(plain)
    evil = put(
        store, description=EVIL, metadata={EVIL: EVIL}, source={"type": "external", "uri": f"s3://{EVIL}"}
    )
    store.tag_version(evil, [EVIL])
    page = read(store)
    assert set(page.tags) - tags <= {"wbr", "pre", "p"}
    assert "script" not in page.tags
    assert page.attributes <= {"lang", "charset", "name", "content", "class", "open", "datetime", "colspan"}
    assert page.text.count(EVIL) >= 4


def test_its_style_is_the_only_thing_that_its_policy_allows(store: Store) -> None:
    answer = RegistryInProcess(store=store).call("GET", "/")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "url(" not in style


def test_an_empty_registry_says_so() -> None:
    with Store() as empty:
        assert "Nothing is registered yet." in read(empty).text


def test_artifacts_are_folded_when_there_are_many(store: Store) -> None:
    put(store)
    assert "open" in read(store).attributes
    for number in range(12):
        put(store, name=f"artifact-{number}")
    assert "open" not in read(store).attributes


def test_it_shows_the_newest_and_says_what_is_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MAX_VERSIONS", 3)
    for _ in range(3):
        put(store)
    note = "Only the artifacts and versions written last are shown."
    assert note not in read(store).text
    put(store, name="newer")
    text = read(store).text
    assert note in text
    assert "1 version not shown." in text


def test_two_thousand_versions_stay_readable(store: Store) -> None:
    for number in range(2000):
        put(store, name=f"artifact-{number % 50}", description="x" * 80)
    page = render_page(store.read_overview())
    assert page.count(b"<details class=artifact") == 50
    assert len(page) < 1_500_000
