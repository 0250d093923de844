"""What the stages need of a control plane: a reader for plans, a writer for applying them.

They are two objects, so that a plan can not hold a write method.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from reconciler.model import Document, Registered


@dataclass(frozen=True, slots=True)
class MlRepo:
    """An ML repo that exists.

    Args:
        id: by which its versions are listed.
        tenant: the tenant that it belongs to, where the control plane gives one.
    """

    id: str
    tenant: str | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Some of the versions of an ML repo; `total` counts all of them."""

    rows: tuple[Registered, ...]
    total: int


class Written(NamedTuple):
    """What a write was answered with.

    Attributes:
        registered: the version.
        request_id: the id that the answer gives its request; `None` where it gives none.
    """

    registered: Registered
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """The registered versions of one artifact at one time.

    Args:
        ml_repo_id: the id of the artifact's ML repo.
        versions: those that matter to the caller, by rising number.
        known: the numbers of all versions of the artifact.
        at: when, in seconds of the monotonic clock.
        settled: false where somebody was writing meanwhile, so that a new version may be missing.
    """

    ml_repo_id: str
    versions: tuple[Registered, ...]
    known: frozenset[int]
    at: float
    settled: bool = True


class Collector(Protocol):
    """Takes versions as they are listed, in any order."""

    def take(self, row: Registered) -> None:
        """Take one version, which may be of another artifact than those asked for."""


class Demand(Protocol):
    """The artifacts to list; their ML repos are known first, so that listing them can begin."""

    def iterate_ml_repos(self) -> AsyncIterator[str]:
        """The ML repos, each once, as they become known."""

    async def wait_for_names(self, ml_repo: str) -> Sequence[str]:
        """The names of the artifacts in an ML repo, once all of them are known."""


Taker = TypeVar("Taker", bound=Collector)


@dataclass(frozen=True, slots=True)
class FinishedListing(Generic[Taker]):
    """A listing that was read to its end, and whose pages fit together.

    Args:
        collector: has taken the versions.
        ml_repo_id: the id of their ML repo.
        at: when it was begun, in seconds of the monotonic clock.
        settled: false where somebody was writing meanwhile, so that a new version may be missing.
        rows: how many versions were listed.
        pages: on how many pages.
    """

    collector: Taker
    ml_repo_id: str
    at: float
    settled: bool
    rows: int
    pages: int


class Extent(NamedTuple):
    """How many versions an ML repo has, of whatever artifacts, and how many of them were listed."""

    versions: int
    listed: int


@dataclass(frozen=True, slots=True)
class Observation(Generic[Taker]):
    """What the control plane had registered when it was asked.

    Args:
        host: the control plane.
        api: the flavour of its API.
        tenant: the tenant that the ML repos belong to, where the control plane gives one.
        readings: the listings; each artifact asked for is in one of them.
        extents: of the ML repos asked, by name.
    """

    host: str
    api: str
    tenant: str | None
    readings: tuple[FinishedListing[Taker], ...]
    extents: Mapping[str, Extent]


class Reader(Protocol):
    """The calls that change nothing. All raise `ControlPlaneError`."""

    @property
    def host(self) -> str:
        """The address of the control plane."""

    @property
    def api(self) -> str:
        """The flavour of the API."""

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """The ML repo of exactly this name, or `None` if there is none."""

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """Up to `limit` versions of an ML repo, internal metadata included, after `offset` others.

        With a name, of the artifact of that name; servers may add others whose names are like it.
        """

    async def fetch_version(self, version_id: str) -> Registered | None:
        """The version of this id, or `None` if there is none; it may come without internal metadata."""


class Lister(Reader, Protocol):
    """A reader that also lists the ML repos."""

    async def list_ml_repos(self) -> Mapping[str, MlRepo]:
        """Every ML repo that the token may see, by name."""


class Writer(Protocol):
    """The calls that change something. Each sends one request."""

    async def put(self, document: Document) -> Written:
        """Create or update a version by one request, and return what the control plane answers with.

        Raises:
            ControlPlaneError: it refused, or what became of the call is not known.
        """

    async def delete(self, version_id: str) -> str | None:
        """Delete the version of this id; the id that the answer gives the request, if any.

        Raises:
            NotFoundError: there is none.
            ControlPlaneError: it refused, or what became of the call is not known.
        """
