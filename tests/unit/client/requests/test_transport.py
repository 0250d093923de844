"""What requests travel through: only what it is for, by the authorities of the environment."""

from __future__ import annotations

import asyncio
import inspect
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from reconciler.client.http import HttpReader, HttpWriter, open_reader, open_writer
from reconciler.client.requests import transport
from reconciler.client.requests.connection import Connection
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.client.requests.session import ReadingSession, WritingSession
from reconciler.errors import ControlPlaneError
from tests.support.fault_answers import answers
from tests.support.raw_server import RawServer

HOST = "https://example.com"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "put")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in (*names, *map(str.upper, names), "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


# What it is for


def test_what_a_plan_holds_has_no_way_to_write() -> None:
    def calls(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}

    assert calls(HttpReader) == {"fetch_version", "fetch_versions", "find_ml_repo", "list_ml_repos"}
    assert calls(ReadingSession) == {"get"}
    assert calls(HttpWriter) == calls(WritingSession) == {"delete", "put"}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("allowed", [("GET",), ("PUT", "DELETE")])
def test_a_transport_sends_what_it_is_for_even_when_asked_for_more(
    allowed: tuple[str, ...], method: str
) -> None:
    async def ask(url: str) -> int:
        connection, deadline, patience = Connection(url, "ml", None), Deadline(20), Patience()
        reading = open_reader(connection, deadline, patience)
        writing = open_writer(connection, deadline, patience, connections=20)
        async with reading as reader, writing as writer:
            holder: HttpReader | HttpWriter = reader if "GET" in allowed else writer
            way = holder._session._target.transport  # noqa: SLF001  below everything that asks for the right thing
            answer = await way.handle_async_request(httpx.Request(method, f"{url}/x"))
            await answer.aclose()
            return answer.status_code

    with RawServer(answers({})) as server:
        if method.upper() in allowed:
            assert asyncio.run(ask(server.url)) == 200
        else:
            with pytest.raises(AssertionError, match=rf"^{method.upper()} through a transport for "):
                asyncio.run(ask(server.url))
        assert [request.method for request in server.requests] == [method.upper()] * (
            method.upper() in allowed
        )


# Certificates


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    file = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


def trust() -> ssl.SSLContext:
    return transport._make_ssl_context()  # noqa: SLF001  what is trusted can not be seen from outside without a handshake


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_authorities_of_the_environment_are_trusted_and_no_others(
    variable: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = trust().cert_store_stats()["x509_ca"]
    monkeypatch.setenv(variable, str(bundle))
    assert trust().cert_store_stats()["x509_ca"] == 1 != usual
    assert transport.describe_trusted() == f"{bundle} ({variable})"


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_a_folder_of_authorities_is_taken(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert trust().cert_store_stats()["x509_ca"] == 0  # they are read when a certificate asks for them
    assert transport.describe_trusted() == f"{tmp_path} ({variable})"


def test_openssl_s_own_variables_come_before_that_of_other_tools(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert transport.describe_trusted() == f"{tmp_path} (SSL_CERT_DIR)"
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert transport.describe_trusted() == f"{bundle} (SSL_CERT_FILE)"


@pytest.mark.parametrize("value", [None, ""])
def test_without_any_the_usual_ones_are_trusted(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is not None:
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, value)
    assert trust().cert_store_stats()["x509_ca"] > 50
    assert transport.describe_trusted() == "those that come with httpx"


@pytest.mark.parametrize("variable", ["", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_certificates_are_always_looked_at(
    variable: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, str(bundle.parent if variable == "SSL_CERT_DIR" else bundle))
    context = trust()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_authorities_that_can_not_be_read_are_reported(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/nonexistent/authority.pem")
    with pytest.raises(ControlPlaneError, match=r"^can not load certificates: No such file or directory$"):
        transport.open_transport(HOST, None, ("GET",), 1)
