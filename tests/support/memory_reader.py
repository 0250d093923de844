"""A control plane in memory, asked page by page; see `client.port.Reader`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.client.port import MlRepo, VersionPage
from reconciler.model import Registered
from tests.support.builders import HOST, TENANT


class MemoryReader:
    """A reader of rows in memory.

    Args:
        rows: by ML repo; those of one whose name is part of another's are given with it.
        most: rows on a page.

    Attributes:
        pages: those asked for: ML repo, artifact name if one was given, and offset.
    """

    host = HOST
    api = "ml"

    def __init__(self, rows: Mapping[str, Sequence[Registered]], most: int = 100) -> None:
        self.rows = {name: list(listed) for name, listed in rows.items()}
        self.most = most
        self.pages: list[tuple[str, str | None, int]] = []

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """An ML repo, whose id here is its name."""
        return MlRepo(name, TENANT) if name in self.rows else None

    async def list_ml_repos(self) -> Mapping[str, MlRepo]:
        """All of them."""
        return {name: MlRepo(name, TENANT) for name in self.rows}

    async def fetch_version(self, version_id: str) -> Registered | None:
        """One version."""
        return next((row for rows in self.rows.values() for row in rows if row.id == version_id), None)

    async def fetch_versions(
        self, ml_repo_id: str, *, offset: int, limit: int, name: str | None = None
    ) -> VersionPage:
        """One page."""
        self.pages.append((ml_repo_id, name, offset))
        rows = [row for row in self.rows[ml_repo_id] if name is None or name in row.artifact.name]
        return VersionPage(tuple(rows[offset : offset + min(limit, self.most)]), len(rows))
