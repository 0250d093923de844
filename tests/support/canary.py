"""The token of every test, and the proof that it shows up nowhere: in no stream and in no file.

Its characters are those that JSON, URLs, HTML and base64 each write in their own way. What is looked for
is its beginning and its end, so that a part of it is found as well.
"""

from __future__ import annotations

import html
import json
import os
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

TOKEN = "canary+3f9d/1c7a&8b2e%41<a5d0>=="  # noqa: S105  made up
_PART = 12
_SAVED = Path(".truefoundry/credentials.json")
"""Where a test leaves the token as `tfy login` does; the tool only reads it."""


def spellings(secret: str) -> Iterator[str]:
    """A secret in every form in which it may be written."""
    percents = "".join(f"%{byte:02x}" for byte in secret.encode())
    codes = (f"{byte:04x}" for byte in secret.encode())
    yield from (secret, json.dumps(secret)[1:-1], secret.replace("/", r"\/"), html.escape(secret))
    yield secret.replace("~", "~0").replace("/", "~1")
    yield "".join(rf"\u{code}" if code in {"0026", "003c", "003e"} else chr(int(code, 16)) for code in codes)
    for quoted in (quote(secret), quote(secret, safe=""), quote_plus(secret), quote(quote(secret, safe=""))):
        yield from (quoted, quoted.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3C", "%3c"))
    yield from (percents, percents.upper())
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            digits = encode(bytes(before) + secret.encode()).decode()
            sure = digits[(0, 2, 3)[before] : (before + len(secret)) * 8 // 6]
            yield from (sure, quote(sure, safe=""))


_NEEDLES = sorted(
    {spelling.encode() for part in (TOKEN[:_PART], TOKEN[-_PART:]) for spelling in spellings(part)}
)


def is_in(data: str | bytes) -> bool:
    """Whether a part of the token is in it, in any form."""
    seen = data if isinstance(data, bytes) else data.encode(errors="surrogateescape")
    return any(needle in seen for needle in _NEEDLES)


def assert_absent(*seen: str | bytes) -> None:
    """Nothing of the token is in what was seen; the message does not repeat it either."""
    for data in seen:
        if is_in(data):
            raise AssertionError("the token was shown")


def files_with_it(folder: Path, but: Collection[Path] = ()) -> list[Path]:
    """The files below a folder that hold a part of the token, but for those that a test wrote so."""
    return [file for file in _files(folder) if file not in but and is_in(file.read_bytes())]


def _files(folder: Path) -> Iterable[Path]:
    for root, folders, names in os.walk(folder):
        if root.endswith("/.git"):
            folders[:] = [name for name in folders if name != "objects"]  # compressed, and git's own
        for name in names:
            file = Path(root, name)
            if file.is_file() and not file.is_symlink() and file.parts[-2:] != _SAVED.parts:
                yield file
