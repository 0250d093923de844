"""The bounds that both parsers share."""

from __future__ import annotations

import pytest

from reconciler.codes import Code
from reconciler.manifest.parse.document import MAX_INTEGER, Fault, Node, parse_integer


@pytest.mark.parametrize(
    ("digits", "base", "expected"),
    [("0", 10, 0), ("-12", 10, -12), ("0x1F", 16, 31), ("0o17", 8, 15), (str(MAX_INTEGER), 10, MAX_INTEGER)],
)
def test_digits_become_a_number(digits: str, base: int, expected: int) -> None:
    faults: list[Fault] = []
    assert parse_integer(digits, base, (1, 1), faults) == expected
    assert all(fault.is_warning for fault in faults)


@pytest.mark.parametrize("digits", [str(MAX_INTEGER + 1), "1" * 5000])
def test_a_number_beyond_the_bound_is_a_fault_in_its_place(digits: str) -> None:
    faults: list[Fault] = []
    parse_integer(digits, 10, (3, 4), faults)
    assert faults == [
        Fault(Code.NUMBER_OUT_OF_RANGE, "integer beyond 64 bits", (3, 4), "quote it to keep it as text")
    ]


def test_a_list_is_entered_by_an_index_also_as_a_pointer_writes_it() -> None:
    node = Node((1, 1), [Node((1, 2)), Node((1, 5))])
    assert node.find_position([1]) == (1, 5)
    assert node.find_position([2]) == (1, 1)
    assert node.find_position(["1"]) == (1, 5)
    assert node.find_position(["x"]) == (1, 1)
