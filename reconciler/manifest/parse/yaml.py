"""YAML text to documents: JSON types by the rules of YAML 1.2's core schema, with positions.

PyYAML's own loaders read YAML 1.1 (`no` is false, `1:30` is 90, `010` is 8) and keep no positions;
here the values are built in one pass over libyaml's events. Numbers with a leading zero stay text:
YAML 1.1 and 1.2 read them differently. Duplicate keys, keys that are no text, and tags outside JSON
are faults; anchors, aliases and merge keys work, within the bounds of `document`. Three characters end a line
in YAML 1.1, and so for libyaml, and are text in 1.2: it gets others for them, which are put back in values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.codes import Code
from reconciler.errors import ReconcilerError
from reconciler.manifest.parse.document import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_NODES,
    Fault,
    Node,
    ParsedDocument,
    Position,
    UnreadableError,
    make_depth_error,
    make_duplicate_key_fault,
    make_length_error,
    make_size_error,
)
from reconciler.manifest.parse.scalars import UNRESOLVED, read_plain_value, resolve_scalar
from reconciler.model import Json

_CORE = "tag:yaml.org,2002:"
_MAX_TAG_DIRECTIVES = 100
"""In a file. libyaml compares each with all before it, and each tag of a document with all of them."""
_TAG_DIRECTIVE = re.compile("(?<![^\r\n])%TAG")
_TAG_ESCAPE = re.compile("%[89A-Fa-f][0-9A-Fa-f]")
"""The escape of a byte beyond ASCII."""
OLD_LINE_ENDS = "\x85\u2028\u2029"
"""What ended a line in YAML 1.1, as libyaml reads it still, and is text in YAML 1.2."""
_STAND_INS = range(0x10000, 0x110000)
"""Characters that mean nothing in YAML; more of them than a file can hold."""


def parse_yaml(text: str) -> Iterator[ParsedDocument]:
    """The documents of one file, empty ones among them as `None`.

    Raises:
        UnreadableError: the text is no YAML from here on, or breaks a bound.
        ReconcilerError: PyYAML came without libyaml.
    """
    if not yaml.__with_libyaml__:
        raise ReconcilerError(
            "PyYAML is installed without libyaml, which manifests are read with",
            "install one of its wheels: pip install --force-reinstall --only-binary :all: PyYAML",
        )
    text, restored = _replace_old_line_ends(text)
    _check_directives(text)
    loader = yaml.CSafeLoader(text)
    try:
        while True:
            event = loader.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                yield _Builder(loader, restored).build_document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = f"not valid YAML: {error.problem or error.context}"
        raise UnreadableError(Code.INVALID_YAML, message, position) from None
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes here; a character too far is still the right line for what people type.
        at = len(text.encode()[: error.position].decode(errors="ignore"))
        message = "not valid YAML: a control character"
        raise UnreadableError(Code.INVALID_YAML, message, _find_position(text, at)) from None
    except UnicodeDecodeError:
        # libyaml lets escapes in tags spell what PyYAML then can not decode.
        message = "not valid YAML: an escape in a tag is no UTF-8"
        escape = _TAG_ESCAPE.search(text, _find_last_event_end(text))
        position = _find_position(text, escape.start() if escape else 0)
        raise UnreadableError(Code.INVALID_YAML, message, position) from None
    finally:
        loader.dispose()


def _replace_old_line_ends(text: str) -> tuple[str, Mapping[int, str]]:
    """A text without what ended lines in YAML 1.1 only, and what its characters in their place stand for."""
    old = [] if text.isascii() else [end for end in OLD_LINE_ENDS if end in text]
    if not old:
        return text, {}
    used = set(text)
    restored = dict(zip((code for code in _STAND_INS if chr(code) not in used), old, strict=False))
    return text.translate({ord(end): code for code, end in restored.items()}), restored


def _check_directives(text: str) -> None:
    if text.count("%TAG") > _MAX_TAG_DIRECTIVES:
        for number, directive in enumerate(_TAG_DIRECTIVE.finditer(text)):
            if number == _MAX_TAG_DIRECTIVES:
                message = f"more than {_MAX_TAG_DIRECTIVES} %TAG directives in one file"
                raise UnreadableError(
                    Code.DOCUMENT_TOO_LARGE, message, _find_position(text, directive.start())
                )


def _find_last_event_end(text: str) -> int:
    """The index behind the last event that a text gives before one that can not be decoded."""
    loader: Any = yaml.CSafeLoader(text)
    index = 0
    try:
        while True:
            index = int(loader.get_event().end_mark.index)
    except UnicodeDecodeError:
        return index
    finally:
        loader.dispose()


def _find_position(text: str, at: int) -> Position:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and what it adds to the document: values, characters, levels."""

    value: Json
    node: Node
    nodes: int
    characters: int
    height: int


class _Builder:
    """Builds one document from the events that follow its start."""

    def __init__(self, loader: yaml.CSafeLoader, restored: Mapping[int, str]) -> None:
        self._event = loader.get_event
        self._restored = restored
        self._anchors: dict[str, _Anchored] = {}
        self._faults: list[Fault] = []
        self._nodes = 0
        self._characters = 0

    def build_document(self) -> ParsedDocument:
        value, node, _ = self._build_value(self._event(), 1)
        self._event()  # the end of the document
        return ParsedDocument(value, node, self._faults)

    def _build_value(self, event: Any, depth: int) -> tuple[Json, Node, int]:
        """The value that starts with `event`, where it stands, and how deep it goes."""
        position = _find_start(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise make_size_error(position)
        if isinstance(event, yaml.ScalarEvent):
            self._characters += len(event.value)
            value, node = self._build_scalar(event, position), Node(position)
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(value, node, 1, len(event.value), 0)
            return value, node, 0
        if isinstance(event, yaml.AliasEvent):
            return self._expand_alias(str(event.anchor), position, depth)
        if depth > MAX_DEPTH:
            raise make_depth_error(position)
        nodes, characters = self._nodes - 1, self._characters
        self._check_collection_tag(event, position)
        if isinstance(event, yaml.MappingStartEvent):
            value, node, height = self._build_mapping(position, depth)
        else:
            value, node, height = self._build_sequence(position, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(
                value, node, self._nodes - nodes, self._characters - characters, height
            )
        return value, node, height

    def _expand_alias(self, anchor: str, position: Position, depth: int) -> tuple[Json, Node, int]:
        if anchor not in self._anchors:
            message = "alias without an anchor before it"
            raise UnreadableError(Code.INVALID_YAML, message, position)
        anchored = self._anchors[anchor]
        self._nodes += anchored.nodes - 1
        self._characters += anchored.characters
        if self._nodes > MAX_NODES:
            raise make_size_error(position)
        if self._characters > MAX_CHARACTERS:
            raise make_length_error(position)
        if depth + anchored.height > MAX_DEPTH + 1:
            raise make_depth_error(position)
        node = anchored.node
        return anchored.value, Node(position, node.children, node.keys), anchored.height

    def _build_sequence(self, position: Position, depth: int) -> tuple[Json, Node, int]:
        values: list[Json] = []
        nodes: list[Node] = []
        height = 0
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            value, node, below = self._build_value(event, depth + 1)
            values.append(value)
            nodes.append(node)
            height = max(height, below)
        return values, Node(position, nodes), height + 1

    def _build_mapping(self, position: Position, depth: int) -> tuple[Json, Node, int]:
        values: dict[str, Json] = {}
        nodes: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        merged: list[tuple[dict[str, Json], Node]] = []
        merged_at: Position | None = None
        height = 0
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            at = _find_start(event)
            is_merge = _is_merge_key(event)
            key, _, _ = self._build_value(event, depth + 1)
            value, node, below = self._build_value(self._event(), depth + 1)
            height = max(height, below)
            if is_merge:
                if merged_at:
                    advice = "give it a list: <<: [*a, *b]"
                    self._faults.append(make_duplicate_key_fault(at, merged_at, advice))
                merged_at = merged_at or at
                merged.extend(self._list_merged(value, node))
            elif not isinstance(key, str):
                self._faults.append(Fault(Code.KEY_NOT_TEXT, "key is not text", at, "quote it"))
            elif key in values:
                self._faults.append(make_duplicate_key_fault(at, keys[key]))
            else:
                values[key], nodes[key], keys[key] = value, node, at
        for more, node in merged:
            for key, value in more.items():
                if key not in values:
                    children = node.children
                    assert isinstance(children, dict)
                    values[key], nodes[key], keys[key] = value, children[key], node.position
        return values, Node(position, nodes, keys), height + 1

    def _list_merged(self, value: Json, node: Node) -> list[tuple[dict[str, Json], Node]]:
        """The mappings that a `<<` names, in their order."""
        children = node.children
        if isinstance(value, dict):
            return [(value, node)]
        if isinstance(value, list) and isinstance(children, list):
            mappings = [(v, n) for v, n in zip(value, children, strict=True) if isinstance(v, dict)]
            if len(mappings) == len(value):
                return mappings
        message = "a merge key takes a mapping or a list of mappings"
        self._faults.append(Fault(Code.INVALID_MERGE, message, node.position))
        return []

    def _build_scalar(self, event: Any, position: Position) -> Json:
        text: str = event.value.translate(self._restored) if self._restored else event.value
        tag = event.tag
        if tag is None:
            return read_plain_value(text, position, self._faults) if event.implicit[0] else text
        kind = tag.removeprefix(_CORE) if tag.startswith(_CORE) else None
        if kind == "str" or tag == "!" or _is_merge_key(event):
            return text
        value = resolve_scalar(text, position, self._faults)
        if kind not in {"null", "bool", "int", "float"}:
            self._faults.append(_make_unsupported_tag_fault(tag, position))
        elif value is UNRESOLVED or _name_kind(value) not in (
            {"int", "float"} if kind == "float" else {kind}
        ):
            message = f"value does not fit its tag !!{kind}"
            self._faults.append(Fault(Code.UNSUPPORTED_TAG, message, position))
        elif kind == "float":
            return float(value)
        return None if value is UNRESOLVED else value

    def _check_collection_tag(self, event: Any, position: Position) -> None:
        expected = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        if event.tag not in {None, "!", _CORE + expected}:
            self._faults.append(_make_unsupported_tag_fault(event.tag, position))


def _is_merge_key(event: Any) -> bool:
    """Whether a key is `<<`, be it with its tag `!!merge`: the mappings of its value are merged."""
    return (
        isinstance(event, yaml.ScalarEvent)
        and event.value == "<<"
        and (event.implicit[0] or event.tag == f"{_CORE}merge")
    )


def _find_start(event: Any) -> Position:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _name_kind(value: Json) -> str:
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "null")


def _make_unsupported_tag_fault(tag: str, position: Position) -> Fault:
    short = ascii(tag.replace(_CORE, "!!", 1)[:40])[1:-1]
    return Fault(Code.UNSUPPORTED_TAG, f"tag {short} is not supported", position, "only JSON types are")
