"""Which addresses and tokens are taken."""

from __future__ import annotations

import pytest

from reconciler.client.connection import Connection, checked_host, checked_token
from reconciler.errors import SettingsError
from reconciler.wire.routes import FLAVOURS

AS_HTTPS = "give it as https://HOST, e.g. https://example.com"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com//", "https://example.com"),
        ("HTTPS://Example.COM", "https://example.com"),
        ("https://example.com:8443/", "https://example.com:8443"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:8080/", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_of_a_host_is_taken_without_its_slash(given: str, expected: str) -> None:
    assert checked_host(given) == expected
    assert checked_host(expected) == expected


@pytest.mark.parametrize(
    "given",
    [
        "example.com",
        "//example.com",
        "https://",
        "https:///path",
        "https:example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "sqlite://x.db",
        "https://example.com:port",
        "https://example.com:99999",
        "https://[::1",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://example .com",
        " https://example.com",
        "https://example.com\n",
        "https://example.com\r\nX-Header: 1",
        "https://example.com\\@evil.example",
        "https://exämple.com",
        "https://ex\u202eample.com",
        "https://example.com\x00",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address of a control plane$") as caught:
        checked_host(given)
    assert caught.value.hint == AS_HTTPS
    assert str(caught.value).isprintable()


def test_a_path_behind_the_host_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        checked_host("https://example.com/api")
    assert (str(caught.value), caught.value.hint) == (
        "https://example.com/api has a path behind the host",
        AS_HTTPS,
    )


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("http://example.com", "https://example.com"),
        ("http://example.com:8080/", "https://example.com:8080"),
        ("http://localhost.example.com", "https://localhost.example.com"),
        ("http://127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ("http://0.0.0.0", "https://0.0.0.0"),
        ("http://192.168.0.1", "https://192.168.0.1"),
        ("http://[::2]", "https://[::2]"),
    ],
)
def test_plain_http_is_for_this_machine_only(given: str, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_host(given)
    assert str(caught.value) == f"{given} would send the token in the clear"
    assert caught.value.hint == f"use {advice} (http is for this machine only)"


@pytest.mark.parametrize(
    "given", ["https://user:s3cret@example.com", "https://s3cret@example.com", "s3cret@x:y@z"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_host(given)
    assert "s3cret" not in str(caught.value) + caught.value.hint


def test_a_very_long_address_is_not_repeated_in_full() -> None:
    with pytest.raises(SettingsError) as caught:
        checked_host("x" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("given", ["tfy-abc.DEF_123", "tfy-abc.DEF_123\n", "  tfy-abc.DEF_123\r\n"])
def test_white_space_around_a_token_is_dropped(given: str) -> None:
    assert checked_token(given) == "tfy-abc.DEF_123"


@pytest.mark.parametrize("given", ["", " ", "\n\t "])
def test_an_empty_token_is_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_token(given)
    assert str(caught.value) == "the token is empty"
    assert caught.value.hint == "set TFY_API_KEY to a personal or virtual account token"


@pytest.mark.parametrize(
    "given", ["abc def", "abc\ndef", "abc\r\nX-Header: 1", "abc\x00", "äbc", "abc\u200b", "\x7f"]
)
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked_token(given)
    assert str(caught.value) == "the token holds characters that no token has"
    assert caught.value.hint == "copy it again into TFY_API_KEY"


def test_no_representation_of_a_connection_shows_its_token() -> None:
    connection = Connection("https://example.com", FLAVOURS["ml"], "s3cret")
    assert "s3cret" not in repr(connection) + str(connection) + f"{connection}"
    assert connection.token == "s3cret"  # noqa: S105  that is the point


def test_an_empty_host_is_told() -> None:
    with pytest.raises(SettingsError, match=r"^the host is empty$"):
        checked_host("")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:", "https://example.com"),
        ("HTTPS://Example.COM:8443/", "https://example.com:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_one_host_has_one_spelling(given: str, address: str) -> None:
    assert checked_host(given) == address
