"""Plans as hypothesis draws them, and plans as files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import Any, get_args

from hypothesis import strategies as st

from reconciler.applying.document import ApplyDocument
from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.errors import Place, Problem
from reconciler.model import Artifact, Target
from reconciler.planfile import read as reading
from reconciler.planfile.write import add_checksum, format_plan_json
from reconciler.planning.digest import compute_plan_digest
from reconciler.planning.document import (
    Action,
    ChangeDocument,
    GuardResult,
    LeftAlone,
    Origin,
    OrphanDocument,
    OrphansDocument,
    PlanDocument,
    PromotionDocument,
    Reason,
    Scope,
    Share,
    Source,
)
from tests.support.manifests import json_documents

TEXTS = st.text(max_size=20)
"""Half surrogate pairs among them, as file names that are no UTF-8 hold; no whole ones in halves."""
COUNTS = st.integers(0, 10**9)
NUMBERS = st.integers(1, 2**31 - 1)
ARTIFACTS = st.builds(Artifact, TEXTS, TEXTS)
OPTIONAL = st.none() | TEXTS
DOCUMENTS = json_documents()


@st.composite
def changes(draw: st.DrawFn) -> ChangeDocument:
    """A change of any action, on any documents."""
    action: Action = draw(st.sampled_from(get_args(Action)))
    is_registered = action in {"update", "delete"} or (action == "conflict" and draw(st.booleans()))
    return ChangeDocument(
        action=action,
        artifact=draw(ARTIFACTS),
        version=draw(NUMBERS if is_registered else st.none() | NUMBERS),
        id=draw(TEXTS) if is_registered else None,
        fqn=draw(TEXTS) if is_registered else None,
        file=draw(OPTIONAL),
        line=draw(st.none() | NUMBERS),
        before=draw(DOCUMENTS) if is_registered else None,
        after={} if action == "delete" else draw(DOCUMENTS),
        left_alone=draw(
            st.lists(st.builds(LeftAlone, TEXTS, st.sampled_from(get_args(Reason))), max_size=2).map(tuple)
        ),
        reason=draw(TEXTS),
        hint=draw(TEXTS),
        waits_for=draw(TEXTS),
        origin=draw(st.none() | st.sampled_from(get_args(Origin))),
        commit=draw(OPTIONAL),
        author=draw(OPTIONAL),
        date=draw(OPTIONAL),
        in_use=draw(st.lists(TEXTS, max_size=2).map(tuple)),
        renamed_from=draw(TEXTS),
    )


ORPHANS = st.builds(
    OrphansDocument,
    st.lists(
        st.builds(
            OrphanDocument,
            ARTIFACTS,
            NUMBERS,
            TEXTS,
            TEXTS,
            OPTIONAL,
            OPTIONAL,
            OPTIONAL,
            OPTIONAL,
            st.lists(TEXTS, max_size=2).map(tuple),
            st.sampled_from([None, "branch", "pending", "unknown"]),
        ),
        max_size=2,
    ).map(tuple),
    TEXTS,
    TEXTS,
)
SOURCES = st.builds(
    Source,
    OPTIONAL,
    OPTIONAL,
    st.lists(TEXTS, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
    OPTIONAL,
    st.lists(TEXTS, max_size=2).map(tuple),
)
PROMOTIONS = st.builds(PromotionDocument, ARTIFACTS, TEXTS, NUMBERS, st.none() | NUMBERS)
PROBLEMS = st.builds(
    Problem,
    st.builds(Place, TEXTS, NUMBERS, NUMBERS),
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(["error", "warning"]),
)
GUARDS = st.builds(GuardResult, st.lists(TEXTS, max_size=2).map(tuple), st.booleans())
SCOPES = st.builds(Scope, st.lists(TEXTS, max_size=2).map(tuple), *[COUNTS] * 5)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    """A shard, some of whose ML repos hold versions that manifests are about."""
    of = draw(st.integers(1, 9))
    extents = draw(st.dictionaries(TEXTS, st.builds(Extent, COUNTS, COUNTS), max_size=2))
    declared = {name: count for name in extents if (count := draw(COUNTS))}
    globs = tuple(draw(st.lists(TEXTS, max_size=2)))
    shard = Shard(draw(st.integers(1, of)), of)
    return Share(shard, globs, extents, declared)


@st.composite
def plans(draw: st.DrawFn) -> PlanDocument:
    """A plan of up to four changes; what follows from the rest does."""
    found = tuple(draw(st.lists(changes(), max_size=4)))
    actions = Counter(change.action for change in found)
    orphans = draw(ORPHANS)
    target = draw(st.builds(Target, TEXTS, TEXTS, OPTIONAL))
    return PlanDocument(
        tool_version=draw(TEXTS),
        source=draw(SOURCES),
        target=target,
        scope=draw(SCOPES),
        orphans=orphans,
        counts={
            "orphan": len(orphans.found),
            **{action: actions[action] for action in ("create", "update", "delete", "conflict")},
            **{name: draw(COUNTS) for name in ("unchanged", "other_documents", "other_files", "undeclared")},
        },
        changes=found,
        promotions=tuple(draw(st.lists(PROMOTIONS, max_size=2))),
        diagnostics=tuple(draw(st.lists(PROBLEMS, max_size=2))),
        guard=draw(GUARDS),
        digest=compute_plan_digest(target, found),
        share=draw(st.none() | shares()),
    )


def named(plan: PlanDocument) -> PlanDocument:
    """The same plan with the digest that it has to have."""
    return replace(plan, digest=compute_plan_digest(plan.target, plan.changes))


def saved(data: bytes) -> PlanDocument | ApplyDocument:
    """The plan or the apply that a file of these bytes holds."""
    return reading.read_saved_file(BytesIO(data))


def saved_plan(data: bytes) -> PlanDocument:
    """The plan that a file of these bytes holds."""
    return reading.read_plan_file(BytesIO(data))


def as_file(plan: PlanDocument) -> bytes:
    """A plan as `plan --out` saves it."""
    return "".join(f"{line}\n" for line in add_checksum(format_plan_json(plan))).encode()


def resealed(data: bytes) -> bytes:
    """A file that was changed, with the checksum made anew."""
    body, _, _ = data.rpartition(b'  "checksum": ')
    return body + b'  "checksum": "%s"\n}\n' % sha256(body).hexdigest().encode()


def laid_out(document: dict[str, Any]) -> bytes:
    """A document as JSON types in the layout of files, with a checksum made for it."""
    heading = {
        key: value for key, value in document.items() if key not in {"changes", "outcomes", "checksum"}
    }
    lines = [json.dumps(heading, indent=2).removesuffix("\n}") + ","]
    for name in ("changes", "outcomes"):
        if name in document:
            members = ",\n".join(f"    {json.dumps(each)}" for each in document[name])
            lines += [f'  "{name}": [', *([members] if members else []), "  ],"]
    return resealed("".join(f"{line}\n" for line in lines).encode() + b'  "checksum": ')


def without_field(document: Any, path: tuple[str | int, ...]) -> Any:
    """A copy of JSON types without the field that a path leads to."""
    copied = json.loads(json.dumps(document))
    part = copied
    for step in path[:-1]:
        part = part[step]
    del part[path[-1]]
    return copied


def fields(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every field of the format in a document, but for those of manifests and of patches."""
    found: list[tuple[str | int, ...]] = []
    members = document.items() if isinstance(document, dict) else enumerate(document)
    for step, value in members:
        if isinstance(document, dict):
            found.append((*path, step))
        if isinstance(value, dict | list) and step not in {"before", "after", "patch"}:
            found += fields(value, (*path, step))
    return found
