"""What has to hold for the bytes of any file, whether it is read as YAML, as JSON or as settings.

Needs nothing but the package: the corpus is judged with it in the tests, the fuzzer's inputs are in `drive`.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from contextlib import suppress
from typing import Any
from zlib import crc32

from pydantic_core import to_json

from reconciler.manifest.load import Declaration
from reconciler.manifest.parse.document import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_NODES,
    Fault,
    Node,
    ParsedDocument,
    Position,
    UnreadableError,
)
from reconciler.manifest.parse.json import parse_json
from reconciler.manifest.parse.plain_yaml import parse_plain_documents
from reconciler.manifest.parse.yaml import parse_yaml
from reconciler.manifest.rules.problems import MAX_PROBLEMS_IN_FILE
from reconciler.manifest.rules.secrets import mask_secrets
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.builders import documents, load_manifests
from tests.support.files_in_memory import FilesInMemory

_LONGEST_MESSAGE = 400
_BREAK = re.compile("\r\n|[\r\n]")
_OF_A_BOUND = re.compile("nested deeper than|more than [0-9,]+ (values|characters)")
_ELSE_IN_YAML = re.compile("[\x7f-\x84\x86-\x9f\ufeff]")


def check(data: bytes) -> None:
    """See that a file is read, or refused in words.

    Raises:
        AssertionError: a rule is broken; the message tells which.
        Exception: the package let one out, which it must not.
    """
    snapshot = Snapshot(
        None,
        _named(SourceFile("manifests.json", data), SourceFile("manifests.yaml", data)),
        settings=SourceFile("reconciler.toml", data),
    )
    extent = _extent(data.decode(errors="replace"))
    _check_declaration(snapshot, extent)
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return
    in_yaml = _check_yaml(text, extent)
    in_json = _check_json(text, extent)
    if len(in_yaml) == len(in_json) == 1 and not _ELSE_IN_YAML.search(text):
        assert _same(in_yaml[0], in_json[0]), "JSON that says something else as YAML"


def check_in_part(data: bytes) -> None:
    """See to a part of what `check` sees to, which the data themselves choose: ten times as many in a second.

    Raises:
        AssertionError: a rule is broken; the message tells which.
        Exception: the package let one out, which it must not.
    """
    part = crc32(data) % 16
    extent = _extent(data.decode(errors="replace"))
    if part == 0:
        check(data)
    elif part < 6:
        _check_declaration(Snapshot(None, _named(SourceFile("manifests.yaml", data))), extent)
        with suppress(UnicodeDecodeError):
            check_plain(data.decode())
    elif part < 10:
        _check_declaration(Snapshot(None, _named(SourceFile("manifests.json", data))), extent)
    elif part < 12:
        _check_declaration(
            Snapshot(None, FilesInMemory(()), settings=SourceFile("reconciler.toml", data)), extent
        )
    else:
        with suppress(UnicodeDecodeError):
            _check_yaml(data.decode(), extent)


def check_plain(text: str) -> bool:
    """See that a text is read the quick way only where its judge reads the same and has nothing to say.

    Returns:
        Whether it is.

    Raises:
        AssertionError: it is not.
        Exception: the package let one out, which it must not.
    """
    plain = parse_plain_documents(text)
    if plain is None:
        return False
    judged = list(parse_yaml(text))
    assert [list(document.faults) for document in judged] == [[]] * len(plain), "a fault is passed over"
    values = [(_written(document.value), document.node.position) for document in judged]
    assert [(_written(value), position) for value, position in plain] == values, "not what the judge reads"
    return True


def _extent(text: str) -> Position:
    """The last line and the last column that anything can be at, and one more for what is missing."""
    return len(_BREAK.findall(text)) + 2, len(text) + 2


def _named(*files: SourceFile) -> FilesInMemory:
    """Files that were asked for by name, so that they are parsed whatever is in them."""
    return FilesInMemory(files, [file.path for file in files])


def _check_declaration(snapshot: Snapshot, extent: Position) -> None:
    declaration = load_manifests(snapshot)
    _check_problems(declaration, extent)
    _check_manifests(declaration)


def _check_problems(declaration: Declaration, extent: Position) -> None:
    counts = Counter((problem.place.file, problem.severity) for problem in declaration.problems)
    assert all(count <= MAX_PROBLEMS_IN_FILE + 1 for count in counts.values()), f"a flood: {counts}"
    for problem in declaration.problems:
        _check_position((problem.place.line, problem.place.column), extent)
        _check_words(problem.message, problem.hint)


def _check_words(message: str, hint: str) -> None:
    assert message, "a problem without words"
    for words in (message, hint):
        assert len(words) < _LONGEST_MESSAGE, f"{len(words)} characters of words"
        assert words.isprintable(), f"not printable: {words!a}"


def _check_position(position: Position, extent: Position) -> None:
    line, column = position
    assert 1 <= line <= extent[0], f"line {line} of {extent[0]}"
    assert 1 <= column <= extent[1], f"column {column} of {extent[1]}"


def _check_manifests(declaration: Declaration) -> None:
    for declared in documents(declaration):
        _check_value(declared.document)
        json.dumps(mask_secrets(declared.document), allow_nan=False)
        assert declared.version or declared.alias or declared.uri, "nothing names the version"


def _check_yaml(text: str, extent: Position) -> list[ParsedDocument]:
    """The documents that can be relied on, when all of them could be read."""
    check_plain(text)
    documents: list[ParsedDocument] = []
    try:
        for document in parse_yaml(text):
            _check_document(document, len(text), extent)
            documents.append(document)
    except UnreadableError as error:
        _check_refusal(error, extent)
        return []
    return [document for document in documents if not _is_faulty(document)]


def _check_json(text: str, extent: Position) -> list[ParsedDocument]:
    """The document, if there is one that can be relied on: then the standard library reads the same."""
    document = None
    try:
        document = parse_json(text)
    except UnreadableError as error:
        _check_refusal(error, extent)
        is_right = _OF_A_BOUND.match(str(error)) or not _is_json(text)
    else:
        is_right = _is_json(text)
    assert is_right, f"{'read' if document else 'refused'}, unlike by the standard library"
    if document is None:
        return []
    _check_document(document, len(text), extent)
    if _is_faulty(document):
        return []
    assert _written(document.value) == _written(json.loads(text)), "the standard library reads another value"
    return [document]


def _check_refusal(error: UnreadableError, extent: Position) -> None:
    _check_position(error.position, extent)
    _check_words(str(error), error.hint)


def _check_document(document: ParsedDocument, characters: int, extent: Position) -> None:
    for fault in document.faults:
        _check_fault(fault, extent)
    held = _check_value(document.value)
    assert held <= MAX_CHARACTERS + characters, f"{held} characters of text"
    _check_nodes(document.value, document.node, extent)
    if not _is_faulty(document):
        text = _written(document.value)
        assert _written(parse_json(text).value) == text, "a value that JSON does not keep"
        assert to_json(document.value), "a value that pydantic does not write"


def _check_fault(fault: Fault, extent: Position) -> None:
    _check_position(fault.position, extent)
    _check_words(f"{fault.subject} {fault.message}", fault.hint)


def _check_value(value: Any) -> int:
    """See that a value is JSON and within the bounds, aliases expanded.

    Returns:
        The characters of its texts and keys.
    """
    nodes = characters = 0
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        value, depth = pending.pop()
        nodes += 1
        assert nodes <= MAX_NODES, "too many values"
        kind = type(value)
        if kind is str:
            characters += len(value)
        elif kind is dict:
            assert all(type(key) is str for key in value), "a key that is no text"
            characters += sum(map(len, value))
            pending.extend((inner, depth + 1) for inner in value.values())
        elif kind is list:
            pending.extend((inner, depth + 1) for inner in value)
        elif kind is int:
            assert -MAX_INTEGER - 1 <= value <= MAX_INTEGER, "too large an integer"
        elif kind is float:
            assert math.isfinite(value), "not finite"
        else:
            assert value is None or kind is bool, f"{kind} is no JSON"
        assert depth <= MAX_DEPTH + (kind not in {dict, list}), "too deep"
    return characters


def _check_nodes(value: Any, node: Node, extent: Position) -> None:
    """See that the positions have the form of the value."""
    pending = [(value, node)]
    while pending:
        value, node = pending.pop()
        _check_position(node.position, extent)
        if isinstance(value, dict):
            assert isinstance(node.children, dict)
            assert node.keys is not None
            assert value.keys() == node.children.keys() == node.keys.keys(), "a key without a position"
            for position in node.keys.values():
                _check_position(position, extent)
            pending.extend((inner, node.children[key]) for key, inner in value.items())
        elif isinstance(value, list):
            assert isinstance(node.children, list)
            pending.extend(zip(value, node.children, strict=True))


def _is_faulty(document: ParsedDocument) -> bool:
    return any(not fault.is_warning for fault in document.faults)


def _is_json(text: str) -> bool:
    """Whether the standard library takes it, `NaN` and infinities apart, which JSON has not."""
    try:
        json.loads(text, parse_constant=_refuse, parse_int=str)
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _same(one: ParsedDocument, other: ParsedDocument) -> bool:
    return _written(one.value) == _written(other.value)


def _written(value: Any) -> str:
    """As JSON, which keeps types apart where Python's `==` does not."""
    return json.dumps(value, allow_nan=False)
