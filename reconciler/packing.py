"""Values of which there may be 100,000 at once, each looked at for a moment: kept as compressed JSON.

A document takes 3 KiB as an object and 170 bytes packed; either way takes 20 us.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

_WINDOW_BITS = -12  # 4 KiB: what a document takes, and no more to set up for each
_MEMORY_LEVEL = 5
_LEVEL = 3
_encode = json.JSONEncoder(check_circular=False, ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Packed:
    """A value, and what it was packed like."""

    data: bytes
    like: bytes

    def value(self) -> Any:
        """The value, made anew; arrays are lists."""
        return json.loads(self._text())

    def _text(self) -> str:
        data = zlib.decompressobj(_WINDOW_BITS, self.like).decompress(self.data)
        return data.decode(errors="surrogatepass")

    # What a value was packed like says nothing of it.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packed) and self._text() == other._text()

    def __hash__(self) -> int:
        return hash(self._text())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text()!a})"


class Packer:
    """Packs values of one kind: of each only what sets it apart from the first takes room."""

    def __init__(self) -> None:
        self._like = b""

    def pack(self, value: Any) -> Packed:
        """Pack a value made of JSON types.

        Raises:
            TypeError: it holds something else.
        """
        text = _encode(value).encode(errors="surrogatepass")
        self._like = self._like or text[: 1 << -_WINDOW_BITS]
        packing = zlib.compressobj(
            _LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, self._like
        )
        return Packed(packing.compress(text) + packing.flush(), self._like)
