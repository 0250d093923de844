"""A plan that can be applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from reconciler.client.requests.patience import Deadline, Patience
from reconciler.compare.selector import Selector
from reconciler.errors import BlockedError
from reconciler.library.calls import SECONDS, run
from reconciler.library.manifests import Manifests
from reconciler.manifest.load import Declaration, Loading
from reconciler.planning.approval import MIN_DIGITS, make_approval
from reconciler.planning.change import Plan
from reconciler.planning.document import ChangeDocument, PlanDocument
from reconciler.planning.orphans import Pruning
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.options import PlanOptions
from reconciler.workflow.plan import BeginPlanning, make_proposal


class Proposal:
    """A plan, and where it can be applied, once.

    Attributes:
        document: all of it, credentials masked.
    """

    document: PlanDocument

    def __init__(self, document: PlanDocument, decided: Plan, plane: ControlPlane) -> None:
        self.document = document
        self._plan = decided
        self._plane = plane
        self._is_spent = False

    def __repr__(self) -> str:
        return f"<Proposal {self.digest[:MIN_DIGITS]} of {len(self.document.changes):,} changes>"

    @property
    def digest(self) -> str:
        """What it is approved by: 64 hexadecimal digits, the same for the same changes."""
        return self.document.digest

    @property
    def approval(self) -> str:
        """What it is approved by, and what is left of it after an apply that stopped."""
        return make_approval(self.document)

    @property
    def changes(self) -> tuple[ChangeDocument, ...]:
        """Every change, conflicts among them, in order."""
        return tuple(self.document.changes)

    def _take_plan(self) -> tuple[Plan, ControlPlane]:
        """The plan and the control plane, once: after an apply, what the plan was made of is out of date.

        Raises:
            BlockedError: it was taken before.
        """
        if self._is_spent:
            raise BlockedError("the plan was applied already", "plan again: what is done is not done twice")
        self._is_spent = True
        return self._plan, self._plane


def plan(  # noqa: PLR0913  one for each option of the command
    manifests: Manifests,
    plane: ControlPlane,
    *,
    select: Sequence[str] = (),
    prune: bool | Literal["used"] = False,
    owned_by: Sequence[str] = (),
    allow_mass_change: bool = False,
    timeout: float = SECONDS,
) -> Proposal:
    """Compare what is declared with what is registered, and change nothing.

    Args:
        manifests: what is declared.
        plane: where it is to be registered.
        select: globs of what the plan is about, e.g. `fraud/*` and `!fraud/scorer:4`; none for everything.
        prune: whether what an earlier commit declared, and none does now, is to be deleted; only with `used`
            also what has an alias or tags.
        owned_by: names further branches whose commits count as earlier ones, e.g. of releases.
        allow_mass_change: whether more than the guard allows may be changed at once.
        timeout: seconds for all of it.

    Raises:
        SettingsError: the manifests are for another control plane, nothing is selected, or what was declared
            once is not known.
        SourceError: files have changed since they were read, or there is no such branch.
        ControlPlaneError: what is registered can not be read.
        RuntimeError: an event loop is running in this thread.
    """
    loading, selection = manifests._loading, manifests._selection  # noqa: SLF001  ours
    pruning = Pruning.ALL if prune == "used" else Pruning.UNUSED if prune else Pruning.NONE
    asked = PlanOptions(selection, Selector(select), pruning, tuple(owned_by), allow_mass_change, timeout)
    reader = plane.reader(Deadline(timeout), Patience())
    decided, document = make_proposal(asked, loading, reader, _Unwatched())
    return Proposal(document, decided, plane)


class _Unwatched:
    """Runs the call that plans, and shows nothing."""

    def watch_planning(self, _loading: Loading, begin: BeginPlanning) -> tuple[Declaration, Plan]:
        """Run it."""
        return run(begin(lambda reader: reader))
