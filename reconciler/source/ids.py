"""Ids of a repository's objects, of which there may be 100,000 at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class Ids(Sequence[str]):
    """Ids, all of one length, in a quarter of the bytes that texts take."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._length = 0

    def append(self, oid: str) -> None:
        """Add one behind the others.

        Raises:
            ValueError: it is none, or of another length.
        """
        data = bytes.fromhex(oid)
        self._length = self._length or len(data)
        if not data or len(data) != self._length:
            raise ValueError(oid)
        self._bytes += data

    def __len__(self) -> int:
        return len(self._bytes) // self._length if self._length else 0

    def __iter__(self) -> Iterator[str]:
        step = self._length or 1
        return (self._bytes[at : at + step].hex() for at in range(0, len(self._bytes), step))

    def __getitem__(self, index: Any) -> Any:
        start = range(len(self))[index] * self._length
        return self._bytes[start : start + self._length].hex()
