"""Which control plane is meant, and by which token: options, environment, credentials file."""

from __future__ import annotations

import contextlib
import json
import pwd
from pathlib import Path

import pytest

from reconciler.cli.connect import open_control_plane
from reconciler.client.requests.connection import Connection
from reconciler.errors import SettingsError
from reconciler.terminal.terminal import Terminal
from reconciler.workflow.control_plane import create_ml_repos, open_registry

HOST = "https://example.com"
SET_BOTH = "set TFY_HOST and TFY_API_KEY, or run tfy login --host https://HOST"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without credentials, and an environment without a token."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("TFY_API_KEY", raising=False)
    monkeypatch.setenv("TFY_HOST", "https://only-click-reads-this.example.com")
    return folder


def login(home: Path, content: str | None = None, **fields: object) -> Path:
    """Leave a credentials file, as `tfy login` does."""
    file = home / ".truefoundry" / "credentials.json"
    file.parent.mkdir()
    file.write_text(content if content is not None else json.dumps(fields))
    return file


def connection(terminal: Terminal, host: str | None, api: str = "ml") -> Connection:
    with open_control_plane(terminal, host, api) as plane:
        return plane.connection


def refusal(terminal: Terminal, host: str | None) -> tuple[str, str]:
    with pytest.raises(SettingsError) as caught:
        connection(terminal, host)
    return str(caught.value), caught.value.hint


# Host and token


def test_host_and_token_of_the_environment_are_used(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFY_API_KEY", " key\n")
    found = connection(terminal, "https://Example.com/", "svc")
    assert (found.host, found.token, found.flavour.name) == (HOST, "key", "svc")


def test_without_either_the_credentials_file_gives_both(terminal: Terminal, home: Path) -> None:
    login(home, host=f"{HOST}/", access_token="saved", refresh_token="ignored")  # noqa: S106
    found = connection(terminal, None)
    assert (found.host, found.token) == (HOST, "saved")


def test_a_host_that_is_the_saved_one_uses_the_saved_token(terminal: Terminal, home: Path) -> None:
    login(home, host="https://Example.com/", access_token="saved")  # noqa: S106
    assert connection(terminal, HOST).token == "saved"  # noqa: S105


def test_the_token_of_the_environment_outranks_the_saved_one(
    terminal: Terminal, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(home, host=HOST, access_token="saved")  # noqa: S106
    monkeypatch.setenv("TFY_API_KEY", "key")
    assert connection(terminal, HOST).token == "key"  # noqa: S105
    assert connection(terminal, "https://other.example.com").token == "key"  # noqa: S105


@pytest.mark.parametrize(
    "saved", ["https://other.example.com", "https://example.com:8443", "https://example.com.evil.example"]
)
def test_a_saved_token_is_not_sent_to_another_host(terminal: Terminal, home: Path, saved: str) -> None:
    login(home, host=saved, access_token="saved")  # noqa: S106
    assert refusal(terminal, HOST) == (
        f"no token for {HOST}",
        f"set TFY_API_KEY, or run tfy login --host {HOST}",
    )


def test_a_host_without_a_token_says_what_to_set(terminal: Terminal) -> None:
    assert refusal(terminal, HOST) == (
        f"no token for {HOST}",
        f"set TFY_API_KEY, or run tfy login --host {HOST}",
    )


@pytest.mark.parametrize("host", ["http://127.0.0.1:8080", "http://localhost", "https://[::1]:8443"])
def test_a_registry_on_this_machine_is_asked_without_a_token(
    terminal: Terminal, home: Path, host: str
) -> None:
    login(home, host=HOST, access_token="saved")  # noqa: S106
    assert connection(terminal, host).token is None


def test_neither_host_nor_token_says_what_to_set(terminal: Terminal) -> None:
    assert refusal(terminal, None) == ("no control plane is set", SET_BOTH)


def test_a_token_without_a_host_is_not_sent_to_the_saved_one(
    terminal: Terminal, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(home, host=HOST, access_token="saved")  # noqa: S106
    monkeypatch.setenv("TFY_API_KEY", "key")
    assert refusal(terminal, None) == (
        "TFY_API_KEY is set, but no host is",
        "set TFY_HOST to the address of the control plane",
    )


def test_an_empty_token_is_reported(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFY_API_KEY", "")
    assert refusal(terminal, HOST) == (
        "TFY_API_KEY is set, and empty",
        "set it to something, or unset it; in CI, what a fork's pull request starts gets no secrets",
    )


def test_a_plain_http_host_is_reported_before_any_token_is_looked_for(terminal: Terminal) -> None:
    assert (
        refusal(terminal, "http://example.com")[0] == "http://example.com would send the token in the clear"
    )


@pytest.mark.parametrize("token", ["key\n", " key", "\tkey\r\n", "\u00a0key"])
@pytest.mark.parametrize("is_saved", [False, True])
def test_white_space_around_a_token_is_left_out_with_one_warning(
    terminal: Terminal,
    token: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    is_saved: bool,
) -> None:
    if is_saved:
        login(home, host=HOST, access_token=token)
    else:
        monkeypatch.setenv("TFY_API_KEY", token)
    assert connection(terminal, HOST).token == "key"  # noqa: S105
    source = "~/.truefoundry/credentials.json" if is_saved else "TFY_API_KEY"
    warning = f"warning: the token in {source} has white space around it, which is left out\n"
    assert capfd.readouterr() == ("", warning)


def test_a_token_as_it_should_be_is_taken_without_a_word(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TFY_API_KEY", "key")
    connection(terminal, HOST)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("host", [HOST, None, "http://example.com", "", "https://other.example.com"])
@pytest.mark.parametrize("is_saved", [False, True])
def test_a_token_that_was_read_is_kept_out_of_everything_whatever_becomes_of_the_host(
    terminal: Terminal, host: str | None, home: Path, monkeypatch: pytest.MonkeyPatch, *, is_saved: bool
) -> None:
    token = "eight-or-more"  # noqa: S105
    if is_saved:
        login(home, host="http://saved.example.com", access_token=token)
    else:
        monkeypatch.setenv("TFY_API_KEY", token)
    with contextlib.suppress(SettingsError):
        connection(terminal, host)
    is_read = not is_saved or host in {HOST, None, "https://other.example.com"}
    assert terminal.redactor.redact(f"a {token} b") == ("a *** b" if is_read else f"a {token} b")


def test_the_way_to_a_control_plane_is_reported_without_the_token(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/authorities.pem")
    monkeypatch.setenv("TFY_API_KEY", "key")
    with open_control_plane(terminal, HOST, "svc") as plane:
        assert list(plane.details()) == [
            "control plane: https://example.com (api svc)",
            "token: from TFY_API_KEY",
            "proxy: none",
            "certificate authorities: /etc/authorities.pem (REQUESTS_CA_BUNDLE)",
        ]


# The credentials file


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"host": "https://example.com"}', '{"access_token": "s3cret"}',
     '{"host": 1, "access_token": "s3cret"}', "[" * 100_000,
     '{"host": "https://example.com", "access_token": null, "other": "s3cret"}'],
)  # fmt: skip
@pytest.mark.parametrize("host", [None, HOST])
def test_a_broken_credentials_file_is_named_and_not_quoted(
    terminal: Terminal, home: Path, content: str, host: str | None
) -> None:
    login(home, content)
    message, hint = refusal(terminal, host)
    assert message == "~/.truefoundry/credentials.json has no host and access_token"
    assert hint == "run tfy login again"


def test_a_credentials_file_that_can_not_be_read_is_named(terminal: Terminal, home: Path) -> None:
    (home / ".truefoundry/credentials.json").mkdir(parents=True)
    assert refusal(terminal, None) == (
        "can not read ~/.truefoundry/credentials.json: Is a directory",
        SET_BOTH,
    )


def test_the_credentials_file_is_only_read(terminal: Terminal, home: Path) -> None:
    file = login(home, host=HOST, access_token="saved")  # noqa: S106
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    connection(terminal, None)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert [path.name for path in file.parent.iterdir()] == ["credentials.json"]


def test_a_saved_token_is_checked_as_any_other(terminal: Terminal, home: Path) -> None:
    login(home, host=HOST, access_token="bro ken")  # noqa: S106
    assert refusal(terminal, None)[0] == "the token holds characters that no token has"


def test_a_token_in_the_environment_needs_no_credentials_file(
    terminal: Terminal, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(home, "{")
    monkeypatch.setenv("TFY_API_KEY", "key")
    assert connection(terminal, HOST).token == "key"  # noqa: S105


# The embedded registry


def test_an_embedded_registry_is_a_file_and_takes_no_token(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFY_API_KEY", "key")
    file = tmp_path / "registry.db"
    with open_control_plane(terminal, f"sqlite:///{file}", "svc") as plane:
        assert plane.app is not None
        assert plane.connection == Connection(f"sqlite:///{file}", "svc", None)
    assert file.exists()


@pytest.mark.parametrize("address", ["sqlite:///", "sqlite:///?taken-alias=move"])
def test_an_embedded_registry_without_a_file_is_refused(terminal: Terminal, address: str) -> None:
    assert refusal(terminal, address) == ("sqlite:/// names no file", "give it as sqlite:///registry.db")


def test_a_switch_that_does_not_exist_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    message, _ = refusal(terminal, f"sqlite:///{tmp_path}/registry.db?nonsense=1")
    assert "nonsense" in message


def test_a_file_that_is_no_registry_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "registry.db"
    file.write_text("not a database " * 100)
    message, _ = refusal(terminal, f"sqlite:///{file}")
    assert message
    assert file.read_text().startswith("not a database")


def test_an_ml_repo_is_created_once_and_stays(tmp_path: Path) -> None:
    path = str(tmp_path / "registry.db")
    create_ml_repos(path, ["fraud", "search"])
    create_ml_repos(path, ["fraud"])
    with open_registry(path, {}) as app:
        assert callable(app)


@pytest.mark.parametrize("name", ["", "a", "1abc", "a_b", "ab-", "x" * 101])
def test_an_ml_repo_is_named_as_the_api_names_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^an ML repo is named by 3 to 100 letters, digits and -, a letter first$"
    ):
        create_ml_repos(str(tmp_path / "registry.db"), [name])


# The caller's trace


def test_the_trace_of_the_caller_goes_along(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFY_API_KEY", "a-token")
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    monkeypatch.setenv("TRACESTATE", "vendor=1")
    with open_control_plane(terminal, "https://example.com", "ml") as plane:
        assert plane.connection.trace == ("0af7651916cd43dd8448eb211c80319c", "01", "vendor=1")


def test_what_is_no_trace_is_left_out_with_a_warning(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TFY_API_KEY", "a-token")
    monkeypatch.setenv("TRACEPARENT", "\x1b[2Jnonsense")
    with open_control_plane(terminal, "https://example.com", "ml") as plane:
        assert plane.connection.trace is None
    said = "warning: TRACEPARENT is left out: \\x1b[2Jnonsense is no traceparent\n"
    assert capfd.readouterr() == ("", said)


def test_somebody_without_a_home_has_no_credentials(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with (
        pytest.raises(SettingsError, match=r"^no control plane is set$"),
        open_control_plane(terminal, None, "auto"),
    ):
        pass
