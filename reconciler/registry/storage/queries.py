"""The parameters of the list calls, and what they mean in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from reconciler.wire.routes import DEFAULT_PAGE_ROWS

MAX_PAGE_ROWS = 1000
_MAX_INTEGER = 2**53
_BOUNDED_LIST = Field(max_length=1000)

SqlValue = str | int | float


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows of a table are asked for: a condition in SQL, and the values of its placeholders."""

    table: str
    condition: str
    values: tuple[SqlValue, ...]


class Paging(BaseModel):
    """Which rows of a list are asked for; a page holds at most `MAX_PAGE_ROWS`."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1, le=_MAX_INTEGER), AfterValidator(lambda n: min(n, MAX_PAGE_ROWS))] = (
        DEFAULT_PAGE_ROWS
    )
    offset: Annotated[int, Field(ge=0, le=_MAX_INTEGER)] = 0


class MlRepoQuery(Paging):
    """`GET ml-repos`: `name` matches any part of a name, as the real server's may."""

    name: str | None = None

    def build_where(self) -> Where:
        """Return what to look for."""
        return _join_conditions("ml_repos", [("instr(name, ?)", self.name)])


class ArtifactQuery(Paging):
    """`GET artifacts`."""

    fqn: str | None = None
    ml_repo_id: str | None = None
    name: str | None = None
    run_id: str | None = None
    include_empty_artifacts: bool = True

    def build_where(self) -> Where:
        """Return what to look for."""
        return _join_conditions(
            "artifacts",
            [
                ("fqn = ?", self.fqn),
                ("ml_repo_id = ?", self.ml_repo_id),
                ("name = ?", self.name),
                ("id IN (SELECT artifact_id FROM versions WHERE run_id = ?)", self.run_id),
                ("(? OR id IN (SELECT artifact_id FROM versions))", self.include_empty_artifacts),
            ],
        )


class VersionQuery(Paging):
    """`GET artifact-versions`: every filter that is given must hold; of a list of values, one."""

    fqn: str | None = None
    artifact_id: str | None = None
    ml_repo_id: str | None = None
    name: str | None = None
    version: Annotated[int, Field(ge=1, le=_MAX_INTEGER)] | None = None
    tag: str | None = None
    run_ids: Annotated[tuple[str, ...], _BOUNDED_LIST] = ()
    run_steps: Annotated[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], _BOUNDED_LIST] = ()
    include_internal_metadata: bool = False

    def build_where(self) -> Where:
        """Return what to look for."""
        return _join_conditions(
            "versions",
            [
                ("fqn = ?", self.fqn),
                ("artifact_id = ?", self.artifact_id),
                ("ml_repo_id = ?", self.ml_repo_id),
                ("name = ?", self.name),
                ("version = ?", self.version),
                ("id IN (SELECT version_id FROM tags WHERE tag = ?)", self.tag),
                ("run_id IN (SELECT value FROM json_each(?))", _dump_list(self.run_ids)),
                ("step IN (SELECT value FROM json_each(?))", _dump_list(self.run_steps)),
            ],
        )


def _join_conditions(table: str, filters: Iterable[tuple[str, SqlValue | None]]) -> Where:
    """Join the conditions whose value is given."""
    given = [(condition, value) for condition, value in filters if value is not None]
    joined = " AND ".join(condition for condition, _ in given) or "true"
    return Where(table, joined, tuple(value for _, value in given))


def _dump_list(values: Sequence[SqlValue]) -> str | None:
    return json.dumps(values) if values else None
