"""Runs against a server that misbehaves: in this process with little patience, and the tool as a process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reconciler.applying.outcome import Outcome
from reconciler.applying.stop import Stop
from reconciler.client.http import HttpReader, open_reader
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.manifest.load import Loading
from reconciler.model import Document
from reconciler.planning.change import Plan
from reconciler.workflow.apply import Terms, apply
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.plan import plan
from tests.support import canary
from tests.support.cli import SECONDS, TOKEN, Cli, Ended
from tests.support.fault_answers import API
from tests.support.git_repository import GitRepository
from tests.support.states import snapshot_of

QUICK = Patience(
    first_delay=0.01, longest_delay=0.05, request=1.0, settle=0.3, update_age=2.0, create_age=60.0
)
"""Loopback answers within milliseconds; a request without an answer is given up soon."""


@dataclass(frozen=True)
class Client:
    """The tool's own client in this process, over HTTP.

    Args:
        url: the control plane.
        patience: how long it waits for what.
        seconds: for the whole run.
        told: each outcome, as it becomes known.
    """

    url: str
    patience: Patience = QUICK
    seconds: float = 20.0
    told: list[Outcome] = field(default_factory=list)

    @cached_property
    def connection(self) -> Connection:
        """The control plane and the token."""
        return Connection(self.url, API, TOKEN)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[HttpReader]:
        """A reader, for a test that asks for something itself."""
        async with open_reader(self.connection, Deadline(self.seconds), self.patience) as reader:
            yield reader

    def plan(self, *documents: Document) -> Plan:
        """Plan these manifests; by default one of `fraud`."""
        return asyncio.run(self._plan(documents or (declared(),)))

    def apply(self, *documents: Document, concurrency: int = 8) -> tuple[Outcome, ...]:
        """Plan and apply these manifests."""

        async def call() -> tuple[Outcome, ...]:
            return await self._apply(await self._plan(documents), concurrency)

        return asyncio.run(call())

    async def _plan(self, documents: Sequence[Document]) -> Plan:
        snapshot = snapshot_of([[dict(document) for document in documents]])
        async with self.reader() as reader:
            _, made = await plan(Loading(snapshot), reader)
            return made

    async def _apply(self, plan: Plan, concurrency: int) -> tuple[Outcome, ...]:
        terms = Terms(Deadline(self.seconds), self.patience, concurrency)
        plane = ControlPlane(self.connection)
        return await apply(plan, plane, terms, Stop(terms.deadline), self.told.append)


def declared(version: int | None = 1, name: str = "scorer", **more: Any) -> dict[str, Any]:
    """A manifest of `fraud`; without a version, its contents name it."""
    return {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": name,
        "metadata": {},
        "source": {"type": "external", "uri": f"s3://example/fraud/{name}/{version}"},
        **({} if version is None else {"version": version}),
        **more,
    }


MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: {name}
version: {version}
metadata: {{}}
source: {{type: external, uri: s3://example/fraud/{name}/{version}}}
"""


def declaring(folder: Path, *names: str, versions: int = 1) -> GitRepository:
    """A committed repository that declares some versions of artifacts of `fraud`."""
    repository = GitRepository(folder)
    for name in names or ("scorer",):
        documents = (MANIFEST.format(name=name, version=number + 1) for number in range(versions))
        repository.write(f"{name}.yaml", "---\n".join(documents))
    repository.commit()
    return repository


_PROBE = """
import os
from pathlib import Path
from reconciler.cli import main
try:
    main()
finally:
    Path(os.environ["PEAK"]).write_text(Path("/proc/self/status").read_text())
"""


def with_peak(cli: Cli, *arguments: str) -> tuple[Ended, int]:
    """Run a command; the most memory that it ever had resident, in MiB.

    The process reads its own peak at its end: what the parent is told of its children counts, on
    Linux, what the parent itself had when it started them.
    """
    peak = cli.folder.parent / "peak"
    process = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments],
        cwd=cli.folder,
        env={**cli.environment(), "PEAK": str(peak), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "Traceback" not in process.stderr, process.stderr
    canary.assert_absent(process.stdout, process.stderr)
    line = next(line for line in peak.read_text().splitlines() if line.startswith("VmHWM:"))
    return Ended(process.returncode, process.stdout, process.stderr), int(line.split()[1]) // 1024
