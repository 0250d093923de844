"""YAML text to documents: JSON types by the rules of YAML 1.2's core schema, with positions.

PyYAML's own loaders read YAML 1.1 (`no` is false, `1:30` is 90, `010` is 8) and keep no positions;
here the values are built in one pass over libyaml's events. Numbers with a leading zero stay text:
YAML 1.1 and 1.2 read them differently. Duplicate keys, keys that are no text, and tags outside JSON
are faults; anchors, aliases and merge keys work, within the bounds of `document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from reconciler.manifest.document import (
    MAX_DEPTH,
    MAX_NODES,
    Fault,
    Node,
    ParsedDocument,
    Position,
    UnreadableError,
    too_deep,
    too_large,
)
from reconciler.manifest.scalars import UNRESOLVED, look_alike, resolve
from reconciler.model import Json

_CORE = "tag:yaml.org,2002:"


def parse_yaml(text: str) -> Iterator[ParsedDocument]:
    """The documents of one file, empty ones among them as `None`.

    Raises:
        UnreadableError: the text is no YAML from here on, or breaks a bound.
    """
    loader = yaml.CSafeLoader(text)
    try:
        while True:
            event = loader.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return
            if isinstance(event, yaml.DocumentStartEvent):
                yield _Builder(loader).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise UnreadableError(f"not valid YAML: {error.problem or error.context}", position) from None
    except yaml.reader.ReaderError as error:
        raise UnreadableError("not valid YAML: a control character", _offset(text, error.position)) from None
    finally:
        loader.dispose()


def _offset(text: str, position: int) -> Position:
    # libyaml counts bytes here; a character too far is still the right line for what people type.
    before = text.encode()[:position].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Builder:
    """Builds one document from the events that follow its start."""

    def __init__(self, loader: yaml.CSafeLoader) -> None:
        self._event = loader.get_event
        self._anchors: dict[str, tuple[Json, Node, int, int]] = {}
        self._faults: list[Fault] = []
        self._nodes = 0

    def document(self) -> ParsedDocument:
        value, node, _ = self._value(self._event(), 1)
        self._event()  # the end of the document
        return ParsedDocument(value, node, self._faults)

    def _value(self, event: Any, depth: int) -> tuple[Json, Node, int]:
        """The value that starts with `event`, where it stands, and how deep it goes."""
        position = _start(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise too_large(position)
        if isinstance(event, yaml.ScalarEvent):
            value, node, height = self._scalar(event, position), Node(position), 0
            if event.anchor is not None:
                self._anchors[event.anchor] = (value, node, 1, 0)
            return value, node, height
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), position, depth)
        if depth > MAX_DEPTH:
            raise too_deep(position)
        before = self._nodes
        self._check_collection_tag(event, position)
        if isinstance(event, yaml.MappingStartEvent):
            value, node, height = self._mapping(position, depth)
        else:
            value, node, height = self._sequence(position, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, node, self._nodes - before + 1, height)
        return value, node, height

    def _alias(self, anchor: str, position: Position, depth: int) -> tuple[Json, Node, int]:
        if anchor not in self._anchors:
            raise UnreadableError("alias without an anchor before it", position)
        value, node, size, height = self._anchors[anchor]
        self._nodes += size - 1
        if self._nodes > MAX_NODES:
            raise too_large(position)
        if depth + height > MAX_DEPTH + 1:
            raise too_deep(position)
        return value, Node(position, node.children, node.keys), height

    def _sequence(self, position: Position, depth: int) -> tuple[Json, Node, int]:
        values: list[Json] = []
        nodes: list[Node] = []
        height = 0
        while not isinstance(event := self._event(), yaml.SequenceEndEvent):
            value, node, below = self._value(event, depth + 1)
            values.append(value)
            nodes.append(node)
            height = max(height, below)
        return values, Node(position, nodes), height + 1

    def _mapping(self, position: Position, depth: int) -> tuple[Json, Node, int]:
        values: dict[str, Json] = {}
        nodes: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        merged: list[tuple[dict[str, Json], Node]] = []
        height = 0
        while not isinstance(event := self._event(), yaml.MappingEndEvent):
            at = _start(event)
            is_merge = isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]
            key, _, _ = self._value(event, depth + 1)
            value, node, below = self._value(self._event(), depth + 1)
            height = max(height, below)
            if is_merge:
                merged.extend(self._merge(value, node))
            elif not isinstance(key, str):
                self._faults.append(Fault("key is not text", at, "quote it"))
            elif key in values:
                line, column = keys[key]
                self._faults.append(Fault(f"key given twice, first at line {line}, column {column}", at))
            else:
                values[key], nodes[key], keys[key] = value, node, at
        for more, node in merged:
            for key, value in more.items():
                if key not in values:
                    children = node.children
                    assert isinstance(children, dict)
                    values[key], nodes[key], keys[key] = value, children[key], node.position
        return values, Node(position, nodes, keys), height + 1

    def _merge(self, value: Json, node: Node) -> list[tuple[dict[str, Json], Node]]:
        """The mappings that a `<<` names, the earlier before the later."""
        children = node.children
        if isinstance(value, dict):
            return [(value, node)]
        if isinstance(value, list) and isinstance(children, list):
            mappings = [(v, n) for v, n in zip(value, children, strict=True) if isinstance(v, dict)]
            if len(mappings) == len(value):
                return mappings
        self._faults.append(Fault("a merge key takes a mapping or a list of mappings", node.position))
        return []

    def _scalar(self, event: Any, position: Position) -> Json:
        text: str = event.value
        tag = event.tag
        if tag is None:
            if not event.implicit[0]:
                return text
            plain: Json = resolve(text, position, self._faults)
            if plain is UNRESOLVED:
                if warning := look_alike(text, position):
                    self._faults.append(warning)
                return text
            return plain
        kind = tag.removeprefix(_CORE) if tag.startswith(_CORE) else None
        if kind == "str" or tag == "!":
            return text
        value = resolve(text, position, self._faults)
        if kind not in {"null", "bool", "int", "float"}:
            self._faults.append(Fault(f"tag {_shown(tag)} is not supported", position, "only JSON types are"))
        elif value is UNRESOLVED or _kind(value) not in ({"int", "float"} if kind == "float" else {kind}):
            self._faults.append(Fault(f"value does not fit its tag !!{kind}", position))
        elif kind == "float":
            return float(value)
        return None if value is UNRESOLVED else value

    def _check_collection_tag(self, event: Any, position: Position) -> None:
        expected = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        if event.tag not in {None, "!", _CORE + expected}:
            fault = Fault(f"tag {_shown(event.tag)} is not supported", position, "only JSON types are")
            self._faults.append(fault)


def _start(event: Any) -> Position:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _kind(value: Json) -> str:
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "null")


def _shown(tag: str) -> str:
    short = tag.replace(_CORE, "!!", 1)
    return ascii(short[:40])[1:-1]
