"""Plans as Markdown; whole documents are in `test_golden`, hostile ones in `tests/property/test_sinks`."""

from __future__ import annotations

from reconciler.plan.change import Plan
from reconciler.report.markdown import plan_markdown
from tests.support.builders import LEFT_OUT, external, manifest, planned, registered


def document(plan: Plan) -> str:
    return "".join(f"{line}\n" for line in plan_markdown(plan))


def test_the_headline_has_the_counts() -> None:
    assert document(planned(manifest())).startswith(
        "## Plan: 1 to create, 0 to update, 0 in conflict, 0 unchanged\n\n"
        "`https://example.com (api ml) against commit 0123456789`\n"
    )


def test_conflicts_come_first_and_say_why() -> None:
    text = document(
        planned(
            manifest(name="a", description="new"),
            manifest(name="b", source=external("s3://other")),
            has=(registered(1, name="a"), registered(1, name="b")),
        )
    )
    assert text.index("### Conflicts") < text.index("fraud/b:1") < text.index("### Changes")
    assert text.index("### Changes") < text.index("fraud/a:1")
    assert (
        "! source of a registered version can not change\n! declare it as a new version: 2 is free\n" in text
    )


def test_a_side_without_a_value_has_no_line() -> None:
    text = document(
        planned(manifest(description=None, metadata={"a": 1}), has=(registered(1, description="old"),))
    )
    assert '```diff\n- description: "old"\n+ metadata.a: 1\n```' in text


def test_promotions_are_listed() -> None:
    plan = planned(
        manifest(version=2, version_alias="v-a"), has=(registered(1, version_alias="v-a"), registered(2))
    )
    assert "### Promotions\n\n- `fraud/scorer v-a: :1 -> :2`\n" in document(plan)


def test_a_value_of_a_mebibyte_is_cut_to_where_it_begins_to_differ() -> None:
    before, after = "x" * 2**19 + "OLD" + "y" * 2**19, "x" * 2**19 + "NEW" + "y" * 2**19
    has = (registered(1, metadata={"a": before, "k" * 2**20: 1}),)
    text = document(planned(manifest(metadata={"a": after}), has=has))
    assert "xOLDy" in text
    assert "xNEWy" in text
    assert len(text) < 2_000


def test_credentials_are_masked_wherever_they_stand() -> None:
    uri = "https://user:hunter2hunter2@example.com/x"
    text = document(
        planned(manifest(version=LEFT_OUT, source=external(uri), metadata={"password": "hunter2hunter2"}))
    )
    assert "hunter2" not in text
    assert text.count("*** (sha256:") == 3
