"""What was approved is applied and nothing else: plans as files and by their digests, on a real registry."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.model import PARKING_ALIAS
from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import TOKEN, Cli, Ended
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer


def manifest(version: int, name: str = "scorer", **fields: str) -> str:
    """A small manifest as YAML."""
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return (
        f"type: artifact-version\nname: {name}\nml_repo: fraud\nversion: {version}\n"
        f"metadata: {{}}\nsource: {{type: external, uri: s3://example/{name}/{version}}}\n{more}"
    )


class Scene:
    """A repository with two versions that are not registered yet, and a registry to register them in."""

    def __init__(self, folder: Path, server: RegistryServer) -> None:
        self.repository = GitRepository(folder / "repository")
        self.repository.write("scorer.yaml", manifest(1))
        self.repository.write("ranker.yaml", manifest(1, "ranker"))
        self.repository.commit("two versions")
        self.server = server
        self.server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        self.cli = Cli(self.repository.folder, server.url)
        self.file = folder / "plan.json"

    def plan(self, *options: str) -> str:
        """Save a plan; its digest."""
        self.cli("plan", "--out", str(self.file), *options)
        digest: str = json.loads(self.file.read_text())["digest"]
        return digest

    def apply(self, *options: str, expect: int = 0) -> Ended:
        """Apply the saved plan, or as other options say."""
        return self.cli("apply", "--yes", *(options or ("--plan", str(self.file))), expect=expect)

    def register(self, version: int, name: str = "scorer", **fields: Any) -> None:
        """Register a version as somebody else would, or change some fields of a registered one."""
        rows = self.server.store.list_versions(VersionQuery()).rows
        known = {(row.manifest["name"], row.manifest["version"]): row.manifest for row in rows}
        usual = {
            "type": "artifact-version", "name": name, "ml_repo": "fraud", "version": version,
            "metadata": {}, "source": {"type": "external", "uri": f"s3://example/{name}/{version}"},
        }  # fmt: skip
        document = {**usual, **known.get((name, version), {}), **fields}
        self.server.register(document)

    def registered(self) -> dict[str, str | None]:
        """The descriptions of what is registered, by name."""
        rows = self.server.store.list_versions(VersionQuery()).rows
        return {
            f"{row.manifest['name']}:{row.manifest['version']}": row.manifest.get("description")
            for row in rows
        }


class _RefuseOne:
    """Refuses the first version that is to be written."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._has_refused = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or self._has_refused:
            await self._app(scope, receive, send)
            return
        self._has_refused = True
        await JSONResponse({"detail": "not this one"}, 422)(scope, receive, send)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with RegistryServer(token=TOKEN) as server:
        yield Scene(tmp_path, server)


def test_a_saved_plan_is_the_one_printed_and_its_owner_s_only(scene: Scene) -> None:
    printed = scene.cli("plan", "--format", "json", "--out", str(scene.file)).out
    assert scene.file.read_text() == printed
    assert stat.S_IMODE(scene.file.stat().st_mode) == 0o600
    assert [file.name for file in scene.file.parent.iterdir() if "plan" in file.name] == ["plan.json"]


def test_an_approved_plan_is_applied_and_once_more_changes_nothing(scene: Scene) -> None:
    digest = scene.plan()
    assert f"Digest: {digest}" in scene.cli("plan").out
    assert "Apply: 2 created" in scene.apply().out
    scene.server.forget()
    assert "Nothing to do" in scene.apply().out
    assert scene.server.writes == []


def test_a_plan_printed_as_json_is_as_good_as_a_saved_one(scene: Scene) -> None:
    scene.file.write_text(scene.cli("plan", "--format", "json").out)
    assert "Apply: 2 created" in scene.apply().out


def test_another_commit_with_the_same_plan_is_approved(scene: Scene) -> None:
    scene.plan()
    scene.repository.write("README.md", "words")
    scene.repository.write("ranker.yaml", "# moved\n" + manifest(1, "ranker"))
    scene.repository.commit("nothing that is registered")
    assert "Apply: 2 created" in scene.apply().out


def test_what_is_left_of_an_approved_plan_is_applied(scene: Scene) -> None:
    scene.plan()
    scene.apply("scorer.yaml")
    assert scene.registered().keys() == {"scorer:1"}
    assert "Apply: 1 created" in scene.apply().out
    assert scene.registered().keys() == {"scorer:1", "ranker:1"}


def refusal(scene: Scene, *options: str) -> str:
    """What is said when the plan is not the approved one; nothing is written then."""
    scene.server.forget()
    before = scene.registered()
    ended = scene.apply(*options, expect=4)
    assert "error: this plan is not the approved one, and nothing was applied\n" in ended.err
    assert ended.err.endswith("  look at the new plan, and have it approved\n")
    assert scene.server.writes == []
    assert scene.registered() == before
    return ended.err


def test_a_commit_that_declares_more_is_refused(scene: Scene) -> None:
    scene.plan()
    scene.repository.write("more.yaml", manifest(2))
    scene.repository.commit("one more")
    assert "\n  create fraud/scorer:2: not in the approved plan\n" in refusal(scene)


def test_a_commit_that_declares_something_else_is_refused(scene: Scene) -> None:
    scene.plan()
    scene.repository.write("scorer.yaml", manifest(1, description="other words"))
    scene.repository.commit("other words")
    assert '\n  create fraud/scorer:1: to be set, description from nothing to "other words"\n' in refusal(
        scene
    )


def test_a_version_that_somebody_changed_since_then_is_refused(scene: Scene) -> None:
    scene.register(1, description="first")
    scene.repository.write("scorer.yaml", manifest(1, description="ours"))
    scene.repository.commit("our words")
    scene.plan()
    scene.register(1, description="theirs")
    said = refusal(scene)
    assert '\n  update fraud/scorer:1: registered since then, description from "first" to "theirs"\n' in said
    assert scene.registered()["scorer:1"] == "theirs"


def test_a_version_that_somebody_registered_since_then_is_refused_unless_it_is_as_approved(
    scene: Scene,
) -> None:
    scene.plan()
    scene.register(1)
    assert "Apply: 1 created" in scene.apply().out
    scene.repository.write("third.yaml", manifest(3))
    scene.repository.commit("a third")
    scene.plan()
    scene.register(3, description="theirs", version_alias="v-theirs")
    scene.repository.write("third.yaml", manifest(3, description="ours"))
    scene.repository.commit("ours")
    assert "update fraud/scorer:3: approved as create; registered since then" in refusal(scene)


def test_another_control_plane_is_refused(scene: Scene) -> None:
    scene.plan()
    with RegistryServer(token=TOKEN) as other:
        other.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        ended = Cli(scene.repository.folder, other.url)("apply", "--yes", "--plan", str(scene.file), expect=4)
        assert f"it was approved for {scene.server.url}, and is for {other.url}" in ended.err
        assert other.writes == []


def test_a_swap_of_aliases_that_was_killed_in_the_middle_goes_on(scene: Scene) -> None:
    scene.register(1, version_alias="v-green")
    scene.register(2, version_alias="v-blue")
    swapped = manifest(1, version_alias="v-blue") + "---\n" + manifest(2, version_alias="v-green")
    scene.repository.write("scorer.yaml", swapped)
    scene.repository.commit("swap")
    scene.plan()
    scene.register(1, version_alias=f"{PARKING_ALIAS}1")  # as the first of three writes leaves it
    assert "Apply: 1 created, 2 updated" in scene.apply().out
    aliases = {
        row.manifest["version"]: row.manifest["version_alias"]
        for row in scene.server.store.list_versions(VersionQuery()).rows
        if row.manifest["name"] == "scorer"
    }
    assert aliases == {1: "v-blue", 2: "v-green"}


def test_a_plan_is_applied_by_its_digest_and_by_its_first_digits(scene: Scene) -> None:
    digest = scene.plan()
    assert f"its digest is {digest}, and not {'0' * 12}" in refusal(scene, "--expect", "0" * 12)
    assert "Apply: 2 created" in scene.apply("--expect", digest[:12]).out
    scene.repository.write("more.yaml", manifest(2))
    scene.repository.commit("one more")
    refusal(scene, "--expect", digest)
    assert "Apply: 1 created" in scene.apply("--expect", scene.plan()).out
    assert "Nothing to do" in scene.apply("--expect", "0" * 64).out


def test_what_an_apply_has_left_is_applied_by_the_output_that_approves_its_plan(tmp_path: Path) -> None:
    with RegistryServer(token=TOKEN, middleware=[Middleware(_RefuseOne)]) as server:
        scene = Scene(tmp_path, server)
        output = tmp_path / "output"
        output.touch()
        cli = Cli(scene.repository.folder, server.url, env={"GITHUB_OUTPUT": str(output)})
        cli("plan", "--summary")
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines() if line)
        approved = ("--expect", outputs["approval"])
        assert "1 created, 1 failed" in scene.apply(*approved, expect=3).out
        scene.register(2, description="theirs")
        assert "Apply: 1 created" in scene.apply(*approved).out
        assert scene.registered().keys() == {"scorer:1", "ranker:1", "scorer:2"}
        scene.repository.write("more.yaml", manifest(2))
        scene.repository.write("last.yaml", manifest(3))
        scene.repository.commit("two more")
        assert "  create fraud/scorer:3: not in the approved plan, or not in this way\n" in refusal(
            scene, *approved
        )


@pytest.mark.parametrize("digest", ["0" * 11, "0" * 65, "A" * 12, "g" * 12, "0" * 12 + "\n"])
def test_what_is_no_digest_is_a_mistake_in_usage(scene: Scene, digest: str) -> None:
    ended = scene.apply("--expect", digest, expect=64)
    assert "give the digest that plan shows, or its first 12 digits or more" in ended.err
    assert scene.server.requests == []


def test_a_plan_and_a_digest_at_once_are_a_mistake_in_usage(scene: Scene) -> None:
    digest = scene.plan()
    scene.server.forget()
    scene.apply("--plan", str(scene.file), "--expect", digest, expect=64)
    assert scene.server.requests == []


def test_a_file_that_can_not_be_relied_on_is_refused_before_anything_is_asked(scene: Scene) -> None:
    scene.plan()
    scene.server.forget()
    scene.file.write_bytes(scene.file.read_bytes().replace(b"s3://example", b"s3://elsewhere"))
    ended = scene.apply(expect=1)
    assert "its checksum is not that of its contents" in ended.err
    assert "make it anew: reconciler plan --out FILE" in ended.err
    assert "can not be read: No such file" in scene.apply("--plan", "missing.json", expect=1).err
    assert scene.server.requests == []


def test_what_the_guard_says_of_a_plan_is_not_shown_of_an_apply(scene: Scene) -> None:
    for version in range(1, 13):
        scene.register(version)
    new = "---\n".join(manifest(version, description="new") for version in range(1, 13))
    scene.repository.write("scorer.yaml", new)
    scene.repository.commit("all of them")
    scene.cli("plan", expect=4)
    scene.plan("--allow-mass-change")
    scene.server.forget()
    assert "too much at once" in scene.apply(expect=4).err
    assert scene.server.writes == []
    assert "12 updated" in scene.apply("--plan", str(scene.file), "--allow-mass-change").out


def test_a_report_keeps_all_that_the_plan_has_and_shows_it_in_every_format(
    scene: Scene, tmp_path: Path
) -> None:
    scene.register(1, source={"type": "external", "uri": "s3://example/other"}, step=7)
    scene.repository.write("scorer.yaml", manifest(1) + "---\n" + manifest(2))
    scene.register(1, "ranker", step=7)
    scene.repository.write("ranker.yaml", manifest(1, "ranker", description="ours"))
    scene.repository.commit("a conflict, what waits for it, and an update")
    report = tmp_path / "report.jsonl"
    applied = scene.apply("--report", str(report), "--format", "json", expect=4)
    offline = Cli(tmp_path)

    def show(name: str) -> str:
        return offline("show", str(report), "--format", name).out

    def by_label(change: dict[str, Any]) -> tuple[str, int]:
        return change["name"], change["version"]

    shown = json.loads(show("json"))
    assert sorted(shown["changes"], key=by_label) == sorted(applied.document["changes"], key=by_label)
    left_alone = {(change["name"], change["version"]): change["left_alone"] for change in shown["changes"]}
    assert {"path": "/step", "reason": "undeclared"} in left_alone["ranker", 1]
    assert [change["waits_for"] for change in sorted(shown["changes"], key=by_label)] == [
        "", "", "fraud/scorer:1",
    ]  # fmt: skip
    assert "<code>/step</code> (undeclared)" in show("html")
    assert "`fraud/scorer:2` · `fraud/scorer:1 is in conflict`" in show("markdown")
    skipped = "fraud/scorer:2: fraud/scorer:1 is in conflict"
    assert f"\nscorer.yaml:8: skipped {skipped}\n" in show("concise")
    assert f"::create {skipped}".replace("2:", "2: skipped,") in show("github")
    assert [line["ruleId"] for line in json.loads(show("sarif"))["runs"][0]["results"]] == ["not-applied"] * 2
    assert 'name="reconciler apply"' in show("junit")
    assert "is for plans" in offline("show", str(report), "--format", "gitlab", expect=64).err


def test_saved_plans_and_reports_are_shown_in_every_format(scene: Scene, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    as_text = scene.cli("plan", "--out", str(scene.file)).out
    offline = Cli(tmp_path)
    assert offline("show", str(scene.file)).out == as_text
    assert offline("show", str(scene.file), "--format", "json").out == scene.file.read_text()
    for name in ("markdown", "html", "concise", "github", "gitlab"):
        printed = scene.cli("plan", "--format", name, "--out", str(scene.file)).out
        assert offline("show", str(scene.file), "--format", name).out == printed
    applied = scene.apply("--report", str(report), "--format", "json")
    assert "Apply: 2 created" in offline("show", str(report)).out
    (tmp_path / "applied.json").write_text(applied.out)
    assert "Apply: 2 created" in offline("show", "applied.json").out
    assert offline("show", "applied.json", "--format", "json").out == applied.out
    shown = offline("show", str(report), "--format", "json").document
    by_name = lambda outcome: outcome["name"]  # noqa: E731
    assert sorted(shown["outcomes"], key=by_name) == sorted(applied.document["outcomes"], key=by_name)
    assert "fraud/ranker:1" in offline("show", str(report), "--format", "markdown").out
    assert "</html>" in offline("show", str(report), "--format", "html").out
    assert "is for plans" in offline("show", str(report), "--format", "gitlab", expect=64).err


def test_what_is_neither_plan_nor_report_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}')
    ended = Cli(tmp_path)("show", "a.json", expect=1)
    assert ended.err.startswith("error: a.json: it is neither a plan nor a report of reconciler\n")
    assert ended.out == ""


def test_both_schemas_are_printed(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    assert cli("schema").document == cli("schema", "manifest").document
    assert cli("schema").document["title"] == "artifact-version"
    assert cli("schema", "plan").document["title"] == "reconciler plan"
    assert cli("schema", "report").document["title"] == "a line of a report of reconciler apply"
    cli("schema", "outcome", expect=64)


def test_a_saved_plan_says_when_it_was_made_and_so_does_its_page(scene: Scene, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    digest = scene.plan()
    made = json.loads(scene.file.read_text())["made"]
    assert before <= datetime.fromisoformat(made) <= datetime.now(UTC)
    page = Cli(tmp_path)("show", str(scene.file), "--format", "html").out
    assert f'<time datetime="{made}">{made}</time>' in page
    assert scene.plan() == digest, "it is no part of the digest"
