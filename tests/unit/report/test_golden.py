"""Whole reports, byte for byte as they were last looked at.

`UPDATE_GOLDEN=1` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.document import ApplyDocument, OutcomeDocument, describe_outcome
from reconciler.applying.outcome import Outcome, Result
from reconciler.manifest.places import FieldPlaces
from reconciler.planfile.write import add_checksum, format_plan_json, make_outcome_json
from reconciler.planning.change import Change, Conflict, Delete, Plan
from reconciler.planning.describe import Describer, describe_plan
from reconciler.planning.document import Origin, PlanDocument
from reconciler.planning.orphans import Orphan, Orphans, Removal
from reconciler.report.ci.annotations import render_annotations
from reconciler.report.ci.gitlab_plan import make_plan_widget
from reconciler.report.ci.junit import render_junit
from reconciler.report.ci.plan_problems import find_plan_problems
from reconciler.report.ci.sarif import make_sarif_log
from reconciler.report.markdown.outcomes import render_apply_markdown
from reconciler.report.markdown.plan import render_plan_markdown
from reconciler.report.page.page import render_apply_page, render_plan_page
from reconciler.report.text.concise import render_concise_plan
from reconciler.report.text.plan import (
    Line,
    TextLayout,
    render_apply_counts,
    render_apply_lines,
    render_outcome_lines,
    render_plan_lines,
)
from tests.support.builders import COMMIT, external, load_manifests, plan_of, registered, snapshot
from tests.support.golden import GOLDEN, check

WIDEST = TextLayout(200, "→")
WIDE = TextLayout(120, "→")
NARROW = TextLayout(80, "→")
ASCII = TextLayout(80)

BASE = "fedcba9876543210fedcba9876543210fedcba98"
ORIGINS: tuple[tuple[Origin, str, str], ...] = (
    ("branch", COMMIT, "Ada Example"),
    ("branch", COMMIT, "Ada Example"),
    ("pending", BASE, "Bo"),
    (
        "drift",
        "00112233445566778899aabbccddeeff00112233",
        "A Reviewer Whose Name Fills Most Of A Line",
    ),
)
HOLIDAYS = "gs://example-forecasting-data/holidays/2026-11-03.parquet"
FILES: dict[str, str | bytes] = {
    "models/fraud/scorer.yaml": """\
# Three versions of the scorer.
type: artifact-version
ml_repo: fraud
name: scorer
version: 1
description: null
source: {type: external, uri: s3://example-fraud-models/scorer/2026-03-02}
metadata: {framework: lightgbm, owners: [payments-risk]}
---
type: artifact-version
ml_repo: fraud
name: scorer
version: 2
description: >-
  Adds device and merchant history, and reads the corrected chargeback labels of 2026;
  replaces version 1 everywhere.
source: {type: external, uri: s3://example-fraud-models/scorer/2026-08-17}
metadata:
  framework: lightgbm
  owners: [payments-risk, model-review]
  training_data: {rows: 21950114, table: warehouse.fraud.labelled_payments_v2}
  metrics: {validation: {auc: 0.957}, shadow: {days: 14}}
  quoted: "1"
---
type: artifact-version
ml_repo: fraud
name: scorer
version: 3
version_alias: v-prod
description: In shadow mode until the review.
source: {type: external, uri: s3://example-fraud-models/scorer/2026-11-09}
run_id: scorer-2026-11-09
step: 4800
metadata:
  framework: lightgbm
  owners: [payments-risk, model-review]
  metrics: {validation: {auc: 0.962, recall_at_1_percent_fpr: 0.701}}
""",
    "models/fraud/features.yaml": """\
type: artifact-version
ml_repo: fraud
name: features
version: 1
version_alias: v-blue
source: {type: truefoundry}
metadata: {}
---
type: artifact-version
ml_repo: fraud
name: features
version: 2
version_alias: v-green
source: {type: truefoundry}
metadata: {}
""",
    "forecasting/a-team-with-long-names/quarterly/demand-per-store-and-product-group/version-2.yaml": """\
type: artifact-version
ml_repo: forecasting
name: demand-per-store-and-product-group
version: 2
source: {type: external, uri: gs://example-forecasting-models/demand/2-rebuilt}
metadata: {}
step: 7
---
type: artifact-version
ml_repo: forecasting
name: demand-per-store-and-product-group
version: 3
source: {type: external, uri: gs://example-forecasting-models/demand/3}
metadata: {horizon_weeks: 13}
""",
    "forecasting/holidays.json": json.dumps(
        {
            "type": "artifact-version",
            "ml_repo": "forecasting",
            "name": "holidays",
            "source": {
                "type": "external",
                "uri": "gs://example-forecasting-data/holidays/2026-11-03.parquet",
            },
            "metadata": {"countries": ["DE", "NO"]},
        }
    ),
    "search/ranker.yaml": """\
type: artifact-version
ml_repo: search-ranking
name: ranker
version: 2
version_alias: v-live
source: {type: external, uri: gs://example-search-models/ranker/1.2}
metadata: {base_model: minilm-l12}
---
type: artifact-version
ml_repo: search-ranking
name: encoder
version_alias: v2026.11
source: {type: truefoundry, uri: s3://store/encoder/2026-11}
metadata: {}
---
type: artifact-version
ml_repo: search-ranking
name: stopwords
version: 1
source: {type: external, uri: gs://example-search-models/stopwords/1}
metadata: {}
---
type: artifact-version
ml_repo: search-ranking
name: synonyms
version: 1
source: {type: truefoundry}
metadata: {}
---
type: artifact-version
ml_repo: search-ranking
name: synonyms
version: 2
source: {type: truefoundry}
metadata: {}
""",
    "service.yaml": "type: service\nname: scorer # of its ml_repo\n---\ntype: workflow\n",
    "values.yaml": "image: {{ .Values.image }}\n",
}


def has(ml_repo: str, name: str, version: int, uri: str | None, **fields: Any) -> Any:
    source = external(uri) if uri else {"type": "truefoundry"}
    return registered(version, ml_repo=ml_repo, name=name, source=source, **fields)


HAS = (
    has(
        "fraud", "scorer", 1, "s3://example-fraud-models/scorer/2026-03-02", version_alias="v-prod",
        description="First gradient-boosted scorer. Kept for the quarterly comparison.",
        metadata={"framework": "lightgbm", "owners": ["payments-risk"], ".truefoundry": {"size": 4096}},
    ),
    has(
        "fraud", "scorer", 2, "s3://example-fraud-models/scorer/2026-08-17",
        description="Adds device and merchant history, and reads the corrected chargeback labels of 2025.",
        metadata={
            "framework": "lightgbm",
            "owners": ["payments-risk"],
            "training_data": {"rows": 21950113, "table": "warehouse.fraud.labelled_payments"},
            "metrics": {"validation": {"auc": 0.957, "a_metric_with_quite_a_long_name": 1}},
            "quoted": 1,
        },
    ),
    has("fraud", "features", 1, None, version_alias="v-green"),
    has("fraud", "features", 2, None, version_alias="v-blue"),
    has("forecasting", "demand-per-store-and-product-group", 2, "gs://example-forecasting-models/demand/2"),
    has("search-ranking", "ranker", 1, "gs://example-search-models/ranker/1.1", version_alias="v-live"),
    has("search-ranking", "ranker", 2, "gs://example-search-models/ranker/1.2",
        metadata={"base_model": "minilm-l12"}),
    has("search-ranking", "synonyms", 1, None),
    has("search-ranking", "synonyms", 2, None),
    has("search-ranking", "stopwords", 1, "gs://example-search-models/stopwords/1"),
)  # fmt: skip


GONE = (
    Orphan(
        replace(
            has("fraud", "scorer", 9, "s3://example-fraud-models/scorer/2026-01-15", version_alias="v-2025"),
            tags=("champion", "quarterly"),
        ),
        "id-fraud",
        Removal(BASE, "Ada Example", "2026-11-10T09:30:00+01:00"),
        ("alias v-2025", "tag champion", "tag quarterly"),
    ),
    Orphan(has("search-ranking", "drafts", 7, None), "id-search", None, ()),
)


@pytest.fixture(scope="module")
def decided() -> Plan:
    """A plan with one of everything, but for orphans, which it deletes."""
    found = load_manifests(snapshot(FILES))
    made = plan_of(found, HAS, others=5)
    parts = {each.declared.place: each.parts for each in made.changes if isinstance(each, Conflict)}
    made = made.with_places(FieldPlaces(found.snapshot.files).find_places(parts))
    return replace(made, deletes=tuple(map(Delete, GONE)), made=datetime(2026, 1, 31, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def rich(decided: Plan) -> PlanDocument:
    """The document of that plan, compared with a base."""
    document = describe_plan(decided)
    origins = cycle(ORIGINS)
    changes = [
        replace(
            change,
            origin=origin,
            commit=commit if change.file else change.commit,
            author=author if change.file else change.author,
        )
        for change, (origin, commit, author) in zip(document.changes, origins, strict=False)
    ]
    source = replace(document.source, repository="https://git.example.com/models", base=BASE)
    return replace(document, source=source, changes=tuple(changes))


@pytest.fixture(scope="module")
def nothing() -> PlanDocument:
    """A plan that finds nothing to do, but for orphans, which it leaves alone."""
    files = {"stopwords.yaml": str(FILES["search/ranker.yaml"]).split("---\n")[2]}
    found = load_manifests(snapshot({**files}))
    made = plan_of(found, HAS[-1:], commit=None, in_work_tree=True)
    return describe_plan(replace(made, orphans=Orphans(GONE)))


def page(lines: Iterable[Line]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def written(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def styled(lines: Iterable[Line]) -> str:
    return "".join(f"{line.style:<8}|{line.text}\n" for line in lines)


def as_json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def saved(document: PlanDocument) -> str:
    return written(add_checksum(format_plan_json(document)))


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("plan-80.txt", NARROW),
        ("plan-120.txt", WIDE),
        ("plan-200.txt", WIDEST),
        ("plan-ascii.txt", ASCII),
    ],
)
def test_a_rich_plan_as_text(rich: PlanDocument, name: str, layout: TextLayout) -> None:
    check(name, page(render_plan_lines(rich, layout)))


def test_the_styles_of_a_rich_plan(rich: PlanDocument) -> None:
    check("plan-styles.txt", styled(render_plan_lines(rich, ASCII)))


def test_a_rich_plan_as_json(rich: PlanDocument) -> None:
    check("plan.json", saved(rich))


def test_a_rich_plan_as_markdown(rich: PlanDocument) -> None:
    check("plan.md", written(render_plan_markdown(rich)))


def test_a_rich_plan_as_a_page(rich: PlanDocument) -> None:
    check("plan.html", written(render_plan_page(rich)))


def test_a_plan_without_changes_as_text(nothing: PlanDocument) -> None:
    check("plan-empty.txt", page(render_plan_lines(nothing, NARROW)))


def test_a_plan_without_changes_as_json(nothing: PlanDocument) -> None:
    check("plan-empty.json", saved(nothing))


def test_a_plan_without_changes_as_markdown(nothing: PlanDocument) -> None:
    check("plan-empty.md", written(render_plan_markdown(nothing)))


def test_a_plan_without_changes_as_a_page(nothing: PlanDocument) -> None:
    check("plan-empty.html", written(render_plan_page(nothing)))


def annotated(document: PlanDocument) -> str:
    return written(render_annotations(find_plan_problems(document)))


def test_a_plan_a_line_for_each_change(rich: PlanDocument, nothing: PlanDocument) -> None:
    check("plan-concise.txt", page(render_concise_plan(rich)))
    check("plan-empty-concise.txt", page(render_concise_plan(nothing)))


def test_a_plan_as_annotations(rich: PlanDocument, nothing: PlanDocument) -> None:
    check("plan-annotations.txt", annotated(rich))
    assert annotated(nothing) == ""


def test_a_plan_for_the_widget_of_gitlab(rich: PlanDocument, nothing: PlanDocument) -> None:
    check("plan-gitlab.json", as_json(make_plan_widget(rich)))
    assert make_plan_widget(nothing) == {"create": 0, "update": 0, "delete": 0}


def test_a_plan_as_sarif(rich: PlanDocument, nothing: PlanDocument) -> None:
    check("plan.sarif", as_json(make_sarif_log(find_plan_problems(rich))))
    check("plan-empty.sarif", as_json(make_sarif_log(find_plan_problems(nothing))))


def test_a_plan_as_junit(rich: PlanDocument, nothing: PlanDocument) -> None:
    check("plan-junit.xml", written(render_junit(find_plan_problems(rich), "plan")))
    check("plan-empty-junit.xml", written(render_junit(find_plan_problems(nothing), "plan")))


def outcomes(plan: Plan) -> tuple[OutcomeDocument, ...]:
    """Every result there is, on changes that can have it."""
    told: dict[str, tuple[Result, int | None, str, str]] = {
        "forecasting/demand-per-store-and-product-group:2": (
            Result.SKIPPED, None, "source and step of a registered version can not change",
            "declare it as a new version: 4 is free",
        ),
        "forecasting/holidays": (Result.CREATED, 7, "", ""),
        "fraud/features:2": (Result.UPDATED, 2, "", ""),
        "fraud/features:1": (Result.UPDATED, 1, "the control plane changed description from 'a' to 'b'", ""),
        "fraud/scorer:1": (Result.UPDATED, 1, "", ""),
        "fraud/scorer:2": (
            Result.FAILED, 2, "PUT /api/ml/v1/artifact-versions: 422, description is too long",
            "see what is registered with: reconciler plan",
        ),
        "fraud/scorer:3": (Result.SKIPPED, None, "fraud/scorer:2 before it failed", ""),
        "search-ranking/encoder": (
            Result.UNKNOWN, None, "PUT /api/ml/v1/artifact-versions: no whole answer within 60 s",
            "see what is registered with: reconciler plan",
        ),
        "search-ranking/ranker:1": (Result.UNCHANGED, 1, "", ""),
        "search-ranking/ranker:2": (Result.UPDATED, 2, "", ""),
    }  # fmt: skip
    blocked = (Result.SKIPPED, None, "forecasting/demand-per-store-and-product-group:2 is in conflict", "")

    effort = {
        "fraud/features:2": (2, "a-7"),
        "fraud/features:1": (1, "a-8"),
        "search-ranking/encoder@v2026.11": (3, None),
    }

    def outcome(change: Change) -> Outcome:
        found = Outcome(change, *next((told[key] for key in told if change.label.startswith(key)), blocked))
        attempts, request_id = effort.get(change.label, (0, None))
        return replace(found, attempts=attempts, request_id=request_id)

    describer = Describer(plan)
    return tuple(describe_outcome(outcome(change), describer) for change in plan.changes)


def test_the_outcomes_as_text(decided: Plan) -> None:
    found = outcomes(decided)
    lines = [line for outcome in found for line in render_outcome_lines(outcome)]
    check("outcomes.txt", page([*lines, render_apply_counts(found)]))


def test_an_apply_as_text_has_the_plan_and_the_outcomes(decided: Plan, rich: PlanDocument) -> None:
    found = outcomes(decided)
    text = page(render_apply_lines(ApplyDocument(rich, found, len(found), 3), NARROW))
    assert text == (GOLDEN / "plan-80.txt").read_text() + "\n" + (GOLDEN / "outcomes.txt").read_text()
    assert max(map(len, text.splitlines())) == 80


def test_the_outcomes_as_json(decided: Plan) -> None:
    found = outcomes(decided)
    check("outcomes.json", as_json(list(map(make_outcome_json, found))))


def test_an_apply_as_markdown(decided: Plan, rich: PlanDocument) -> None:
    found = outcomes(decided)
    check("outcomes.md", written(render_apply_markdown(ApplyDocument(rich, found, len(found), 3))))


def test_an_apply_as_a_page(decided: Plan, rich: PlanDocument) -> None:
    timed = (
        replace(outcome, began=number / 4, seconds=(number + 1) / 2)
        for number, outcome in enumerate(outcomes(decided))
    )
    found = tuple(
        outcome if outcome.version else replace(outcome, began=None, seconds=None) for outcome in timed
    )
    check("apply.html", written(render_apply_page(ApplyDocument(rich, found, len(found), 3))))


def test_golden_files_are_those_that_are_compared() -> None:
    tests = Path(__file__).parents[1]
    source = "".join(file.read_text() for file in tests.rglob("test_*.py"))
    unused = [file.name for file in GOLDEN.glob("*.*") if f'"{file.name}"' not in source]
    assert unused == []
