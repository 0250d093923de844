"""The package's own names: the whole pipeline in Python, with the rules of the command line."""

from __future__ import annotations

import asyncio
import inspect
import re
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from enum import Enum
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

import reconciler
from reconciler import (
    BlockedError,
    ControlPlane,
    InvalidManifestsError,
    Proposal,
    ReconcilerError,
    apply,
    connect,
    library,
    load,
    plan,
)
from reconciler.errors import SettingsError, SourceError, UnauthorizedError
from reconciler.workflow.control_plane import create_ml_repos
from tests.support import golden
from tests.support.builders import external, manifest
from tests.support.canary import TOKEN
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.registry_server import RegistryServer

ROOT = Path(__file__).parents[2]
EXAMPLES = [ROOT / "tests/e2e" / name for name in ("library_example.py", "library_example_async.py")]
"""Those of the README, in its order."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """A clone with three versions, which is the current folder."""
    made = GitRepository(tmp_path / "repository")
    for version in (1, 2):
        made.write(f"{version}.yaml", dumps(manifest(version=version, source=external(f"s3://m/{version}"))))
    made.write("ranker.yaml", dumps(manifest(name="ranker")))
    made.commit("three versions")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def host(tmp_path: Path) -> str:
    create_ml_repos(str(tmp_path / "registry.db"), ["fraud"])
    return f"sqlite:///{tmp_path / 'registry.db'}"


@pytest.fixture
def plane(host: str) -> Iterator[ControlPlane]:
    with connect(host) as found:
        yield found


def results(report: reconciler.Report) -> dict[str, str]:
    return {outcome.change.label: str(outcome.result) for outcome in report.outcomes}


# What README shows


def test_the_examples_in_the_readme_are_those_that_are_run_and_typed() -> None:
    shown = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown == [example.read_text() for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_applies_a_commit_over_http(
    example: Path,
    repository: GitRepository,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        monkeypatch.setenv("TFY_HOST", server.url)
        monkeypatch.setenv("TFY_API_KEY", TOKEN)
        runpy.run_path(str(example))
        first, *outcomes = capsys.readouterr().out.splitlines()
        assert re.fullmatch("[0-9a-f]{64}", first)
        assert outcomes == ["fraud/ranker:1 created", "fraud/scorer:1 created", "fraud/scorer:2 created"]
        assert len(server.writes) == len(outcomes)
        runpy.run_path(str(example))
        assert len(capsys.readouterr().out.splitlines()) == 1
        assert len(server.writes) == len(outcomes)
    assert repository.git("status", "--porcelain") == ""


# The pipeline


def test_what_is_proposed_is_applied_and_then_there_is_nothing_to_do(
    repository: GitRepository, plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    manifests = load(".", ref="HEAD")
    assert manifests.labels == ("fraud/ranker:1", "fraud/scorer:1", "fraud/scorer:2")
    assert (manifests.commit, manifests.in_work_tree) == (repository.git("rev-parse", "HEAD"), False)
    proposal = plan(manifests, plane)
    told: list[str] = []
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    report = apply(
        proposal, expect=proposal.digest[:12], on_outcome=lambda one: told.append(one.change.label)
    )
    assert results(report) == dict.fromkeys(manifests.labels, "created")
    assert report.is_complete
    assert sorted(told) == sorted(manifests.labels)
    assert plan(manifests, plane).changes == ()
    assert apply(plan(manifests, plane)).is_complete
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert capsys.readouterr() == ("", "")


def test_it_is_the_plan_of_the_command(repository: GitRepository, host: str, plane: ControlPlane) -> None:
    words = [sys.executable, "-P", "-m", "reconciler", "plan", "--host", host, "--format", "json"]
    printed = subprocess.run(words, cwd=repository.folder, capture_output=True, text=True, check=True).stdout
    assert f'"digest":"{plan(load(), plane).digest}"' in printed.replace(" ", "")


def test_what_is_no_longer_declared_is_reported_and_deleted_where_that_is_asked_for(
    repository: GitRepository, plane: ControlPlane
) -> None:
    apply(plan(load(".", ref="HEAD"), plane))
    repository.remove("2.yaml")
    repository.commit("drop one")
    manifests = load(".", ref="HEAD")
    proposal = plan(manifests, plane)
    assert [orphan.label for orphan in proposal.document.orphans.found] == ["fraud/scorer:2"]
    assert not proposal.changes
    (held,) = plan(manifests, plane, prune=True, allow_mass_change=True).changes
    assert (held.action, held.in_use) == ("delete", ())
    report = apply(plan(manifests, plane, prune="used", allow_mass_change=True))
    assert [str(outcome.result) for outcome in report.outcomes] == ["deleted"]


def test_further_branches_may_be_ours(repository: GitRepository, plane: ControlPlane) -> None:
    repository.branch("release")
    apply(plan(load(".", ref="HEAD"), plane))
    repository.remove("2.yaml")
    repository.commit("drop one")
    repository.git("switch", "--quiet", "--orphan", "main-again")
    repository.git("checkout", "release", "--", "1.yaml")
    repository.commit("begin anew")
    found = [
        plan(load(".", ref="HEAD"), plane, owned_by=of).document.orphans.found for of in ([], ["release"])
    ]
    assert [[orphan.label for orphan in each] for each in found] == [[], ["fraud/scorer:2"]]


def test_a_part_is_planned_where_a_part_is_selected(repository: GitRepository, plane: ControlPlane) -> None:
    proposal = plan(load(repository.folder, ref="HEAD"), plane, select=["fraud/scorer", "!fraud/scorer:2"])
    assert [change.label for change in proposal.changes] == ["fraud/scorer:1"]


def test_a_conflict_stops_its_artifact_only_and_the_report_is_not_complete(
    repository: GitRepository, plane: ControlPlane
) -> None:
    apply(plan(load(ref="HEAD"), plane))
    repository.write("1.yaml", dumps(manifest(source=external("s3://m/other"))))
    repository.write("ranker.yaml", dumps(manifest(name="ranker", description="new")))
    repository.commit("other contents")
    report = apply(plan(load(ref="HEAD"), plane))
    assert results(report) == {"fraud/ranker:1": "updated", "fraud/scorer:1": "skipped"}
    assert not report.is_complete


def test_a_program_with_an_event_loop_calls_it_in_a_thread(
    repository: GitRepository, plane: ControlPlane
) -> None:
    manifests = load(repository.folder, ref="HEAD")

    async def called() -> Proposal:
        with pytest.raises(RuntimeError, match="running event loop"):
            plan(manifests, plane)
        return await asyncio.to_thread(plan, manifests, plane)

    assert len(asyncio.run(called()).changes) == 3


def test_what_is_fetched_is_there_until_it_is_closed(
    repository: GitRepository, plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with GitServer(tmp_path, tmp_path / "authority.pem") as server:
        with load(repo=f"{server.url}/repository") as manifests:
            assert list(kept.iterdir())
            assert manifests.commit == repository.git("rev-parse", "HEAD")
            assert results(apply(plan(manifests, plane))) == dict.fromkeys(manifests.labels, "created")
        assert not list(kept.iterdir())


# Refusals


@pytest.mark.usefixtures("repository")
def test_a_proposal_is_applied_once_for_a_second_time_could_make_a_second_version(
    plane: ControlPlane,
) -> None:
    proposal = plan(load(ref="HEAD"), plane)
    with pytest.raises(BlockedError):
        apply(proposal, expect="0" * 64)
    assert apply(proposal).is_complete
    with pytest.raises(BlockedError, match="was applied already"):
        apply(proposal)


def test_manifests_with_errors_are_not_loaded_and_all_problems_reported(repository: GitRepository) -> None:
    repository.write("1.yaml", dumps(manifest(name="a b")))
    repository.write("2.yaml", dumps(manifest(version=0)))
    with pytest.raises(InvalidManifestsError) as caught:
        load()
    assert [problem.place.file for problem in caught.value.problems] == ["1.yaml", "2.yaml"]


def test_a_work_tree_is_planned_and_not_applied(repository: GitRepository, plane: ControlPlane) -> None:
    repository.write("1.yaml", dumps(manifest(description="edited")))
    proposal = plan(load(), plane)
    assert proposal.document.source.is_dirty
    with pytest.raises(SourceError, match="the plan is of a work tree"):
        apply(proposal)
    assert len(plan(load(ref="HEAD"), plane).changes) == 3


@pytest.mark.parametrize("expected", ["0" * 64, "0" * 12, "", "f" * 11, "\x1b[31m" * 3])
@pytest.mark.usefixtures("repository")
def test_another_plan_than_the_approved_one_is_not_applied(expected: str, plane: ControlPlane) -> None:
    proposal = plan(load(ref="HEAD"), plane)
    with pytest.raises(BlockedError, match=proposal.digest) as caught:
        apply(proposal, expect=expected)
    assert str(caught.value).isprintable()
    assert len(plan(load(ref="HEAD"), plane).changes) == 3


def test_too_much_at_once_is_not_applied_unless_it_is_meant(
    repository: GitRepository, plane: ControlPlane
) -> None:
    def declare(description: str) -> None:
        documents = [
            manifest(version=number, source=external(f"s3://n/{number}"), description=description)
            for number in range(1, 13)
        ]
        repository.write("1.yaml", "\n---\n".join(map(dumps, documents)))
        repository.commit(description)

    (repository.folder / "2.yaml").unlink()
    declare("first")
    assert apply(plan(load(ref="HEAD"), plane)).is_complete
    declare("second")
    with pytest.raises(BlockedError, match="12 of 13 registered versions"):
        apply(plan(load(ref="HEAD"), plane))
    assert len(apply(plan(load(ref="HEAD"), plane, allow_mass_change=True)).outcomes) == 12


@pytest.mark.parametrize(
    ("host", "given", "said"),
    [
        ("https://example.com", {}, "no token for https://example.com"),
        ("https://example.com", {"token": " "}, "the token is empty"),
        ("http://example.com", {"token": TOKEN}, "in the clear"),
        ("https://example.com", {"token": TOKEN, "api": "x"}, "there is no api 'x'"),
        ("sqlite:///", {}, "names no file"),
    ],
)
def test_a_host_or_token_that_can_not_be_is_reported(host: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught, connect(host, **given):
        pass
    assert TOKEN not in str(caught.value)


@pytest.mark.usefixtures("repository")
def test_no_representation_shows_the_token() -> None:
    with RegistryServer(token=TOKEN) as server, connect(server.url, token=TOKEN) as plane:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        manifests = load(ref="HEAD")
        proposal = plan(manifests, plane)
        report = apply(proposal)
        shown = " ".join(map(repr, (plane, manifests, proposal, report, *plane.details())))
        assert "3 changes" in shown
        assert TOKEN not in shown
        with connect(server.url, token="another-token-than-that") as other:  # noqa: S106  no token of anything
            with pytest.raises(UnauthorizedError) as caught:
                plan(manifests, other)
            assert isinstance(caught.value, ReconcilerError)
            assert "another-token" not in repr(caught.value)


# The names


def test_the_names_and_their_types_are_those_last_looked_at() -> None:
    assert sorted(reconciler.__all__) == sorted([*library.__all__, "__version__"])
    assert set(reconciler.__all__) <= set(dir(reconciler))
    golden.check("library.txt", "".join(f"{line}\n" for line in _described()))


def test_no_other_name_is_offered() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'destroy'"):
        _ = reconciler.destroy  # type: ignore[attr-defined]


def test_the_wheel_ships_the_types_and_the_schema_of_the_examples() -> None:
    builder = WheelBuilder(str(ROOT))
    shipped = {file.distribution_path for file in builder.recurse_included_files()}
    shipped |= {file.distribution_path for file in builder.recurse_forced_files(builder.config.force_include)}
    assert shipped >= {"reconciler/py.typed", "reconciler/library/__init__.py"}
    assert "reconciler/cli/example/.reconciler/artifact-version.schema.json" in shipped


def _described() -> Iterator[str]:
    for name in library.__all__:
        offered = getattr(reconciler, name)
        if not inspect.isclass(offered):
            yield f"{name}{inspect.signature(offered)}"
        elif issubclass(offered, Exception):
            yield f"class {name}({offered.__mro__[1].__name__})"
        else:
            yield f"class {name}"
            yield from (f"    {line}" for line in _members(offered))


def _members(offered: type) -> Iterator[str]:
    for name, kind in inspect.get_annotations(offered).items():
        if not name.startswith("_"):
            yield f"{name}: {getattr(kind, '__forward_arg__', kind)}"
    if issubclass(offered, Enum):
        yield ", ".join(offered)
    for name, member in vars(offered).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            assert member.fget
            yield f"{name}: {inspect.signature(member.fget).return_annotation}"
        elif inspect.isfunction(member):
            yield f"{name}{inspect.signature(member)}"
