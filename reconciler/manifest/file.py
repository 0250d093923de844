"""One file: its documents sorted out into manifests and others, and everything that is wrong with them.

A file whose YAML is plain and whose manifests break no rule is read the quick way, which knows no
positions. A file with a problem is read again, with positions.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Literal

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.manifest.parse.document import Node, ParsedDocument, UnreadableError
from reconciler.manifest.parse.json import parse_json
from reconciler.manifest.parse.plain_yaml import parse_plain_documents
from reconciler.manifest.parse.yaml import parse_yaml
from reconciler.manifest.rules.schema import SCHEMA_KEY
from reconciler.manifest.rules.secrets import find_secrets
from reconciler.manifest.rules.violations import Violation, find_violations, find_warnings
from reconciler.manifest.rules.words import find_similar_word, shorten_text
from reconciler.model import Artifact, Declared, Json, Pointer
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import SourceFile, is_json, make_too_large_problem
from reconciler.wire import rules


class OtherDocument:
    """A document that is no manifest."""


OTHER_DOCUMENT: Final = OtherDocument()
_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_BYTE_ORDER_MARK = "\ufeff"
_LATER_MARK = re.compile(rf"(^---[^\n]*\n){_BYTE_ORDER_MARK}|^{_BYTE_ORDER_MARK}(?=---)", re.MULTILINE)
"""In front of a document that is not the first, as where files were joined; libyaml knows only the first."""
_TEMPLATE_MARKS = (("{{", "}}"), ("{%", "%}"))
_TEMPLATE_HINT = "if it is a template, leave it out: exclude in reconciler.toml"


def read_file(file: SourceFile) -> Iterator[Declared | Problem | OtherDocument]:
    """The manifests of a file, its other documents, and all that is wrong.

    Raises:
        ReconcilerError: YAML can not be read at all here.
    """

    def make_problem(position: tuple[int, int], code: Code, message: str, hint: str = "") -> Problem:
        return Problem(Place(file.path, *position), code, message, hint)

    if len(file.data) > MAX_FILE_BYTES:
        yield make_too_large_problem(file.path)
        return
    data = file.data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        position = before.count("\n") + 1, len(before) - before.rfind("\n")
        yield make_problem(position, Code.NOT_UTF_8, "not UTF-8 text", "save the file as UTF-8")
        return
    if not text.strip():
        return
    if text.startswith(_LFS_POINTER):
        message = "a Git LFS pointer, not the file itself"
        yield make_problem((1, 1), Code.LFS_POINTER, message, "keep manifests out of Git LFS")
        return
    if not is_json(file.path):
        text = _strip_marks(text)
        if (plain := _read_plain_documents(text, file.path)) is not None:
            yield from plain
            return
    try:
        for document in _parse_documents(text, file.path):
            yield from _read_document(document, file.path)
    except UnreadableError as error:
        is_template = any(begin in text and end in text for begin, end in _TEMPLATE_MARKS)
        hint = error.hint or (_TEMPLATE_HINT if is_template else "")
        yield make_problem(error.position, error.code, str(error), hint)


def locate_fields(
    file: SourceFile, wanted: Mapping[Place, Sequence[Pointer]]
) -> Iterator[tuple[Place, Place]]:
    """Where the first of some fields stands in each of the manifests that are wanted and found in a file."""
    left = len(wanted)
    try:
        text = _strip_marks(file.data.removeprefix(codecs.BOM_UTF8).decode())
        for document in _parse_documents(text, file.path):
            place = Place(file.path, *document.node.position)
            if fields := wanted.get(place):
                yield place, Place(file.path, *min(map(document.node.find_position, fields)))
                left -= 1
            if not left:
                return
    except (UnicodeDecodeError, UnreadableError):
        return  # the file has changed since


def _parse_documents(text: str, file: str) -> Iterator[ParsedDocument]:
    """The documents of a file, with positions.

    Raises:
        UnreadableError: the rest of it can not be read.
    """
    if is_json(file):
        yield parse_json(text)
    else:
        yield from parse_yaml(text)


def _strip_marks(text: str) -> str:
    return _LATER_MARK.sub(r"\1", text) if _BYTE_ORDER_MARK in text else text


def _read_document(document: ParsedDocument, file: str) -> Iterator[Declared | Problem | OtherDocument]:
    value, node = document.value, document.node
    if value is None and not document.faults:
        return
    if not isinstance(value, Mapping) or value.get("type") != rules.MANIFEST_TYPE:
        # Faults in somebody else's document are for its own tool to report.
        yield OTHER_DOCUMENT
        for near_miss in _find_near_misses(value):
            yield _make_problem(near_miss, node, file)
        return
    is_valid = True
    violations = chain(find_violations(value), find_warnings(value))
    problems = (_make_problem(violation, node, file) for violation in violations)
    for problem in chain(_convert_faults(document, file), problems):
        is_valid &= problem.severity != "error"
        yield problem
    if is_valid:
        yield _make_declared(value, Place(file, *node.position))


def _read_plain_documents(text: str, file: str) -> list[Declared | OtherDocument] | None:
    """The documents of a file without problems; `None` if there may be one."""
    documents = parse_plain_documents(text)
    if documents is None:
        return None
    found: list[Declared | OtherDocument] = []
    for value, position in documents:
        if value is None:
            continue
        if not isinstance(value, dict) or value.get("type") != rules.MANIFEST_TYPE:
            if any(_find_near_misses(value)):
                return None
            found.append(OTHER_DOCUMENT)
        elif any(find_violations(value)) or any(find_warnings(value)):
            return None
        else:
            found.append(_make_declared(value, Place(file, *position)))
    return found


def _make_declared(value: Mapping[str, Json], place: Place) -> Declared:
    artifact = Artifact(str(value["ml_repo"]), str(value["name"]))
    return Declared(artifact, {key: part for key, part in value.items() if key != SCHEMA_KEY}, place)


def _convert_faults(document: ParsedDocument, file: str) -> Iterator[Problem]:
    hidden = set()
    if any(fault.subject for fault in document.faults):
        hidden = {document.node.find_position(path) for path in find_secrets(document.value)}
    for fault in document.faults:
        severity: Literal["error", "warning"] = "warning" if fault.is_warning else "error"
        message = fault.message
        if fault.subject:
            message = f"{'***' if fault.position in hidden else fault.subject} {message}"
        yield Problem(Place(file, *fault.position), fault.code, message, fault.hint, severity)


def _make_problem(violation: Violation, node: Node, file: str) -> Problem:
    path, code, message, hint, at_key, severity = violation
    return Problem(Place(file, *node.find_position(path, key=at_key)), code, message, hint, severity)


def _find_near_misses(value: Json) -> Iterator[Violation]:
    """What is wrong with documents that may be meant as manifests and are not read as such."""
    if isinstance(value, list):
        if any(isinstance(item, Mapping) and item.get("type") == rules.MANIFEST_TYPE for item in value):
            hint = "give each manifest a document of its own, separated by ---"
            message = "a list of manifests is not read"
            yield Violation((), Code.MANIFEST_LIST, message, hint, severity="warning")
        return
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    if isinstance(kind, str) and kind.casefold() == rules.MANIFEST_TYPE:
        message = f"type {shorten_text(kind)} differs from {rules.MANIFEST_TYPE} in case"
        yield Violation(("type",), Code.SIMILAR_TYPE, message, "write it in lower case")
    elif isinstance(kind, str) and find_similar_word(kind.replace("_", "-"), [rules.MANIFEST_TYPE], 0.8):
        message = f"type {shorten_text(kind)} is left to other tools"
        hint = f"did you mean {rules.MANIFEST_TYPE}?"
        yield Violation(("type",), Code.SIMILAR_TYPE, message, hint, severity="warning")
    elif "type" not in value and {"ml_repo", "name", "source"} <= value.keys():
        hint = f"add type: {rules.MANIFEST_TYPE}"
        message = "looks like an artifact version but has no type, so it is not read"
        yield Violation((), Code.MISSING_TYPE, message, hint, severity="warning")
