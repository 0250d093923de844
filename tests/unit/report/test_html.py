"""Plans as a page; whole documents are in `test_golden`, hostile ones in `tests/property/test_sinks`."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from reconciler.plan.change import Plan
from reconciler.report.html import plan_page
from tests.support.builders import LEFT_OUT, external, manifest, planned, registered
from tests.support.judges import Element, read_html


def page(plan: Plan) -> str:
    return "".join(f"{line}\n" for line in plan_page(plan))


def elements(plan: Plan, tag: str) -> list[Element]:
    return [element for element in read_html(page(plan)) if element.tag == tag]


@pytest.fixture
def plan() -> Plan:
    has = (registered(1, description="old"), registered(1, name="b"))
    return planned(
        manifest(name="a"),
        manifest(name="b", source=external("s3://other")),
        manifest(name="scorer", description=None),
        has=has,
    )


def test_the_page_may_do_nothing_but_show_its_own_style(plan: Plan) -> None:
    text = page(plan)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    metas = [dict(element.attributes) for element in elements(plan, "meta")]
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in metas
    assert metas.index({"charset": "utf-8"}) == 0
    tags = {element.tag for element in read_html(text)}
    assert not tags & {"script", "a", "img", "link", "form", "iframe", "base"}
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_says_its_language_and_takes_on_the_readers_colours(plan: Plan) -> None:
    (html,) = elements(plan, "html")
    assert dict(html.attributes)["lang"] == "en"
    assert {"name": "color-scheme", "content": "light dark"} in [
        dict(element.attributes) for element in elements(plan, "meta")
    ]


def test_the_page_has_one_title_and_its_headings_in_order(plan: Plan) -> None:
    (title,) = elements(plan, "title")
    assert title.text == "Plan: 1 to create, 1 to update, 1 in conflict, 0 unchanged"
    headings = [element for element in read_html(page(plan)) if re.fullmatch("h[1-6]", element.tag)]
    assert [element.tag for element in headings] == ["h1", "h2", "h3", "h2", "h3", "h3"]
    assert [element.text for element in headings if element.tag != "h3"] == ["Plan", "Conflicts", "Changes"]


def test_each_action_has_a_table_whose_columns_are_named(plan: Plan) -> None:
    columns = [element.text for element in elements(plan, "th") if ("scope", "col") in element.attributes]
    assert columns == ["Field", "Registered", "Declared", "Field", "Value", "Field", "Before", "After"]


def test_a_side_without_a_value_is_marked(plan: Plan) -> None:
    cells = [(dict(element.attributes)["class"], element.text) for element in elements(plan, "td")]
    assert cells[-2:] == [("before", '"old"'), ("none", "(none)")]


def test_a_value_of_a_mebibyte_is_cut() -> None:
    plan = planned(manifest(metadata={"a": "x" * 2**20}), has=(registered(1, metadata={"a": "y" * 2**20}),))
    assert len(page(plan)) < len(page(planned())) + 2_000


def test_credentials_are_masked_wherever_they_stand() -> None:
    uri = "https://user:hunter2hunter2@example.com/x"
    secret = manifest(version=LEFT_OUT, source=external(uri), metadata={"password": "hunter2hunter2"})
    assert "hunter2" not in page(planned(secret))
    assert page(planned(secret)).count("*** (sha256:") == 3
