"""The main job, as its users run it: the tool as a process, a real repository, a real server."""

from __future__ import annotations

import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from reconciler.registry import Behaviour
from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import TOKEN, Cli, served_registry
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer
from tests.support.terminal import Terminal

ML_REPOS = ("forecasting", "fraud", "search-ranking")
EXAMPLES = Path(__file__).parents[2] / "examples" / "team"


def manifest(version: int, name: str = "scorer", ml_repo: str = "fraud", **fields: str) -> str:
    """A small manifest as YAML."""
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return (
        f"type: artifact-version\nname: {name}\nml_repo: {ml_repo}\nversion: {version}\n"
        f"metadata: {{}}\nsource: {{type: external, uri: s3://example/{ml_repo}/{name}/{version}}}\n{more}"
    )


def test_several_commits_over_http(repository: GitRepository, tmp_path: Path) -> None:
    with served_registry(tmp_path / "registry.db", *ML_REPOS) as url:
        cli = Cli(repository.folder, url)
        for file in EXAMPLES.rglob("*.*"):
            if file.is_file():
                repository.write(str(file.relative_to(EXAMPLES)), file.read_text())
        repository.commit("declare what we have")
        assert "Plan: 13 to create" in cli("plan").out
        assert cli("plan", "--detailed-exitcode", expect=2).err == ""
        assert "Apply: 13 created" in cli("apply", "--yes").out
        assert "Nothing to do" in cli("plan", "--detailed-exitcode").out

        repository.write("fraud/scorer/4.yaml", manifest(4, version_alias="v-prod"))
        scorer = EXAMPLES.joinpath("fraud/scorer/2.yaml").read_text()
        repository.write("fraud/scorer/2.yaml", scorer.replace("version_alias: v-prod\n", ""))
        commit = repository.commit("promote version 4")
        plan = cli("plan", "--format", "json").document
        assert plan["format_version"] == "1.0"
        assert plan["source"] == {
            "repository": None, "commit": commit, "paths": [], "work_tree": True, "dirty": False,
            "base": None, "defaults": [],
        }  # fmt: skip
        assert plan["control_plane"] == {"host": url, "api": "ml", "tenant": "embedded"}
        assert plan["scope"] == {
            "ml_repos": sorted(ML_REPOS), "pages": 3, "rows": 13, "manifests": 14, "not_selected": 0,
            "orphans_not_selected": 0,
        }  # fmt: skip
        assert plan["promotions"] == [
            {"ml_repo": "fraud", "name": "scorer", "alias": "v-prod", "from": 2, "to": 4}
        ]
        assert [(change["action"], change["version"]) for change in plan["changes"]] == [
            ("update", 2),
            ("create", 4),
        ]
        update = plan["changes"][0]
        assert (update["file"], update["line"]) == ("fraud/scorer/2.yaml", 2)
        assert update["patch"] == [
            {"op": "test", "path": "/version_alias", "value": "v-prod"},
            {"op": "replace", "path": "/version_alias", "value": None},
        ]
        applied = cli("apply", "--yes", "--format", "json").document
        assert [outcome["result"] for outcome in applied["outcomes"]] == ["updated", "created"]

        other = repository.clone(tmp_path / "clone")
        again = Cli(other.folder, url)("apply", "--yes")
        assert "Nothing to do" in again.out


def test_a_second_apply_sends_no_write(repository: GitRepository) -> None:
    repository.write("a.yaml", "---\n".join(manifest(number) for number in (1, 2)))
    repository.write("b.yaml", manifest(1, ml_repo="search-ranking") + "---\n" + manifest(1, name="ranker"))
    repository.commit("versions that today's tool takes for one another")
    with RegistryServer(token=TOKEN) as server:
        for ml_repo in ML_REPOS:
            server.store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        cli = Cli(repository.folder, server.url)
        applied = cli("apply", "--yes", "--format", "json").document
        assert [(o["ml_repo"], o["name"], o["version"], o["result"]) for o in applied["outcomes"]] == [
            ("fraud", "ranker", 1, "created"),
            ("fraud", "scorer", 1, "created"),
            ("fraud", "scorer", 2, "created"),
            ("search-ranking", "scorer", 1, "created"),
        ]
        assert len(server.writes) == 4
        server.forget()
        assert "4 unchanged" in cli("apply", "--yes").out
        assert server.writes == []


@pytest.mark.parametrize("api", ["ml", "svc"])
def test_both_flavours_are_called_by_their_own_prefix(repository: GitRepository, api: str) -> None:
    repository.write("a.yaml", manifest(1))
    repository.commit("one")
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        Cli(repository.folder, server.url)("apply", "--yes", "--api", api)
        assert {request.path.split("/")[2] for request in server.requests} == {api}


def test_a_refusal_stops_its_lane_and_the_exit_code_says_in_part(
    repository: GitRepository, tmp_path: Path
) -> None:
    database = f"{tmp_path}/registry.db"
    cli = Cli(repository.folder, f"sqlite:///{database}?unknown_version=renumber")
    cli("registry", "create", "--db", database, "fraud")
    repository.write("a.yaml", manifest(7) + "---\n" + manifest(8) + "---\n" + manifest(1, name="ranker"))
    repository.commit("a server that numbers versions itself")
    ended = cli("apply", "--yes", expect=3)
    assert "x failed    fraud/scorer:7" in ended.out
    assert "asked for fraud/scorer:7, but the control plane registered fraud/scorer:1" in ended.out
    assert "- skipped   fraud/scorer:8" in ended.out
    assert "+ created   fraud/ranker:1" in ended.out
    assert "Apply: 1 created, 1 failed, 1 skipped" in ended.out


def test_validate_lists_every_problem_offline(repository: GitRepository) -> None:
    repository.write("one.yaml", manifest(1).replace("name: scorer", "nmae: scorer"))
    repository.write("two.yaml", manifest(2) + "---\n" + manifest(2))
    repository.write("three.json", '{"type": "artifact-version", }')
    ended = Cli(repository.folder)("validate", expect=1)
    assert ended.out.splitlines() == [
        "one.yaml:1:1: error[missing-field]: name is missing",
        "  1 | type: artifact-version",
        "    | ^",
        "one.yaml:2:1: error[unknown-field]: unknown field nmae",
        "  2 | nmae: scorer",
        "    | ^",
        "  help: did you mean name?",
        "three.json:1:30: error[invalid-json]: not valid JSON: expected a key in double quotes",
        '  1 | {"type": "artifact-version", }',
        "    |                              ^",
        "two.yaml:8:1: error[duplicate-version]: fraud/scorer:2 is declared twice",
        "  8 | type: artifact-version",
        "    | ^",
        "  help: also at two.yaml:1:1",
    ]
    plan = Cli(repository.folder, "https://unreachable.invalid")("plan", expect=1)
    assert ended.out in plan.err
    assert "4 errors in the manifests" in plan.err


def test_apply_asks_on_a_terminal_and_needs_yes_elsewhere(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", manifest(1))
    repository.commit("one")
    cli = Cli(repository.folder, f"sqlite:///{tmp_path}/registry.db", env={"TERM": "dumb"})
    cli("registry", "create", "--db", f"{tmp_path}/registry.db", "fraud")
    assert "give --yes" in cli("apply", expect=64).err
    code, shown = on_terminal(cli, "n\n")
    assert (code, "nothing was applied" in shown) == (1, True)
    code, shown = on_terminal(cli, "y\n")
    assert (code, "+ created   fraud/scorer:1" in shown) == (0, True)
    code, shown = on_terminal(cli, "")
    assert (code, "Apply this?" in shown) == (0, False)


def on_terminal(cli: Cli, answer: str) -> tuple[int, str]:
    """Run `apply` on a terminal of its own, and answer its question."""
    with Terminal(cli, "apply") as terminal:
        terminal.type(answer)
        return terminal.end(), terminal.sent


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "--host", "http://example.com"], "would send the token in the clear"),
        (["plan", "--host", "ftp://example.com"], "is no address of a control plane"),
        (["plan", "--host", "https://example.com"], "no token for https://example.com"),
        (["plan"], "no control plane is set"),
        (["plan", "--ref", "nope", "--host", "sqlite:///x.db"], "no commit named nope"),
        (["plan", "missing", "--host", "sqlite:///x.db"], "no file or folder missing"),
        (["plan", "--host", "sqlite:///x.db?alias=x"], "no switch"),
        (["plan", "--host", "sqlite:///x.db"], "ML repo fraud does not exist"),
    ],
)
def test_what_can_not_be_is_one_clear_message(
    repository: GitRepository, arguments: list[str], message: str
) -> None:
    repository.write("a.yaml", manifest(1))
    repository.commit("one")
    ended = Cli(repository.folder)(*arguments, expect=1)
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert message in ended.err
    assert len(ended.err.splitlines()) == 2


def test_the_credentials_file_serves_its_own_host_only(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", manifest(1))
    repository.commit("one")
    home = tmp_path / "home"
    file = home / ".truefoundry" / "credentials.json"
    file.parent.mkdir(parents=True)
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        file.write_text(f'{{"host": "{server.url}/", "access_token": "{TOKEN}", "refresh_token": null}}')
        before = file.read_bytes()
        assert "1 to create" in Cli(repository.folder, home=home)("plan").out
        refused = Cli(repository.folder, home=home)("plan", "--host", "https://example.com", expect=1)
        assert "no token for https://example.com" in refused.err
        assert file.read_bytes() == before


def test_a_wrong_token_is_reported_and_not_shown(repository: GitRepository) -> None:
    repository.write("a.yaml", manifest(1))
    repository.commit("one")
    with RegistryServer(token="another") as server:  # noqa: S106  made up
        ended = Cli(repository.folder, server.url)("plan", expect=1)
    assert "401" in ended.err
    assert "check TFY_API_KEY" in ended.err


def test_the_demo_ends_with_nothing_to_do(tmp_path: Path) -> None:
    works_in = tmp_path / "temporary"
    works_in.mkdir()
    ended = Cli(tmp_path, env={"TMPDIR": str(works_in), "FORCE_COLOR": "1"})("demo", "--no-color")
    assert "\x1b" not in ended.out + ended.err, "the commands that it runs are told as well"
    assert "Apply: 13 created" in ended.out
    assert "Apply: 1 updated" in ended.out
    assert "Nothing to do" in "".join(ended.out.splitlines()[-3:])
    assert f"{works_in}/" in ended.out
    assert list(works_in.iterdir()) == [], "it cleans up"


def test_the_schema_of_the_examples_is_the_tool_s_own(tmp_path: Path) -> None:
    kept = EXAMPLES / ".reconciler" / "artifact-version.schema.json"
    assert kept.read_text() == Cli(tmp_path)("schema").out


def test_help_lists_every_switch_of_the_registry(tmp_path: Path) -> None:
    shown = Cli(tmp_path)("registry", "serve", "--help").out
    choices = Behaviour.list_choices()
    assert f"--serves [{'|'.join(choices.pop('serves'))}]" in shown
    for name, values in choices.items():
        default = getattr(Behaviour(), name)
        others = [value for value in values if value != default]
        assert f"{name.replace('_', '-'):<19}{', '.join([default, *others])}" in shown


def test_help_imports_click_and_nothing_heavier(tmp_path: Path) -> None:
    probe = dedent("""
        import sys
        from reconciler.cli import main
        sys.argv = ["reconciler", "--help"]
        try:
            main()
        finally:
            heavy = {"httpx", "git", "pydantic", "rich", "yaml", "jsonpatch", "asyncio", "starlette"}
            print(sorted(heavy & sys.modules.keys()), file=sys.stderr)
    """)
    cli = Cli(tmp_path)
    command = [cli.command()[0], "-c", probe]
    ended = subprocess.run(command, capture_output=True, text=True, env=cli.environment(), check=True)
    assert ended.stderr.strip() == "[]"
    assert "Examples:" in ended.stdout


COMMANDS = [
    "",
    "validate",
    "plan",
    "apply",
    "schema",
    "demo",
    "registry",
    "registry serve",
    "registry create",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_shows_an_example(tmp_path: Path, command: str) -> None:
    shown = Cli(tmp_path, env={"COLUMNS": "80"})(*command.split(), "--help").out
    assert "\nExample" in dedent(shown) or "\n  Example" in shown
    assert "\\b" not in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_what_is_ignored_is_left_to_others(repository: GitRepository) -> None:
    repository.write("reconciler.toml", 'ignore = ["/description", "/metadata/live"]\n')
    repository.write("a.yaml", manifest(1, description="ours"))
    repository.commit("one")
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(repository.folder, server.url)
        cli("apply", "--yes")
        row = server.store.list_versions(VersionQuery()).rows[0]
        theirs = {
            **row.manifest,
            "description": "theirs",
            "metadata": {**row.manifest["metadata"], "live": [1]},
        }
        server.register(theirs)
        server.forget()
        assert "Nothing to do" in cli("apply", "--yes").out
        assert server.writes == []
        changed = manifest(1, description="ours").replace("metadata: {}", "metadata: {owner: risk}")
        repository.write("a.yaml", changed)
        repository.commit("two")
        assert "updated" in cli("apply", "--yes").out
        after = server.store.list_versions(VersionQuery()).rows[0].manifest
    assert after["description"] == "theirs"
    assert {key: after["metadata"][key] for key in ("live", "owner")} == {"live": [1], "owner": "risk"}


def test_json_stays_json_where_the_terminal_has_ascii_only(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("a.yaml", manifest(1, description="größer 😀"))
    repository.commit("one")
    cli = Cli(repository.folder, f"sqlite:///{tmp_path}/r.db", env={"PYTHONIOENCODING": "ascii"})
    cli("registry", "create", "--db", f"{tmp_path}/r.db", "fraud")
    plan = cli("plan", "--format", "json").document
    assert plan["changes"][0]["after"]["description"] == "größer 😀"
    assert "gr\\xf6\\xdfer" in cli("plan").out


def test_a_credential_is_registered_as_declared_and_shown_nowhere(
    repository: GitRepository, tmp_path: Path
) -> None:
    secret = "hunter2-" + "unlikely"
    document = manifest(1).replace("metadata: {}", f"metadata: {{password: {secret}}}")
    repository.write("a.yaml", document)
    repository.commit("one")
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(repository.folder, server.url)
        report = tmp_path / "report.jsonl"
        shown = [cli("validate"), cli("plan"), cli("plan", "--format", "json")]
        shown.append(cli("apply", "--yes", "--report", str(report)))
        repository.write("a.yaml", document.replace(secret, secret + "2"))
        shown.append(cli("plan"))
        assert server.store.list_versions(VersionQuery()).rows[0].manifest["metadata"]["password"] == secret
    assert "looks like a credential" in shown[0].out
    assert '"*** (sha256:' in shown[-1].out
    assert secret not in "".join(ended.out + ended.err for ended in shown) + report.read_text()


def test_a_repository_may_refuse_a_host_and_not_choose_one(repository: GitRepository) -> None:
    repository.write("a.yaml", manifest(1))
    with RegistryServer(token=TOKEN) as server, RegistryServer() as other:
        for registry in (server, other):
            registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        repository.write("reconciler.toml", f'expect_host = "{other.url}"\n')
        refused = Cli(repository.folder, server.url)("plan", expect=1)
        assert f"the manifests are for {other.url}, not for {server.url}" in refused.err
        assert server.requests == other.requests == []
        repository.write("reconciler.toml", f'expect_host = "{server.url}/"\n')
        assert "1 to create" in Cli(repository.folder, server.url)("plan").out
        repository.write("reconciler.toml", 'expect_host = "example.com"\n')
        malformed = Cli(repository.folder, server.url)("plan", expect=1)
        assert "reconciler.toml:1:1: error[invalid-host]: expect_host is no address" in malformed.err


def test_a_plan_says_which_paths_were_read_and_whether_they_have_edits(
    repository: GitRepository, tmp_path: Path
) -> None:
    repository.write("models/a.yaml", manifest(1))
    repository.write("b.yaml", manifest(1, name="other"))
    repository.commit("two")
    cli = Cli(repository.folder, f"sqlite:///{tmp_path}/registry.db")
    cli("registry", "create", "--db", f"{tmp_path}/registry.db", "fraud")

    def told(*arguments: str) -> tuple[list[str], bool]:
        source = cli("plan", "--format", "json", *arguments).document["source"]
        return source["paths"], source["dirty"]

    assert told() == ([], False)
    repository.write("b.yaml", manifest(1, name="another"))
    assert told() == ([], True)
    assert told("models") == (["models"], False)
    assert told("--ref", "HEAD") == ([], False)
    assert ", edited" in cli("plan").out
