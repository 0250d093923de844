"""The stages as Python functions; their names are the package's: `from reconciler import load, plan, apply`.

    manifests = load(".", ref="HEAD")
    with connect("https://example.com", token=token) as plane:
        proposal = plan(manifests, plane)
        report = apply(proposal)

The rules are the command line's. What that one reads from the environment is given here: host and token.
Nothing is printed and no signal handled; whatever goes wrong that a caller can act on is a `ReconcilerError`.
Each call returns when it is done: from a program with an event loop, make it by `asyncio.to_thread`.
"""

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.errors import BlockedError, InvalidManifestsError, Problem, ReconcilerError
from reconciler.library.manifests import Manifests, load
from reconciler.library.plane import connect
from reconciler.library.proposal import Proposal, plan
from reconciler.library.report import Report, apply
from reconciler.planning.document import ChangeDocument, PlanDocument
from reconciler.workflow.control_plane import ControlPlane

__all__ = [
    "BlockedError",
    "ChangeDocument",
    "ControlPlane",
    "InvalidManifestsError",
    "Manifests",
    "OutcomeDocument",
    "PlanDocument",
    "Problem",
    "Proposal",
    "ReconcilerError",
    "Report",
    "Result",
    "apply",
    "connect",
    "load",
    "plan",
]
