"""The token is kept out of text: in every form, whole or cut, and the rest of the text stays as it is."""

from __future__ import annotations

import html
import json
import random
import re
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from reconciler.terminal.redact import Redactor
from tests.support import canary
from tests.support.scale import replay, seeds

JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + "YWJjZGVm" * 20 + "." + "c2lnbmF0dXJl" * 4 + "-_"
QUOTED = "tok\"en\\with`quotes'and<angles>&more%2F"
TOKENS = {
    "canary": canary.TOKEN,
    "JWT": JWT,
    "pointer": "~/~1token~with/slashes~0",
    "quotes": QUOTED,
    "eight": "abc-DEF8",
    "hexadecimal": "0123456789abcdef" * 4,
}


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


def percent(text: str, *, upper: bool = False) -> str:
    """Every character quoted, also those that need not be."""
    return "".join(f"%{byte:02{'X' if upper else 'x'}}" for byte in text.encode())


def coded(text: str) -> str:
    """As JSON of a careful encoder: everything but letters and digits as a code."""
    return "".join(each if each.isalnum() else f"\\u{ord(each):04x}" for each in text)


def within(encode: Callable[[bytes], bytes], before: str, after: str = "") -> Callable[[str], str]:
    return lambda token: encode(f"{before}{token}{after}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "JSON": lambda token: json.dumps(token)[1:-1],
    "JSON in JSON": lambda token: json.dumps(json.dumps(token)[1:-1])[1:-1],
    "JSON with slashes": lambda token: json.dumps(token)[1:-1].replace("/", "\\/"),
    "JSON with codes": coded,
    "JSON with capital codes": lambda token: (
        coded(token).upper().replace("\\U", "\\u") if token.upper() == token else coded(token)
    ),
    "JSON pointer": lambda token: token.replace("~", "~0").replace("/", "~1"),
    "JSON pointer in a JSON pointer": lambda token: token.replace("~", "~00").replace("/", "~01"),
    "Python": lambda token: repr(token)[1:-1],
    "Python bytes": lambda token: repr(token.encode())[2:-1],
    "URL": quote,
    "URL without slashes": lambda token: quote(token, safe=""),
    "form": quote_plus,
    "URL in small letters": lambda token: "".join(
        each if each.isalnum() or each in "-._~" else f"%{ord(each):02x}" for each in token
    ),
    "URL in full": percent,
    "URL in full, capital": lambda token: percent(token, upper=True),
    "URL twice": lambda token: quote(quote(token, safe=""), safe=""),
    "HTML": html.escape,
    "HTML in numbers": lambda token: "".join(f"&#{ord(each)};" for each in token),
    "HTML in hexadecimal": lambda token: "".join(f"&#x{ord(each):x};" for each in token),
    "Markdown": lambda token: "".join(each if each.isalnum() else f"\\{each}" for each in token),
    "base64": within(b64encode, ""),
    "base64 of user and token": within(b64encode, "user:"),
    "base64 of a header": within(b64encode, "Bearer "),
    "base64 after one": within(b64encode, "1"),
    "base64 after two": within(b64encode, "12", "more"),
    "base64 for URLs": within(urlsafe_b64encode, ""),
    "base64 for URLs after one": within(urlsafe_b64encode, "1", "x"),
    "base64 for URLs after two": within(urlsafe_b64encode, "12"),
    "base64, quoted": lambda token: quote(b64encode(token.encode()), safe=""),
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("form", FORMS)
def test_a_token_is_kept_out_in_every_form(form: str, token: str, redactor: Redactor) -> None:
    written = FORMS[form](token)
    redactor.learn(token)
    for text in (written, f"said {written} and more", f'{{"a": "{written}"}}', f"{written}\n{written}"):
        shown = redactor.redact(text)
        assert "***" in shown
        assert token not in shown
        left = shown.replace("***", "")
        longest = max((len(part) for part in left.replace("\n", " ").split(" ")), default=0)
        # What stands around the token in base64 says nothing of it but for some bits at each end.
        assert longest <= len('{"a":""}') + len("QmVhcmVyI") + 8, left
    assert redactor.redact(f"before {written} after").startswith("before ")
    assert redactor.redact(f"before {written} after").endswith(" after")


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_json_stays_json(token: str, redactor: Redactor) -> None:
    redactor.learn(token)
    document = {
        "raw": token,
        "in a text": f"C:\\{token}\\",
        "after a line end": f"\n{token}\n",
        "quoted": f'"{token}"',
        token: [token, token],
        "base64": b64encode(token.encode()).decode(),
    }
    shown = json.loads(redactor.redact(json.dumps(document)))
    assert shown["raw"] == "***"
    assert shown["in a text"] == "C:***\\"
    assert shown["after a line end"] == "\n***\n"
    assert shown["***"] == ["***", "***"]
    assert token not in json.dumps(shown)


@pytest.mark.parametrize("token", [canary.TOKEN, JWT, QUOTED])
@pytest.mark.parametrize("mark", ["", "...", "…", '"', " is too long", "\\", "%", "&"])
@pytest.mark.parametrize("form", ["raw", "JSON", "URL without slashes", "URL in full", "HTML", "base64"])
def test_a_token_that_was_cut_off_is_kept_out(form: str, mark: str, token: str, redactor: Redactor) -> None:
    redactor.learn(token)
    written = FORMS[form](token)
    for length in range(len(FORMS[form](token[:12])) + 4, len(written)):
        shown = redactor.redact(f"said {written[:length]}{mark}")
        begin, stars, end = shown.partition("***")
        assert (begin, stars) == ("said ", "***")
        # At most the half of an escape is left, which is no character.
        assert len(end) <= len(mark) + 5, (length, shown)


@pytest.mark.parametrize("token", [canary.TOKEN, JWT, QUOTED])
@pytest.mark.parametrize("mark", ["...", "…", "......"])
def test_the_end_of_a_token_whose_front_was_cut_off_is_kept_out(
    mark: str, token: str, redactor: Redactor
) -> None:
    redactor.learn(token)
    for spelled in (token, b64encode(token.encode()).decode().rstrip("=")):
        for start in range(len(spelled) - 13):
            shown = redactor.redact(f'{mark}{spelled[start:]} -> "x"')
            assert re.fullmatch(re.escape(mark) + r'\.?\*\*\*\w? -> "x"', shown)


def test_what_is_left_between_two_cuts_is_kept_out(redactor: Redactor) -> None:
    redactor.learn(JWT)
    assert redactor.redact(f"before ...{JWT[50:80]}... after") == "before ...***... after"


@pytest.mark.parametrize("token", ["", "a", "abcdefg", "key", "\n\n", "short\nlines\nonly", "ü" * 20])
def test_what_is_no_token_is_looked_for_nowhere(token: str, redactor: Redactor) -> None:
    redactor.learn(token)
    text = f"{token} abcdefg key short lines only \\u00fc..."
    assert redactor.redact(text) == text


@pytest.mark.parametrize("between", ["\n", "\r\n", "\x00", "\t", " ", "\x1b", "ü", "\u200b", "\udcff"])
def test_no_piece_of_a_malformed_token_is_printed(between: str, redactor: Redactor) -> None:
    first, second = "first-half-of-it", "second/half+of=it"
    redactor.learn(f"{between}{first}{between}{second}{between}")
    shown = redactor.redact(f"{first} {first}{between}{second} {second!r} {quote(second)}")
    assert first not in shown
    assert "half" not in shown


def test_a_token_in_quotes_is_kept_out_without_them_too(redactor: Redactor) -> None:
    redactor.learn(f'"{canary.TOKEN}"')
    assert redactor.redact(json.dumps([canary.TOKEN])) == '["***"]'


def test_several_tokens_are_kept_out(redactor: Redactor) -> None:
    redactor.learn(canary.TOKEN)
    redactor.learn(JWT)
    redactor.learn(canary.TOKEN)
    assert redactor.redact(f"{JWT} {canary.TOKEN}") == "*** ***"
    assert len(redactor._spellings) == 2 * 4  # noqa: SLF001  learning twice costs nothing


def test_text_without_a_token_stays_as_it_is(redactor: Redactor) -> None:
    redactor.learn(canary.TOKEN)
    for text in (
        "",
        "canary",
        canary.TOKEN[:11],
        canary.TOKEN[1:],
        "...canary...",
        "a" * 10_000,
        "\\%&" * 99,
    ):
        assert redactor.redact(text) == text
    assert redactor.redact("***") == "***"


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 300_000,
        "%" + "25" * 300_000,
        "%25" * 200_000,
        "&#" + "0" * 300_000,
        "&#0000" * 60_000,
        "..." * 100_000,
        "…" + "a" * 300_000,
        "." * 300_000 + canary.TOKEN,
        canary.TOKEN[:11] * 30_000,
        canary.TOKEN * 10_000,
        f"...{canary.TOKEN[:-1]}" * 10_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(20)
def test_no_text_takes_long(text: str, redactor: Redactor) -> None:
    redactor.learn("\\" + canary.TOKEN)
    redactor.learn("%%%%%%%%%%%%%%%%")
    redactor.learn("&&&&&&&&&&&&&&&&")
    assert canary.TOKEN not in redactor.redact(text)


@pytest.mark.law
@pytest.mark.parametrize("seed", list(seeds(40, 200, 2_000)))
def test_any_token_in_any_text_is_kept_out(seed: int, redactor: Redactor) -> None:
    chance = random.Random(seed)  # noqa: S311  replayable, not secret
    letters = string.digits + string.ascii_letters + string.punctuation
    token = "".join(chance.choices(letters, k=chance.randint(8, 60))).strip("\"'\\")
    if len(token) < 8:
        return
    redactor.learn(token)
    noise = "".join(chance.choices(letters + " \n\té", k=chance.randint(0, 40)))
    forms = chance.sample(sorted(FORMS), k=3)
    text = noise + "".join(FORMS[form](token) + noise for form in forms)
    shown = redactor.redact(text)
    assert shown.count("***") >= 3, replay(seed)
    for form in forms:
        assert form.startswith("base64") or FORMS[form](token) not in shown, (replay(seed), form)
    assert redactor.redact(shown) == shown, replay(seed)
