"""Who is measured at what: the tool, three scripts, and `tfy`; and how each tells what it has found."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tests.bench import corpus

LARGEST_CHECKED_OUT = 10_000
"""Manifests that the slow still read, in the work tree."""
VALIDATED = 100
TFY = Path(__file__).parents[2] / ".venv/clients/truefoundry-0.17.5"
"""Where `--tfy` installs the vendor's command line tool: an environment of its own, below the project."""
_TFY_PROGRAM = TFY / "bin/tfy"

Kind = Literal[
    "help", "validate", "plan", "apply",
    "plan --out", "plan --format json", "plan --format html", "plan --format markdown",
    "show", "show --format json", "show --format html", "show --format markdown", "apply --plan",
]  # fmt: skip
OF_CREATIONS: tuple[Kind, ...] = (
    "plan --out", "plan --format json", "plan --format html", "plan --format markdown",
    "show", "show --format json", "show --format html", "show --format markdown", "apply --plan",
)  # fmt: skip
"""What is done with a plan that creates all there is to a repository, which only the tool does."""
PLAN_FILE = "../plan-{count}.json"
"""Where that plan is saved, seen from the repository."""
_SLOW: Mapping[Kind, int] = {"plan": LARGEST_CHECKED_OUT, "apply": 1000}
_QUICK: Mapping[Kind, int] = {"plan": 1_000_000, "apply": 1_000_000}


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to be done.

    Attributes:
        kind: `plan` with everything registered as declared, `apply` and what is `OF_CREATIONS` with nothing
            registered, or what asks no registry.
        count: how many manifests there are.
        latency_ms: how long the registry waits with each answer.
        undeclared: how many versions of the same artifacts are registered that no manifest declares.
    """

    kind: Kind
    count: int = 0
    latency_ms: int = 0
    undeclared: int = 0

    @property
    def registered(self) -> int:
        """How many versions are registered before."""
        is_of_creations = self.kind == "apply" or self.kind in OF_CREATIONS
        return 0 if is_of_creations else self.count + self.undeclared

    @property
    def applies(self) -> bool:
        """Whether everything is registered after it."""
        return self.kind in {"apply", "apply --plan"}

    def __str__(self) -> str:
        count = f" {self.count:,}" if self.count else ""
        count += f" of {self.registered:,}" if self.undeclared else ""
        return f"{self.kind}{count}" + (f", {self.latency_ms} ms" if self.latency_ms else "")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a contender says of the manifests, or the registry of the versions."""

    create: int = 0
    update: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Contender:
    """One that is measured.

    Attributes:
        name: what it is called in tables.
        command: what is run for a work; `None` where it does not take part.
        told: reads from what it printed what it has found.
        needs: the modules without which it can not run.
        is_run_again: whether it finds what its earlier runs left in the home folder.
        is_tfy: whether it is the vendor's tool, which knows versions by the artifact's name alone.
    """

    name: str
    command: Callable[[Work], list[str] | None]
    told: Callable[[str], Counts]
    needs: tuple[str, ...] = ()
    is_run_again: bool = False
    is_tfy: bool = False

    def missing(self) -> str:
        """What there is to do before it can run; empty where there is nothing."""
        if self.is_tfy:
            return "" if _TFY_PROGRAM.exists() else "--tfy installs it"
        missing = [module for module in self.needs if find_spec(module) is None]
        return f"{', '.join(missing)} not installed: pip install -e '.[bench]'" if missing else ""

    def expected(self, work: Work) -> Counts:
        """What it has to find."""
        if work.kind == "help":
            return Counts()
        if work.kind == "apply" or work.kind in OF_CREATIONS or self.is_tfy:
            return Counts(create=work.count)
        return Counts(unchanged=work.count)

    def expected_created(self, work: Work) -> int:
        """How many versions the registry has to have got from it."""
        if not work.applies:
            return 0
        return -(-work.count // corpus.VERSIONS) if self.is_tfy else work.count


def _tool(work: Work) -> list[str]:
    arguments = ["--help"] if work.kind == "help" else work.kind.split()
    if arguments[-1] in {"--out", "--plan", "show"}:
        arguments.append(PLAN_FILE.format(count=work.count))
    elif arguments[0] == "show":
        arguments.insert(1, PLAN_FILE.format(count=work.count))
    if arguments[0] == "plan" or work.kind == "apply --plan":
        arguments += ["--ref", "HEAD"]
    if work.applies:
        arguments += ["--yes", "--concurrency", "32"]
    return [str(Path(sys.executable).with_name("reconciler")), *arguments]


def _tool_again(work: Work) -> list[str] | None:
    return _tool(work) if work.kind == "plan" and not work.undeclared else None


def _script(name: str, largest: Mapping[Kind, int]) -> Callable[[Work], list[str] | None]:
    """The command of one of the scripts, up to as many manifests as anyone would wait for."""

    def command(work: Work) -> list[str] | None:
        if work.count > largest.get(work.kind, -1) or work.undeclared:
            return None
        return [sys.executable, "-P", "-m", f"tests.bench.baselines.{name}", work.kind]

    return command


def _imports(kind: Kind, modules: str) -> Callable[[Work], list[str] | None]:
    return lambda work: [sys.executable, "-c", f"import {modules}"] if work.kind == kind else None


def _tfy(work: Work) -> list[str] | None:
    if work.count > _SLOW.get(work.kind, -1) or work.undeclared:
        return None
    command = [str(_TFY_PROGRAM), "apply", "--dir", "."]
    return [*command, "--dry-run"] if work.kind == "plan" else command


_PLAN = re.compile(
    r'(?:^Plan: |^## Plan: |<p class="lead">)'
    r"([\d,]+) to create, ([\d,]+) to update, 0 in conflict, ([\d,]+) unchanged"
    r'|^    "create": (\d+),\n    "update": (\d+),\n.*\n.*\n    "unchanged": (\d+),',
    re.MULTILINE,
)
_APPLIED = re.compile(r"^Apply: ([\d,]+) created$", re.MULTILINE)
_VALID = re.compile(r"^([\d,]+) valid manifests? in", re.MULTILINE)


def _told_by_tool(printed: str) -> Counts:
    if applied := _APPLIED.search(printed):
        return Counts(create=_number(applied[1]))
    if plan := _PLAN.search(printed):
        return Counts(*map(_number, filter(None, plan.groups())))
    valid = _VALID.search(printed)
    return Counts(unchanged=_number(valid[1])) if valid else Counts()


def _number(printed: str) -> int:
    """A number for people, who read `20,000`, or for machines."""
    return int(printed.replace(",", ""))


def _told_by_script(printed: str) -> Counts:
    return Counts(**json.loads(printed.splitlines()[-1]))


def _told_by_tfy(printed: str) -> Counts:
    return Counts(create=printed.count("\N{HEAVY CHECK MARK}"))


def _told_nothing(_: str) -> Counts:
    return Counts()


def _told_by_imports(_: str) -> Counts:
    return Counts(unchanged=VALIDATED)


TOOL = Contender("reconciler", _tool, _told_by_tool)
TOOL_AGAIN = Contender("reconciler, again", _tool_again, _told_by_tool, is_run_again=True)
SIMPLE = Contender("simple script", _script("simple", _SLOW), _told_by_script, ("requests",))
CAREFUL = Contender(
    "careful script", _script("careful", _QUICK), _told_by_script, ("aiohttp", "orjson", "uvloop")
)
FLOOR = Contender("bare floor", _script("floor", {"plan": 1_000_000}), _told_by_script, ("orjson", "yaml_rs"))
VENDOR = Contender("tfy 0.17.5", _tfy, _told_by_tfy, is_tfy=True)
CLICK = Contender("import click", _imports("help", "click"), _told_nothing)
IMPORTS = Contender(
    "import click, yaml, pydantic", _imports("validate", "click, yaml, pydantic"), _told_by_imports
)
EVERYONE = (TOOL, TOOL_AGAIN, SIMPLE, CAREFUL, FLOOR, VENDOR, CLICK, IMPORTS)
