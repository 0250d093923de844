"""JSON text to a document, with positions: what the standard library's parser does not keep.

Stricter than that parser where it lets data change silently: duplicate keys, `NaN`, numbers beyond
64 bits and half surrogate pairs are faults.
"""

from __future__ import annotations

import json
import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

from reconciler.codes import Code
from reconciler.manifest.parse.document import (
    MAX_DEPTH,
    MAX_NODES,
    Fault,
    Node,
    ParsedDocument,
    Position,
    UnreadableError,
    make_depth_error,
    make_duplicate_key_fault,
    make_size_error,
    parse_integer,
)
from reconciler.model import Json

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CONSTANT = re.compile(r"true|false|null")
_NOT_FINITE = re.compile(r"-?(?:NaN|Infinity)\b")
"""What some programs write, though it is no JSON."""
_CONSTANTS: dict[str, Json] = {"true": True, "false": False, "null": None}
_POSITION_WORDS = re.compile(r"( starting)? at$|: $")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(text: str) -> ParsedDocument:
    """The one document of a JSON file.

    Raises:
        UnreadableError: the text is no JSON, or breaks a bound.
    """
    return _Parser(text).parse_document()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._nodes = 0
        self._faults: list[Fault] = []
        self._line = 1
        self._line_start = 0

    def parse_document(self) -> ParsedDocument:
        self._skip_space()
        value, node = self._parse_value(1)
        self._skip_space()
        if self._at < len(self._text):
            raise self._make_error("more text after the end of the value")
        return ParsedDocument(value, node, self._faults)

    def _parse_value(self, depth: int) -> tuple[Json, Node]:
        position = self._find_position()
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise make_size_error(position)
        character = self._text[self._at : self._at + 1]
        if character in {"{", "["}:
            if depth > MAX_DEPTH:
                raise make_depth_error(position)
            self._at += 1
            parse = self._parse_object if character == "{" else self._parse_array
            return parse(position, depth)
        return self._parse_string() if character == '"' else self._parse_constant(position), Node(position)

    def _parse_constant(self, position: Position) -> Json:
        if match := _CONSTANT.match(self._text, self._at):
            self._at = match.end()
            return _CONSTANTS[match.group()]
        match = _NUMBER.match(self._text, self._at)
        if not match:
            if word := _NOT_FINITE.match(self._text, self._at):
                message = f"not valid JSON: {word.group()} is no number of JSON"
                raise UnreadableError(
                    Code.INVALID_JSON, message, position, f'write null, or "{word.group()}" as text'
                )
            raise self._make_error("expected a value")
        self._at = match.end()
        digits, fraction, exponent = match.groups()
        if fraction is None and exponent is None:
            return parse_integer(digits, 10, position, self._faults)
        value = float(match.group())
        if not math.isfinite(value):
            self._faults.append(Fault(Code.NUMBER_OUT_OF_RANGE, "not a finite number", position))
            return 0
        return value

    def _parse_string(self) -> str:
        position = self._find_position()
        try:
            value, self._at = scanstring(self._text, self._at + 1, True)  # noqa: FBT003  a C function
        except json.JSONDecodeError as error:
            self._at = error.pos
            raise self._make_error(_shorten_message(error.msg)) from None
        if _SURROGATE.search(value):
            message = "half of a surrogate pair is no character"
            self._faults.append(Fault(Code.HALF_CHARACTER, message, position))
        return str(value)

    def _parse_array(self, position: Position, depth: int) -> tuple[Json, Node]:
        values: list[Json] = []
        nodes: list[Node] = []
        while not self._is_closed("]", first=not values):
            value, node = self._parse_value(depth + 1)
            values.append(value)
            nodes.append(node)
        return values, Node(position, nodes)

    def _parse_object(self, position: Position, depth: int) -> tuple[Json, Node]:
        values: dict[str, Json] = {}
        nodes: dict[str, Node] = {}
        keys: dict[str, Position] = {}
        first = True
        while not self._is_closed("}", first=first):
            first = False
            at = self._find_position()
            if not self._text.startswith('"', self._at):
                raise self._make_error("expected a key in double quotes")
            key = self._parse_string()
            self._skip_space()
            if not self._text.startswith(":", self._at):
                raise self._make_error("expected ':' after the key")
            self._at += 1
            self._skip_space()
            value, node = self._parse_value(depth + 1)
            if key in values:
                self._faults.append(make_duplicate_key_fault(at, keys[key]))
            else:
                values[key], nodes[key], keys[key] = value, node, at
        return values, Node(position, nodes, keys)

    def _is_closed(self, end: str, *, first: bool) -> bool:
        """Whether the collection ends here; else step to its next member."""
        self._skip_space()
        if self._text.startswith(end, self._at):
            self._at += 1
            return True
        if not first:
            if not self._text.startswith(",", self._at):
                raise self._make_error(f"expected ',' or '{end}'")
            self._at += 1
            self._skip_space()
        return False

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        assert match
        start, self._at = match.span()
        # Strings hold no line ends, so this is where all of them are met.
        if lines := self._text.count("\n", start, self._at):
            self._line += lines
            self._line_start = self._text.rindex("\n", start, self._at) + 1

    def _find_position(self) -> Position:
        return self._line, self._at - self._line_start + 1

    def _make_error(self, message: str) -> UnreadableError:
        return UnreadableError(Code.INVALID_JSON, f"not valid JSON: {message}", self._find_position())


def _shorten_message(message: str) -> str:
    """A message of the standard library without the words that lead up to a position."""
    return _POSITION_WORDS.sub("", message[:1].lower() + message[1:])
