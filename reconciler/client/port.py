"""What the stages need of a control plane: a reader for plans, a writer for applying them.

They are two objects, so that a plan can not hold a write method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.model import Artifact, Document, Registered


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Some of the versions of an ML repo; `total` counts all of them."""

    rows: tuple[Registered, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """The versions of one artifact, as they were seen registered.

    Args:
        ml_repo_id: the id of the artifact's ML repo.
        versions: by rising number.
        at: when, in seconds of the monotonic clock.
        settled: false where somebody was writing meanwhile, so that a new version may be missing.
    """

    ml_repo_id: str
    versions: tuple[Registered, ...]
    at: float
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Observation:
    """What the control plane had registered when it was asked.

    Args:
        host: the control plane.
        api: the flavour of its API.
        artifacts: what was seen of each artifact asked for.
        registered: how many versions the ML repos asked have, of these and other artifacts.
    """

    host: str
    api: str
    artifacts: Mapping[Artifact, Sighting]
    registered: int


class Reader(Protocol):
    """The calls that change nothing. All raise `ControlPlaneError`."""

    @property
    def host(self) -> str:
        """The control plane, as people name it."""

    @property
    def api(self) -> str:
        """The flavour of the API."""

    async def ml_repo_id(self, name: str) -> str | None:
        """The id of the ML repo of exactly this name, or `None` if there is none."""

    async def versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """Up to `limit` versions of an ML repo, internal metadata included, after `offset` others.

        With a name, of the artifact of that name; servers may add others whose names are like it.
        """


class Writer(Protocol):
    """The call that changes something."""

    async def put(self, document: Document) -> Registered:
        """Create or update a version, and return what the control plane says it made of it.

        The request is sent once.

        Raises:
            ControlPlaneError: it refused, or what became of the call is not known.
        """
