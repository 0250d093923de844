"""From the parts of a saved document, as JSON types, to what they were written from."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.client.port import Extent
from reconciler.compare.selector import Shard
from reconciler.diff import make_json_patch
from reconciler.errors import Place, Problem, SavedFileError
from reconciler.model import Artifact, Limits, Target
from reconciler.planfile.schema import PLAN
from reconciler.planning.document import (
    ChangeDocument,
    GuardResult,
    LeftAlone,
    OrphanDocument,
    OrphansDocument,
    PlanDocument,
    PromotionDocument,
    Scope,
    Share,
    Source,
)

_COUNTED = tuple(PLAN["properties"]["counts"]["properties"])


def refusal(why: str) -> SavedFileError:
    """What is said of a file that is not as it was written."""
    return SavedFileError(f"it can not be relied on: {why}", "make it anew: reconciler plan --out FILE")


def plan_of(heading: Mapping[str, Any], changes: Collection[ChangeDocument]) -> PlanDocument:
    """A plan, from a heading that is as the schema says.

    Raises:
        SavedFileError: it is of a shard that there can not be.
    """
    guard = heading["guard"]
    return PlanDocument(
        tool_version=heading["tool_version"],
        source=_source(heading["source"]),
        target=target_of(heading["control_plane"]),
        scope=_scope(heading["scope"]),
        counts={name: heading["counts"][name] for name in _COUNTED},
        changes=changes,
        promotions=tuple(map(_promotion, heading["promotions"])),
        diagnostics=tuple(map(_diagnostic, heading["diagnostics"])),
        guard=GuardResult(tuple(guard["violations"]), is_waived=guard["waived"]),
        digest=heading["digest"],
        share=_share(heading["shard"]) if "shard" in heading else None,
        orphans=_orphans(heading["orphans"]),
        made=heading["made"],
    )


def target_of(target: Mapping[str, Any]) -> Target:
    """What was asked, from a control plane that is as the schema says."""
    return Target(target["host"], target["api"], target["tenant"])


def change_of(change: Mapping[str, Any]) -> ChangeDocument:
    """A change, from one that is as the schema says.

    Raises:
        SavedFileError: its patch is not the one from `before` to `after`, or it creates what is registered.
    """
    before, after = change["before"], change["after"]
    artifact = Artifact(change["ml_repo"], change["name"])
    if not _same(change["patch"], make_json_patch(before, after)):
        raise refusal(f"a patch of {artifact} is not that of its change")
    is_registered = before is not None
    if change["action"] != "conflict" and is_registered != (change["action"] in {"update", "delete"}):
        raise refusal(f"a change of {artifact} contradicts itself")
    if after and change["action"] == "delete":
        raise refusal(f"a change of {artifact} contradicts itself")
    return ChangeDocument(
        action=change["action"],
        artifact=artifact,
        version=change["version"],
        id=change["id"],
        fqn=change["fqn"],
        file=change["file"],
        line=change["line"],
        before=before,
        after=after,
        left_alone=tuple(LeftAlone(each["path"], each["reason"]) for each in change["left_alone"]),
        reason=change["reason"],
        hint=change["hint"],
        waits_for=change["waits_for"],
        origin=change["origin"],
        commit=change["commit"],
        author=change["author"],
        date=change["date"],
        in_use=tuple(change["in_use"]),
        renamed_from=change["renamed_from"],
        at=Place(**{name: change["at"][name] for name in Place._fields}) if "at" in change else None,
    )


def outcome_event_of(line: Mapping[str, Any]) -> OutcomeDocument:
    """An outcome, from a line of a report that is as the schema says.

    Raises:
        SavedFileError: its change can not be relied on.
    """
    return outcome_of(line, change_of(line["change"]))


def outcome_of(outcome: Mapping[str, Any], change: ChangeDocument) -> OutcomeDocument:
    """An outcome, from one that is as the schema says, and its change.

    Raises:
        SavedFileError: it is not of that change.
    """
    told = Artifact(outcome["ml_repo"], outcome["name"])
    if (told, outcome["action"]) != (change.artifact, change.action):
        raise refusal(f"an outcome of {told} is not that of its change")
    return OutcomeDocument(
        change=change,
        result=Result(outcome["result"]),
        version=outcome["version"],
        message=outcome["message"],
        hint=outcome["hint"],
        began=outcome["began"],
        seconds=outcome["seconds"],
    )


def _source(source: Mapping[str, Any]) -> Source:
    return Source(
        repository=source["repository"],
        commit=source["commit"],
        paths=tuple(source["paths"]),
        in_work_tree=source["work_tree"],
        is_dirty=source["dirty"],
        base=source["base"],
        defaults=tuple(source["defaults"]),
    )


def _scope(scope: Mapping[str, Any]) -> Scope:
    return Scope(
        ml_repos=tuple(scope["ml_repos"]),
        pages=scope["pages"],
        rows=scope["rows"],
        manifests=scope["manifests"],
        not_selected=scope["not_selected"],
        orphans_not_selected=scope["orphans_not_selected"],
    )


def _share(told: Mapping[str, Any]) -> Share:
    if told["number"] > told["of"]:
        raise refusal(f"there is no shard {told['number']} of {told['of']}")
    extents = {each["name"]: Extent(each["versions"], each["listed"]) for each in told["ml_repos"]}
    declared = {each["name"]: each["declared"] for each in told["ml_repos"] if each["declared"]}
    limits = Limits(told["guard"]["percent"], told["guard"]["at_least"])
    shard, globs = Shard(told["number"], told["of"]), tuple(told["select"])
    return Share(shard, globs, extents, declared, limits, told["orphans_not_selected"])


def _promotion(promotion: Mapping[str, Any]) -> PromotionDocument:
    artifact = Artifact(promotion["ml_repo"], promotion["name"])
    return PromotionDocument(artifact, promotion["alias"], promotion["from"], promotion["to"])


def _orphans(orphans: Mapping[str, Any]) -> OrphansDocument:
    return OrphansDocument(tuple(map(_orphan, orphans["found"])), orphans["unknown"], orphans["hint"])


def _orphan(orphan: Mapping[str, Any]) -> OrphanDocument:
    return OrphanDocument(
        artifact=Artifact(orphan["ml_repo"], orphan["name"]),
        version=orphan["version"],
        id=orphan["id"],
        fqn=orphan["fqn"],
        uri=orphan["uri"],
        commit=orphan["commit"],
        author=orphan["author"],
        date=orphan["date"],
        in_use=tuple(orphan["in_use"]),
        origin=orphan["origin"],
    )


def _diagnostic(told: Mapping[str, Any]) -> Problem:
    place = Place(told["file"], told["line"], told["column"])
    return Problem(place, told["code"], told["message"], told["hint"], told["severity"])


def _same(told: Any, derived: Any) -> bool:
    """Whether two values are one as JSON text: `1`, `1.0` and `true` differ."""
    return json.dumps(told, sort_keys=True) == json.dumps(derived, sort_keys=True)
