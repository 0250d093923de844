"""A parsed document: its JSON value, and where each key and value stands.

Both parsers, YAML and JSON, build these and keep the same bounds, so that a small file can not
become a large value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.codes import Code
from reconciler.model import Json

MAX_DEPTH = 64
MAX_NODES = 50_000
"""Values in a document, aliases counted as what they stand for."""
MAX_CHARACTERS = 1024 * 1024
"""Of keys and texts in a document, aliases counted as what they stand for; what a file may hold without."""
MAX_INTEGER = 2**63 - 1
MAX_EXACT_INTEGER = 2**53

Position = tuple[int, int]
"""Line and column, counted from 1."""


class UnreadableError(Exception):
    """The rest of the file can not be read.

    Args:
        code: of the rule that it breaks.
        message: what is wrong.
        position: where.
        hint: what to do.
    """

    def __init__(self, code: Code, message: str, position: Position, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a document may not or should not hold; the rest of it can still be read.

    Args:
        code: of the rule that it breaks.
        message: what is wrong; the subject stands before it, if there is one.
        position: where.
        hint: what to do.
        is_warning: the value is right all the same.
        subject: the text that stands there, which may have to be masked.
    """

    code: Code
    message: str
    position: Position
    hint: str = ""
    is_warning: bool = False
    subject: str = ""


class Node:
    """Where a value stands, and where its parts do."""

    __slots__ = ("children", "keys", "position")

    def __init__(
        self,
        position: Position,
        children: dict[str, Node] | list[Node] | None = None,
        keys: dict[str, Position] | None = None,
    ) -> None:
        self.position = position
        self.children = children
        self.keys = keys

    def find_position(self, path: Sequence[str | int], *, key: bool = False) -> Position:
        """The position of the value at `path`, or of its key; the deepest part there is.

        Args:
            path: keys and indices from this value down.
            key: point at the last key, for problems with the key itself.
        """
        node, last = self, None
        for step in path:
            children = node.children
            last = (node.keys or {}).get(str(step))
            if isinstance(children, dict) and str(step) in children:
                node = children[str(step)]
            elif isinstance(children, list) and str(step).isdecimal() and int(step) < len(children):
                node = children[int(step)]
            else:
                return last or node.position
        return last if key and last else node.position


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One document of a file. With faults that are no warnings, the value may be wrong."""

    value: Json
    node: Node
    faults: Sequence[Fault] = field(default=())


def parse_integer(digits: str, base: int, position: Position, faults: list[Fault]) -> int:
    """The number that `digits` spell, or 0 and a fault beyond 64 bits with a sign."""
    # 22 characters hold every such number in base 8, 10 and 16; longer ones may take quadratic time.
    value = int(digits, base) if len(digits) <= 22 else MAX_INTEGER + 1  # noqa: PLR2004
    if not -MAX_INTEGER - 1 <= value <= MAX_INTEGER:
        hint = "quote it to keep it as text"
        faults.append(Fault(Code.NUMBER_OUT_OF_RANGE, "integer beyond 64 bits", position, hint))
        return 0
    if abs(value) > MAX_EXACT_INTEGER:
        message = "integer beyond 2**53, which programs that know floating-point numbers only will round"
        hint = "quote it to keep it exact"
        faults.append(Fault(Code.INEXACT_INTEGER, message, position, hint, is_warning=True))
    return value


def make_duplicate_key_fault(position: Position, first: Position, advice: str = "") -> Fault:
    """The fault of a key that its mapping has already, at the position `first`."""
    hint = f"first at line {first[0]}, column {first[1]}" + (f"; {advice}" if advice else "")
    return Fault(Code.DUPLICATE_KEY, "key given twice", position, hint)


def make_depth_error(position: Position) -> UnreadableError:
    """The error for nesting beyond the bound."""
    return UnreadableError(Code.DOCUMENT_TOO_LARGE, f"nested deeper than {MAX_DEPTH} levels", position)


def make_size_error(position: Position) -> UnreadableError:
    """The error for a document beyond the bound, aliases expanded."""
    message = f"more than {MAX_NODES:,} values in one document, aliases expanded"
    return UnreadableError(Code.DOCUMENT_TOO_LARGE, message, position)


def make_length_error(position: Position) -> UnreadableError:
    """The error for text beyond the bound, which takes aliases."""
    message = f"more than {MAX_CHARACTERS:,} characters in one document, aliases expanded"
    return UnreadableError(Code.DOCUMENT_TOO_LARGE, message, position)
