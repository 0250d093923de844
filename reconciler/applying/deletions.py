"""The deletions of a plan: last, and only once everything else is as declared.

Each version is read again by its id right before it is deleted, and has to be what the plan was made from. A
lost answer is followed by another look, the last one too: what is gone is deleted, what is still there may be
tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from reconciler.applying.attempts import LateTurnError, Tools
from reconciler.applying.effort import Effort
from reconciler.applying.outcome import REACHED, Outcome, Result
from reconciler.applying.workers import work_off
from reconciler.client.listing import find_versions
from reconciler.compare.desired import is_internal_key
from reconciler.diff import Difference, Missing, describe_difference, find_differences
from reconciler.errors import ControlPlaneError, NotFoundError, OutOfTimeError, RefusedError
from reconciler.model import Document, Registered
from reconciler.planning.change import Delete, Plan, Update

_NOT_ALL = "something before it did not come to its end, so that nothing is deleted"
_CONFLICT = "waits until nothing is in conflict"
_STALE = "nothing was deleted: look at the version, then plan and apply again"
_NEXT = "see what is registered with: reconciler plan"
_MAX_SHOWN = 3
_CONFLICT_STATUS = 409
"""A conflict, of which another look tells whether it was with the deletion's own first attempt."""


async def delete_all(plan: Plan, before: Sequence[Outcome], tools: Tools) -> tuple[Outcome, ...]:
    """Delete what a plan says.

    Args:
        plan: the plan.
        before: what became of its other changes.
        tools: with what.

    Returns:
        One outcome for each deletion, in the plan's order.
    """
    if not all(outcome.result in REACHED for outcome in before):
        message = _CONFLICT if plan.conflict else _NOT_ALL
        return tuple(
            _report_outcome(tools, Outcome(change, Result.SKIPPED, message=message))
            for change in plan.deletes
        )
    expected = _find_expected(plan)

    async def reach_outcome(change: Delete) -> Outcome:
        return await _Deletion(change, expected[change.registered.id], tools).reach_outcome()

    return tuple(await work_off(plan.deletes, reach_outcome, tools.stop))


def _find_expected(plan: Plan) -> dict[str, Document]:
    """What is registered of each version to be deleted, after all other changes."""
    expected = {change.registered.id: change.registered.document for change in plan.deletes}
    for lane in plan.lanes:
        for change in lane.changes:
            if isinstance(change, Update) and change.registered.id in expected:
                expected[change.registered.id] = change.after
    return expected


def _report_outcome(tools: Tools, outcome: Outcome) -> Outcome:
    tools.report(outcome)
    return outcome


class _Deletion:
    """One deletion, brought to an outcome.

    Args:
        change: what to delete.
        expected: what has to be registered of it.
        tools: with what.
    """

    def __init__(self, change: Delete, expected: Document, tools: Tools) -> None:
        self._change = change
        self._expected = expected
        self._tools = tools
        self._effort = Effort(tools.began)
        self._tries = 0
        self._is_looking = False
        self._is_sent = False
        self._lost: ControlPlaneError | None = None

    async def reach_outcome(self) -> Outcome:
        """Try until the outcome is known; also when cancelled."""
        outcome = None
        try:
            while outcome is None:
                outcome = await self._try()
        except asyncio.CancelledError:
            outcome = self._abandon()
        return _report_outcome(self._tools, self._effort.add_to(outcome))

    async def _try(self) -> Outcome | None:
        """One more try; `None` if another one is due."""
        tools = self._tools
        try:
            async with tools.pace.hold_slot():
                if tools.stop.reason:
                    return self._abandon()
                self._tries += 1
                self._effort.begin()
                self._is_looking = True
                if outcome := self._conclude(await self._look()):
                    return outcome
                self._is_looking = False
                if self._lost and self._tries > tools.patience.tries:
                    return self._make_left(self._lost)
                async with tools.take_turn():
                    self._is_sent = True
                    self._effort.attempts += 1
                    self._effort.request_id = await tools.writer.delete(self._change.registered.id)
                return self._make_deleted()
        except LateTurnError:
            self._tries -= 1
            return None
        except ControlPlaneError as error:
            return await self._handle_error(error)

    async def _look(self) -> Registered | None:
        """The version as it is registered; whether it is gone, its listing shows."""
        planned, reader = self._change.registered, self._tools.reader
        found = await reader.fetch_version(planned.id)
        if found is not None:
            return found
        artifact = planned.artifact
        listed = await find_versions(
            reader, [(artifact, self._change.orphan.ml_repo_id)], lambda row: row.id == planned.id
        )
        return listed[0] if listed else None

    def _conclude(self, found: Registered | None) -> Outcome | None:
        """The outcome, if what is registered shows it."""
        if found is None:
            if self._is_sent:
                return self._make_deleted("its answer was lost, but it is gone")
            return Outcome(self._change, Result.UNCHANGED, message="somebody else was faster")
        planned = self._change.registered
        changed = [describe_difference(each) for each in _find_changes(self._expected, found.document)]
        if found.artifact != planned.artifact or found.version != planned.version:
            changed.append(f"it is {found} now")
        if set(found.tags) != set(planned.tags):
            changed.append(f"tags: {_join_tags(planned.tags)} -> {_join_tags(found.tags)}")
        if not changed:
            return None
        shown = ", ".join(changed[:_MAX_SHOWN]) + (", ..." if len(changed) > _MAX_SHOWN else "")
        message = f"changed since the plan was made: {shown}"
        return Outcome(self._change, Result.SKIPPED, planned.version, message, _STALE)

    async def _handle_error(self, error: ControlPlaneError) -> Outcome | None:
        """What follows from an error; `None` if another try is due."""
        patience, stop = self._tools.patience, self._tools.stop
        self._tools.stop_if_hopeless(error)
        if self._is_looking:  # which was tried again already
            return self._make_failure(error)
        self._effort.request_id = error.request_id or self._effort.request_id
        if error.is_throttled:
            self._tries -= 1
            self._is_sent = self._lost is not None
            return None
        if error.is_unknown:
            self._lost = error
        # Where there is nothing to delete any more, another look shows it.
        may_help = error.is_unknown or error.is_passing or isinstance(error, NotFoundError)
        has_tried_all = self._tries >= patience.tries and self._lost is None  # else it is looked at once more
        if not may_help or has_tried_all or stop.reason:
            return self._make_failure(error)
        await stop.sleep(patience.choose_delay(self._tries, error.retry_after))
        return None

    def _make_failure(self, error: ControlPlaneError) -> Outcome:
        if self._lost:
            return Outcome(self._change, Result.UNKNOWN, message=self._lost.full_message, hint=_NEXT)
        result = Result.SKIPPED if isinstance(error, OutOfTimeError) else Result.FAILED
        return Outcome(self._change, result, message=error.full_message, hint=error.hint)

    def _make_left(self, error: ControlPlaneError) -> Outcome:
        """The outcome of a version that is still there after the last try."""
        is_conflict = isinstance(error, RefusedError) and error.status == _CONFLICT_STATUS
        result = Result.FAILED if is_conflict else Result.UNKNOWN
        return Outcome(self._change, result, message=error.full_message, hint=_NEXT)

    def _make_deleted(self, message: str = "") -> Outcome:
        return Outcome(self._change, Result.DELETED, self._change.version, message)

    def _abandon(self) -> Outcome:
        """The outcome, if nobody waits for it any longer."""
        reason = self._tools.stop.reason
        if self._is_sent:
            return Outcome(
                self._change, Result.UNKNOWN, message=f"{reason} before the answer came", hint=_NEXT
            )
        return Outcome(self._change, Result.SKIPPED, message=reason)


def _find_changes(expected: Document, found: Document) -> Iterable[Difference]:
    """In what a version is not what it was; what one answer shows of internal metadata, another may not."""
    for difference in find_differences(expected, found):
        if difference.says_nothing:
            continue
        match difference.path:
            case ("metadata", key, *_) if is_internal_key(key) and isinstance(difference.after, Missing):
                continue
        yield difference


def _join_tags(tags: Iterable[str]) -> str:
    return ", ".join(sorted(tags)) or "(none)"
