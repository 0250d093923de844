"""Which contents may hold manifests: those with a word that every manifest has, found without decoding them.

Most files of a repository belong to somebody else, whatever their names end with. They are searched for a few
bytes and nothing more, so that nothing that is in them can stop a run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

MAX_FILE_BYTES = 1024 * 1024
_WORDS = (b"ml_repo", b"artifact-version")
_WIDE_WORDS = tuple(word.decode().encode("utf-16-le")[:-1] for word in _WORDS)
"""As UTF-16 has them, whichever byte of a character comes first: such a file is an error, and not lost."""
_WRITTEN_BY_US = (b'{\n  "format_version": "', b'{"event": "begin", ')
"""How plans, reports and lists of problems begin, which are kept as JSON and are about manifests."""
_ALL_WORDS = (*_WORDS, *_WIDE_WORDS)
_OVERLAP_BYTES = max(map(len, _WIDE_WORDS)) - 1
_CHUNK_BYTES = 1024 * 1024
_WORTH_A_CALL_BYTES = 4096


def may_hold_manifests(data: bytes) -> bool:
    """Whether a content, as `read_if_ours` gives it, may hold a manifest, or what is meant as one."""
    return (len(data) > MAX_FILE_BYTES or _has_word(data)) and not data.startswith(_WRITTEN_BY_US)


def read_if_ours(read: Callable[[int], bytes], size: int, *, is_named: bool) -> bytes:
    """What is in a file, as far as it matters: of one that can hold no manifest and is too large, nothing.

    Args:
        read: gives at most as many of the next bytes of the file, and none at its end.
        size: of the file, as far as is known.
        is_named: whether the file was asked for by its name, and matters whatever is in it.

    Returns:
        All of a file of at most `MAX_FILE_BYTES`; of a larger one that matters, one byte more than that.
    """
    data = read(min(size, MAX_FILE_BYTES) + 1)
    while (
        len(data) != size and len(data) <= MAX_FILE_BYTES and (more := read(MAX_FILE_BYTES + 1 - len(data)))
    ):
        data += more
    if len(data) <= MAX_FILE_BYTES or is_named:
        return data
    searched = data
    while not _has_word(searched):
        more = read(_CHUNK_BYTES)
        if not more:
            return b""
        searched = searched[-_OVERLAP_BYTES:] + more
    return data


def _has_word(data: bytes) -> bool:
    words = _ALL_WORDS if b"\0" in data else _WORDS
    if len(data) <= _WORTH_A_CALL_BYTES or (find := _find_memmem()) is None:
        return any(word in data for word in words)
    return any(find(data, len(data), word, len(word)) for word in words)


@cache
def _find_memmem() -> Callable[[bytes, int, bytes, int], int | None] | None:
    """`memmem` of the C library, if it has one: it searches 8 GB a second, and Python's own `in` 2."""
    import ctypes  # noqa: PLC0415  10 ms that `--help` does without

    try:
        memmem = ctypes.CDLL(None).memmem
    except (AttributeError, OSError, TypeError):
        return None
    memmem.restype = ctypes.c_void_p
    memmem.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
    found: Callable[[bytes, int, bytes, int], int | None] = memmem
    return found
