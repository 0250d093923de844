"""From a registered version to the manifest that declares it as it is.

What belongs to the control plane is left out, and so are empty fields. The text looks as a person would have
written it. It is read back before it is used: if that gives another document, there is no manifest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.errors import Problem
from reconciler.manifest.file import read_file
from reconciler.manifest.parse.scalars import spell_number
from reconciler.manifest.rules.secrets import find_secrets
from reconciler.model import EXACT, Declared, Document, Json, is_list, write_path
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import SourceFile
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX, MANIFEST_TYPE

_FIELDS = (
    "ml_repo", "name", "version", "version_alias", "description", "source", "run_id", "step", "metadata",
)  # fmt: skip
_SOURCE_FIELDS = ("type", "uri")
NO_NOTES: Mapping[str, Sequence[str]] = MappingProxyType({})
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@+-]*(?:[ ][A-Za-z0-9_./@+(),-]+|:[A-Za-z0-9_./@+-]+)*[.)]?")
"""Texts that need no quotes; other ones may need none either."""
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"})
"""Words that some reader of YAML takes for no text."""
_LINES = re.compile(
    r"(?=.*\n)(?!.*[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff])[^\s#](?:.*[^\s])?\n?",
    re.DOTALL,
)
"""Texts that are written line by line, as far as reading them back gives the same."""
_MAX_LINE_CHARACTERS = 100
_MAX_SHORT_ESCAPE = 0xFFFF
_MAX_BLOCK_LEVELS = 20
"""Levels from which on metadata is written as JSON."""


@dataclass(frozen=True, slots=True)
class NotDeclarableError(Exception):
    """A registered version that no manifest can declare.

    Args:
        why: without a final full stop.
    """

    why: str

    def __str__(self) -> str:
        return self.why


def make_manifest_document(document: Document, defaults: Document = EXACT.defaults) -> Document:
    """The document of a manifest that declares a registered version as it is.

    Args:
        document: the whole registered manifest.
        defaults: what the repository has every manifest declare that does not say otherwise.

    Raises:
        NotDeclarableError: with these defaults no manifest does.
    """
    found: dict[str, Json] = {"type": MANIFEST_TYPE}
    for field in _FIELDS:
        value = document.get(field)
        if field == "metadata":
            value = _make_metadata(value, defaults.get(field))
        elif field == "source" and isinstance(value, Mapping):
            value = {key: value[key] for key in _SOURCE_FIELDS if value.get(key) is not None}
        elif field not in defaults and (value is None or value == "" or (field == "step" and value == 0)):
            continue
        found[field] = value
    return found


def _make_metadata(registered: Json, defaults: Json) -> Document:
    """The metadata of such a manifest; `None` for keys of the defaults that the version does not have."""
    default_keys = dict.fromkeys(defaults) if isinstance(defaults, Mapping) else {}
    metadata = registered if isinstance(registered, Mapping) else {}
    ours = {key: value for key, value in metadata.items() if not key.startswith(INTERNAL_METADATA_PREFIX)}
    for key in default_keys:
        if key in ours and ours[key] is None:
            raise NotDeclarableError(f"metadata.{key} is null, which does without the one of reconciler.toml")
    return {**ours, **{key: None for key in default_keys if key not in ours}}


def format_manifest(
    document: Document, comments: tuple[str, ...] = (), notes: Mapping[str, Sequence[str]] = NO_NOTES
) -> str:
    """A manifest as YAML, which reads back as exactly that document.

    Args:
        document: as `make_manifest_document` gives it, or a manifest's own.
        comments: lines to stand above it.
        notes: lines to stand above its fields, by their names.

    Raises:
        NotDeclarableError: it breaks a rule of manifests, or holds what looks like a credential.
    """
    for path in find_secrets(document):
        raise NotDeclarableError(f"{write_path(path)} looks like a credential, which does not belong in git")
    head = "".join(f"# {comment}\n" for comment in comments)
    found = None
    for lines in (_format_mapping(document, 0, notes), [_format_json(document)]):
        text = head + "".join(f"{line}\n" for line in lines)
        found = _read_back(text)
        if isinstance(found, Declared) and _dump_json(found.document) == _dump_json(document):
            return text
    why = found.message if isinstance(found, Problem) else "it would not read back as what it is"
    raise NotDeclarableError(why)


def _read_back(text: str) -> Declared | Problem | None:
    """What is read from a text: one manifest, the first problem, or neither."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    if len(data) > MAX_FILE_BYTES:
        return None
    found = list(read_file(SourceFile("manifest.yaml", data)))
    problems = [each for each in found if isinstance(each, Problem) and each.severity == "error"]
    manifests = [each for each in found if isinstance(each, Declared)]
    if problems or len(manifests) != 1:
        return problems[0] if problems else None
    return manifests[0]


def _dump_json(document: Document) -> str:
    """A document as text, which tells `1` from `1.0`; mappings that are no `dict` are made one."""
    return json.dumps(document, sort_keys=True, default=dict)


def _format_mapping(
    value: Mapping[str, Json], depth: int, notes: Mapping[str, Sequence[str]] = NO_NOTES
) -> Iterator[str]:
    """The fields of a mapping below their notes, each on a line or on several, indented by `depth`."""
    for key, member in value.items():
        yield from (f"# {note}" for note in notes.get(key, ()))
        yield from _format_member(f"{'  ' * depth}{_format_scalar(key, in_flow=True)}:", member, depth)


def _format_member(head: str, value: Json, depth: int) -> Iterator[str]:
    """A key or the dash of a list, and what stands behind it."""
    if depth > _MAX_BLOCK_LEVELS:
        yield f"{head} {_format_json(value)}"
    elif isinstance(value, Mapping) and value:
        yield head
        yield from _format_mapping(value, depth + 1)
    elif is_list(value) and value:
        if all(not isinstance(each, Mapping) and not is_list(each) for each in value):
            flow = f"{head} [{', '.join(_format_scalar(each, in_flow=True) for each in value)}]"
            if len(flow) <= _MAX_LINE_CHARACTERS:
                yield flow
                return
        yield head
        for each in value:
            yield from _format_item(each, depth + 1)
    elif isinstance(value, str) and _LINES.fullmatch(value):
        yield f"{head} |{'' if value.endswith(chr(10)) else '-'}"
        indent = "  " * (depth + 1)
        yield from (f"{indent}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_format_scalar(value)}"


def _format_item(value: Json, depth: int) -> Iterator[str]:
    """A member of a list; the first field of a mapping stands behind the dash."""
    dash = f"{'  ' * depth}-"
    if isinstance(value, Mapping) and value and depth < _MAX_BLOCK_LEVELS:
        first, *rest = _format_mapping(value, depth + 1)
        yield f"{dash} {first.lstrip()}"
        yield from rest
    else:
        yield from _format_member(dash, value, depth)


def _format_scalar(value: Json, *, in_flow: bool = False) -> str:
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and value.isascii()
        if is_plain and not (in_flow and ("," in value or ":" in value)):
            return value
        return _quote_text(value)
    return _format_json(value)


def _format_json(value: Json) -> str:
    """A value as JSON that is YAML too: there, more characters than in JSON end a line."""
    if isinstance(value, str):
        return _quote_text(value)
    if isinstance(value, float):
        return spell_number(value)
    if isinstance(value, Mapping):
        return (
            f"{{{', '.join(f'{_quote_text(key)}: {_format_json(member)}' for key, member in value.items())}}}"
        )
    return f"[{', '.join(map(_format_json, value))}]" if is_list(value) else json.dumps(value)


def _quote_text(text: str) -> str:
    return f'"{"".join(map(_escape_character, text))}"'


def _escape_character(character: str) -> str:
    """A character between double quotes; JSON would write some as two, which YAML does not read."""
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _MAX_SHORT_ESCAPE else f"\\U{code:08x}"
