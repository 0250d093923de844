"""What a lane takes to be registered, and whether a write still fits it.

The belief begins with what the plan was made from and follows the lane's own writes. When the
artifact is looked at again, a difference is somebody else's doing, or the late effect of a write
whose answer was lost.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.client.port import Sighting
from reconciler.client.requests.patience import Patience
from reconciler.compare.desired import find_normalisers, find_unmet, is_written_as
from reconciler.compare.match import RegisteredVersions
from reconciler.diff import Difference, Missing, are_same, describe_difference, find_differences
from reconciler.model import Document, Registered
from reconciler.planning.change import Create, Lane, Update
from reconciler.planning.order import Write
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX


@dataclass(frozen=True, slots=True)
class Pending:
    """The write has yet to be made."""


@dataclass(frozen=True, slots=True)
class Done:
    """What the write is to bring about is registered."""

    registered: Registered


@dataclass(frozen=True, slots=True)
class Stale:
    """The registered state is neither what the write was decided by nor what it brings about."""

    message: str


Verdict: TypeAlias = Pending | Done | Stale


class Belief:
    """What is registered of one artifact, as far as its lane knows.

    Args:
        lane: the lane, with what it was decided by.
        normalise: the known ways of the control plane to write values other than it was sent.
    """

    def __init__(self, lane: Lane, normalise: frozenset[str]) -> None:
        self._normalise = normalise
        self._rows = {row.version: row for row in lane.seen.versions}
        self._before = lane.seen.known
        self._written: dict[int, Document] = {}
        self._at = lane.seen.at
        self._settled = lane.seen.settled

    def is_fresh(self, write: Write, patience: Patience) -> bool:
        """Whether a write may rely on the belief without another look."""
        if isinstance(write.change, Create):
            return self._settled and time.monotonic() - self._at <= patience.create_age
        return time.monotonic() - self._at <= patience.update_age

    def doubt(self) -> None:
        """Have the artifact looked at again: the effect of a write is not known."""
        self._settled = False
        self._at = float("-inf")

    def take_sighting(self, seen: Sighting) -> None:
        """Take over what was seen."""
        self._rows = {row.version: row for row in seen.versions}
        self._at = seen.at
        self._settled = True

    def note_answer(self, answer: Registered) -> None:
        """Take over what the control plane answered to a write of this lane."""
        self._rows[answer.version] = answer
        self._written[answer.version] = answer.document

    def compare(self, asked: Document, registered: Registered) -> tuple[str, str]:
        """What the control plane made of a write otherwise than asked, and what to do; both may be empty."""
        changed = find_unmet(asked, registered.document, self._normalise)
        if not changed:
            return "", ""
        message = f"the control plane changed {', '.join(map(describe_difference, changed))}"
        normalisers = find_normalisers(asked, registered.document)
        if normalisers is None:
            return message, "declare what it keeps, or every plan will show this again"
        setting = json.dumps(sorted({*normalisers, *self._normalise}))
        return message, f"if it always does: normalise = {setting} in reconciler.toml"

    def judge(self, write: Write, *, was_sent: bool) -> Verdict:
        """Whether a write is still to be made, is made, or must not be.

        Args:
            write: the write.
            was_sent: whether it was sent before, and its answer lost.
        """
        change, document = write.change, write.document
        if isinstance(change, Create):
            verdict = self._judge_creation(change, document, was_sent=was_sent)
        else:
            verdict = self._judge_update(change, document, was_sent=was_sent)
        alias = document.get("version_alias")
        if isinstance(verdict, Pending) and alias is not None:
            for row in self._rows.values():
                if row.alias == alias and row.version != change.version:
                    return Stale(f"{alias} is now held by {row}")
        return verdict

    def _judge_creation(self, change: Create, document: Document, *, was_sent: bool) -> Verdict:
        for row in RegisteredVersions(self._rows.values()).match(change.declared).candidates:
            if self._is_done(document, row, was_sent=was_sent):
                return Done(row)
            missing = find_unmet(document, row.document, self._normalise)
            return Stale(f"{row} was registered meanwhile, otherwise: {_describe_all(missing)}")
        if was_sent and change.version is not None:
            for row in self._rows.values():
                if row.version not in self._before and is_written_as(document, row.document):
                    return Stale(f"asked for {change.label}, but the control plane registered {row}")
        return Pending()

    def _judge_update(self, change: Update, document: Document, *, was_sent: bool) -> Verdict:
        row = self._rows.get(change.version)
        if row is None:
            return Stale(f"{change.label} is no longer registered")
        before, written = change.registered.document, self._written.get(change.version)
        # What is still as it was may not be taken for what became of the write.
        if self._is_done(document, row, was_sent=was_sent and not are_same(before, row.document)):
            return Done(row)
        changed = (
            find_differences(before, row.document)
            if written is None
            else (
                *find_unmet(written, row.document, self._normalise),
                *_find_undeclared_edits(before, written, row.document),
            )
        )
        return Stale(f"changed since the plan was made: {_describe_all(changed)}") if changed else Pending()

    def _is_done(self, document: Document, row: Registered, *, was_sent: bool) -> bool:
        """Whether a version is as a write is to make it, or as the control plane may have made it of ours."""
        if was_sent:
            return is_written_as(document, row.document)
        return not find_unmet(document, row.document, self._normalise)


def _find_undeclared_edits(before: Document, written: Document, found: Document) -> Iterator[Difference]:
    """What somebody did, since we wrote a version, to what of it no manifest declares.

    Our own write left internal metadata as it was, but the answer to it may not have shown any.
    """
    for difference in find_differences(written, found):
        if len(difference.path) == 1 and isinstance(difference.before, Missing):
            yield difference
    for difference in find_differences(before, found):
        match difference.path:
            case ("metadata", key, *_) if key.startswith(INTERNAL_METADATA_PREFIX):
                if not isinstance(difference.after, Missing):
                    yield difference


def _describe_all(found: tuple[Difference, ...]) -> str:
    """What differs, with both sides, bounded."""
    return ", ".join(map(describe_difference, found[:_MAX_SHOWN])) + (
        ", ..." if len(found) > _MAX_SHOWN else ""
    )


_MAX_SHOWN = 3
