"""From files to declared versions: every document sorted out, every problem found in one go."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from reconciler.errors import Place, Problem
from reconciler.manifest.collisions import collisions
from reconciler.manifest.document import Node, ParsedDocument, UnreadableError
from reconciler.manifest.json import parse_json
from reconciler.manifest.problems import Problems
from reconciler.manifest.schema import (
    SCHEMA_KEY,
    dotted,
    excerpt,
    has_unknown_scheme,
    resembles,
    violations,
)
from reconciler.manifest.secrets import secrets
from reconciler.manifest.settings import Settings, load_settings
from reconciler.manifest.yaml import parse_yaml
from reconciler.model import Artifact, Declared, Json
from reconciler.source.snapshot import Snapshot, SourceFile
from reconciler.wire import fields


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a snapshot declares, in an order that does not depend on the files'.

    `others` counts documents of other types, which belong to other tools. With an error among
    `problems`, `manifests` is incomplete.
    """

    manifests: tuple[Declared, ...]
    others: int
    files: int
    problems: tuple[Problem, ...]
    settings: Settings = field(default_factory=Settings)

    @property
    def documents(self) -> int:
        """How many documents were found, manifests or not; broken manifests count as problems only."""
        return len(self.manifests) + self.others

    @property
    def is_valid(self) -> bool:
        """Whether no problem is an error."""
        return all(problem.severity != "error" for problem in self.problems)


def load_manifests(snapshot: Snapshot) -> Declaration:
    """The manifests of a snapshot, and everything that is wrong with them, within the bounds of `Problems`.

    Raises:
        ReconcilerError: YAML can not be read at all here.
    """
    manifests: list[Declared] = []
    settings, wrong = load_settings(snapshot.settings)
    problems = Problems()
    problems.add(chain(snapshot.problems, wrong))
    others = 0
    for file in snapshot.files:
        for found in _read_file(file):
            match found:
                case Declared():
                    manifests.append(found)
                case Problem():
                    problems.add([found])
                case _Other():
                    others += 1
            if problems.is_full(file.path):
                break  # nothing more of the file would be told
        if problems.is_full():
            break
    manifests.sort(key=_order)
    problems.add(collisions(manifests))
    return Declaration(tuple(manifests), others, len(snapshot.files), problems.in_order(), settings)


_LFS_POINTER = "version https://git-lfs.github.com/spec/"


class _Other:
    """A document that is no manifest."""


def _order(declared: Declared) -> tuple[Any, ...]:
    version = declared.version
    return (
        declared.artifact,
        version is None,
        version or 0,
        declared.alias or "",
        declared.uri or "",
        declared.place,
    )


def _read_file(file: SourceFile) -> Iterator[Declared | Problem | _Other]:
    def problem(position: tuple[int, int], message: str, hint: str = "") -> Problem:
        return Problem(Place(file.path, *position), message, hint)

    data = file.data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        position = before.count("\n") + 1, len(before) - before.rfind("\n")
        yield problem(position, "not UTF-8 text", "save the file as UTF-8")
        return
    if not text.strip():
        return
    if text.startswith(_LFS_POINTER):
        yield problem((1, 1), "a Git LFS pointer, not the file itself", "keep manifests out of Git LFS")
        return
    documents: Iterable[ParsedDocument] = (
        (parse_json(text) for _ in range(1)) if file.path.endswith(".json") else parse_yaml(text)
    )
    try:
        for document in documents:
            yield from _read_document(document, file.path)
    except UnreadableError as error:
        yield problem(error.position, str(error), error.hint)


def _read_document(document: ParsedDocument, file: str) -> Iterator[Declared | Problem | _Other]:
    value, node = document.value, document.node
    if value is None and not document.faults:
        return
    if not isinstance(value, Mapping) or value.get("type") != fields.MANIFEST_TYPE:
        # Faults in somebody else's document are for its own tool to report.
        yield _Other()
        yield from _near_misses(value, node, file)
        return
    is_valid = True
    for problem in chain(_fault_problems(document, file), _violation_problems(value, node, file)):
        is_valid &= problem.severity != "error"
        yield problem
    if has_unknown_scheme(value):
        place = Place(file, *node.locate(("source", "uri")))
        known = ", ".join(fields.URI_SCHEMES)
        yield Problem(
            place, f"source.uri has a scheme that TrueFoundry's clients do not know ({known})", "", "warning"
        )
    for path in secrets(value):
        message = f"{dotted(path)} looks like a credential, which all readers of the registry see"
        yield Problem(Place(file, *node.locate(path)), message, "name where it is kept instead", "warning")
    if is_valid:
        artifact = Artifact(str(value["ml_repo"]), str(value["name"]))
        fields_given = {key: given for key, given in value.items() if key != SCHEMA_KEY}
        yield Declared(artifact, fields_given, Place(file, *node.position))


def _fault_problems(document: ParsedDocument, file: str) -> Iterator[Problem]:
    hidden = set()
    if any(fault.subject for fault in document.faults):
        hidden = {document.node.locate(path) for path in secrets(document.value)}
    for fault in document.faults:
        severity: Literal["error", "warning"] = "warning" if fault.is_warning else "error"
        message = fault.message
        if fault.subject:
            message = f"{'***' if fault.position in hidden else fault.subject} {message}"
        yield Problem(Place(file, *fault.position), message, fault.hint, severity)


def _violation_problems(value: Mapping[str, Json], node: Node, file: str) -> Iterator[Problem]:
    for violation in violations(value):
        position = node.locate(violation.path, key=violation.at_key)
        yield Problem(Place(file, *position), violation.message, violation.hint)


def _near_misses(value: Json, node: Node, file: str) -> Iterator[Problem]:
    """Warnings about documents that may be meant as manifests and are not read as such."""

    def warning(path: tuple[str | int, ...], message: str, hint: str) -> Problem:
        return Problem(Place(file, *node.locate(path)), message, hint, "warning")

    if isinstance(value, list):
        if any(isinstance(item, Mapping) and item.get("type") == fields.MANIFEST_TYPE for item in value):
            hint = "give each manifest a document of its own, separated by ---"
            yield warning((), "a list of manifests is not read", hint)
        return
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    if isinstance(kind, str) and resembles(kind.replace("_", "-"), [fields.MANIFEST_TYPE], 0.8):
        hint = f"did you mean {fields.MANIFEST_TYPE}?"
        yield warning(("type",), f"type {excerpt(kind)} is left to other tools", hint)
    elif "type" not in value and {"ml_repo", "name", "source"} <= value.keys():
        hint = f"add type: {fields.MANIFEST_TYPE}"
        yield warning((), "looks like an artifact version but has no type, so it is not read", hint)
