"""Which addresses and tokens are taken."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.client.requests.connection import Connection, normalise_host, normalise_token
from reconciler.errors import SettingsError

AS_HTTPS = "give it as https://HOST, e.g. https://example.com"


TAKEN = {
    "https://example.com": "https://example.com",
    "https://example.com/": "https://example.com",
    "https://example.com//": "https://example.com",
    "HTTPS://Example.COM": "https://example.com",
    "https://example.com.": "https://example.com",
    "https://example.com./": "https://example.com",
    "https://example.com:": "https://example.com",
    "https://example.com:443": "https://example.com",
    "https://example.com.:443": "https://example.com",
    "https://example.com:80": "https://example.com:80",
    "HTTPS://Example.COM:8443/": "https://example.com:8443",
    "https://example.com:65535": "https://example.com:65535",
    "https://a.b.c.d.example.com": "https://a.b.c.d.example.com",
    "https://my-host": "https://my-host",
    "https://1st.example.com": "https://1st.example.com",
    "https://10.example.com": "https://10.example.com",
    "https://xn--pp-6kc.example.com": "https://xn--pp-6kc.example.com",
    "https://xn--a": "https://xn--a",
    f"https://{'x' * 63}.com": f"https://{'x' * 63}.com",
    "https://10.0.0.1": "https://10.0.0.1",
    "https://10.0.0.1.": "https://10.0.0.1",
    "https://[2001:db8::1]:8443": "https://[2001:db8::1]:8443",
    "https://[2001:DB8:0:0::1]": "https://[2001:db8::1]",
    "http://localhost": "http://localhost",
    "http://localhost.": "http://localhost",
    "http://LOCALHOST:8080/": "http://localhost:8080",
    "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    "http://127.0.0.1:80": "http://127.0.0.1",
    "http://[::1]:8080": "http://[::1]:8080",
    "http://[0:0:0:0:0:0:0:1]": "http://[::1]",
}


@pytest.mark.parametrize(("given", "expected"), TAKEN.items())
def test_an_address_of_a_host_is_taken_in_its_one_spelling(given: str, expected: str) -> None:
    assert normalise_host(given) == expected
    assert normalise_host(expected) == expected


@pytest.mark.parametrize("given", TAKEN)
def test_libraries_connect_to_what_is_shown(given: str) -> None:
    shown = normalise_host(given)
    _, _, address = shown.partition("://")
    name, port = re.fullmatch(r"(\[.+\]|[^:]+):?([0-9]*)", address).groups()  # type: ignore[union-attr]
    theirs, standard = httpx.URL(shown), urlsplit(shown)
    assert theirs.raw_host.decode() == standard.hostname == name.strip("[]")
    assert str(theirs.port or "") == str(standard.port or "") == port
    assert theirs.netloc.decode() == standard.netloc == address
    assert (theirs.userinfo, theirs.query, theirs.fragment) == (b"", b"", "")


REFUSED = [
    # no scheme, or not ours
    "example.com",
    "//example.com",
    "https//example.com",
    "https:/example.com",
    "https:example.com",
    "https:\\\\example.com",
    "ftp://example.com",
    "ws://example.com",
    "file:///etc/passwd",
    "sqlite://x.db",
    "javascript:alert(1)",
    "http\u017f://example.com",
    # no host
    "https://",
    "https:///path",
    "https:///example.com",
    "https://:443",
    "https://.",
    # a port that is none
    "https://example.com:port",
    "https://example.com:0",
    "https://example.com:0443",
    "https://example.com:65536",
    "https://example.com:99999",
    "https://example.com:-1",
    "https://example.com:+443",
    "https://example.com:4_43",
    "https://example.com:443:443",
    "https://example.com:\u0664\u0664\u0663",
    # somebody else before or behind it
    "https://user@example.com",
    "https://user:password@example.com",
    "https://example.com@evil.example",
    "https://example.com:443@evil.example",
    "https://example.com\\@evil.example",
    "https://example.com\\.evil.example",
    "https://example.com?x=1",
    "https://example.com?@evil.example",
    "https://example.com#x",
    "https://example.com#@evil.example",
    "https://example.com/#@evil.example",
    # white space and control characters
    "https://example .com",
    " https://example.com",
    "https://example.com ",
    "https://example.com\n",
    "https://exam\nple.com",
    "https://exam\tple.com",
    "ht\ntps://example.com",
    "https://example.com\r\nX-Header: 1",
    "https://example.com\x00",
    "https://example.com\x7f",
    # names that are none
    "https://example%2ecom",
    "https://example.com%2eevil.example",
    "https://example.com%00.evil.example",
    "https://exam_ple.com",
    "https://exam!ple.com",
    "https://example..com",
    "https://.example.com",
    "https://example.com..",
    "https://-example.com",
    "https://example-.com",
    "https://*.example.com",
    f"https://{'x' * 64}.com",
    f"https://{'x.' * 127}com",
    # IPv4 addresses in disguise
    "https://0x7f.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://127.0.0.01",
    "https://127.0.0.1.1",
    "https://256.0.0.1",
    "https://example.1",
    "https://example.0x1",
    # IPv6 addresses that are none, or of one machine's network card
    "https://[::1",
    "https://::1",
    "https://[]",
    "https://[::g]",
    "https://[1.2.3.4]",
    "https://[fe80::1%eth0]",
    "https://[fe80::1%25eth0]",
    "https://[::1]evil.example",
]


@pytest.mark.parametrize("given", REFUSED)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address of a control plane$") as caught:
        normalise_host(given)
    assert caught.value.hint == AS_HTTPS
    assert str(caught.value).isprintable()


IN_OTHER_LETTERS = {
    "https://\u0430pp.example.com": "xn--pp-6kc.example.com",
    "https://app.ex\u0430mple.com:8443/": "app.xn--exmple-4nf.com",
    "https://ex\u00e4mple.com": "xn--exmple-cua.com",
    "https://EX\u00c4MPLE.com": "xn--exmple-cua.com",
    "https://exa\u0308mple.com": "xn--exmple-cua.com",
    "https://stra\u00dfe.example": "xn--strae-oqa.example",
    "https://\u65e5\u672c.example": "xn--wgv71a.example",
    "https://\u65e5\u672c\u3002example": "xn--wgv71a.example",
    "http://\u0430pp.example.com": "xn--pp-6kc.example.com",
}


@pytest.mark.parametrize(("given", "name"), IN_OTHER_LETTERS.items())
def test_a_name_in_other_letters_is_refused_and_shown_as_it_goes_over_the_network(
    given: str, name: str
) -> None:
    with pytest.raises(SettingsError, match=r"is no address of a control plane$") as caught:
        normalise_host(given)
    assert str(caught.value).isascii()
    assert caught.value.hint == f"in ASCII that host is {name}: give it so, if it is the one you mean"
    assert httpx.URL(unicodedata.normalize("NFC", given)).raw_host.decode() == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("https://\uff45xample.com", "example.com"),
        ("https://example\uff0ecom", "example.com"),
        ("https://127\u30020\u30020\u30021", "127.0.0.1"),
        ("http://\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
        ("https://e\u212aample.com", "ekample.com"),
    ],
)
def test_wide_letters_are_refused_and_shown_as_what_they_stand_for(given: str, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_host(given)
    assert caught.value.hint == f"in ASCII that host is {name}: give it so, if it is the one you mean"


@pytest.mark.parametrize(
    "given",
    [
        "https://ex\u202eample.com",
        "https://ex\u200bample.com",
        "https://ex\u00adample.com",
        "https://example.com\uff0f.evil.example",
        "https://example.com\uff20evil.example",
        "https://example.com\u2048evil.example",
        "https://\U0001f600.example",
        "https://\udcff.example",
        f"https://{chr(0xE4) * 100}.example",
        f"https://{chr(0xE4) * 100_000}",
    ],
)
def test_what_is_a_name_in_no_letters_is_refused_without_one(given: str) -> None:
    with pytest.raises(SettingsError, match=r"is no address of a control plane$") as caught:
        normalise_host(given)
    assert caught.value.hint == AS_HTTPS
    assert str(caught.value).isascii()


@pytest.mark.parametrize("path", ["/api", "//api/", "/..", "/%2e%2e", "/;x", "/\u00e4", "/\x1b"])
def test_a_path_behind_the_host_is_refused(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_host(f"https://example.com{path}")
    shown = ascii(f"https://example.com{path}")[1:-1]
    assert (str(caught.value), caught.value.hint) == (f"{shown} has a path behind the host", AS_HTTPS)


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
        normalise_host(given)
    assert str(caught.value) == f"{given} would send the token in the clear"
    assert caught.value.hint == f"use {advice} (http is for this machine only)"


@pytest.mark.parametrize(
    "given", ["https://user:s3cret@example.com", "https://s3cret@example.com", "s3cret@x:y@z"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_host(given)
    assert "s3cret" not in str(caught.value) + caught.value.hint


def test_a_very_long_address_is_not_repeated_in_full() -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_host("x" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("given", ["tfy-abc.DEF_123", "tfy-abc.DEF_123\n", "  tfy-abc.DEF_123\r\n"])
def test_white_space_around_a_token_is_dropped(given: str) -> None:
    assert normalise_token(given) == "tfy-abc.DEF_123"


@pytest.mark.parametrize("given", ["", " ", "\n\t "])
def test_an_empty_token_is_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_token(given)
    assert str(caught.value) == "the token is empty"
    assert caught.value.hint == "set TFY_API_KEY to a personal or virtual account token"


@pytest.mark.parametrize(
    "given", ["abc def", "abc\ndef", "abc\r\nX-Header: 1", "abc\x00", "äbc", "abc\u200b", "\x7f"]
)
def test_a_token_that_no_header_can_carry_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_token(given)
    assert str(caught.value) == "the token holds characters that no token has"
    assert caught.value.hint == "copy it again into TFY_API_KEY"


def test_no_representation_of_a_connection_shows_its_token() -> None:
    connection = Connection("https://example.com", "ml", "s3cret")
    assert "s3cret" not in repr(connection) + str(connection) + f"{connection}"
    assert connection.token == "s3cret"  # noqa: S105  that is the point


def test_an_empty_host_is_reported() -> None:
    with pytest.raises(SettingsError, match=r"^the host is empty$"):
        normalise_host("")
