"""What the history of a commit has, remembered from one run to the next where anything is to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from reconciler.manifest.mentions import Mentions
from reconciler.manifest.outlines import Outlines
from reconciler.model import EXACT
from reconciler.source.history.record import Record

if TYPE_CHECKING:
    from reconciler.manifest.memory import Memory
    from reconciler.source.history.chronicle import Chronicle
    from reconciler.source.history.eras import ReadBy
    from reconciler.source.repository import Repository

LEAST = 2_000
"""How many contents files must have had for it to be worth it: git reads fewer in a moment."""


class Recollection:
    """The history of one commit.

    Args:
        memory: of the repository; `None` where nothing is to be remembered.
        commit: its full id.
    """

    def __init__(self, memory: Memory | None, commit: str) -> None:
        self._memory = memory
        self._commit = commit

    def read_chronicle(self, repository: Repository, read_by: ReadBy) -> Chronicle:
        """What files have been up to the commit.

        Raises:
            SourceError: git failed, or there is no end to it.
        """
        if self._memory is None:
            return repository.read_chronicle(self._commit, read_by)
        memory = self._memory.make_sibling("history")
        known = _decode_record(memory.read_note(self._commit))
        chronicle = repository.read_chronicle(self._commit, read_by, known)
        if known is None and _is_long(chronicle):
            memory.write_note(self._commit, chronicle.record.encode())
        return chronicle

    def outlines(
        self, chronicle: Chronicle, present: Iterable[tuple[str, str]], mentions: Mentions
    ) -> Outlines:
        """The manifests in contents that files have been and are no more, as far as they may matter.

        Args:
            chronicle: what files have been.
            present: the paths of files that there are, and the ids of their blobs.
            mentions: says what matters.

        Raises:
            SourceError: git does not have them all, or they are too large together.
        """
        names = chronicle.list_names(present)
        if self._memory is None or not _is_long(chronicle):
            return Outlines(chronicle.open_contents(_filter_mentions(chronicle, names, mentions)), EXACT)
        memory = self._memory.make_sibling("history that matters")
        key = blake2b(repr((mentions.key, names)).encode()).hexdigest()
        wanted = memory.read_note(key)
        known = frozenset(names)
        if not isinstance(wanted, list) or not all(type(each) is str and each in known for each in wanted):
            wanted = _filter_mentions(chronicle, names, mentions)
            memory.write_note(key, wanted)
        return Outlines(
            chronicle.open_contents(wanted), EXACT, self._memory.make_sibling("manifests of history")
        )


def _is_long(chronicle: Chronicle) -> bool:
    return len(chronicle.record.numbers) >= LEAST


def _filter_mentions(chronicle: Chronicle, names: Sequence[str], mentions: Mentions) -> Sequence[str]:
    return [file.path for file in chronicle.open_contents(names) if mentions.may_be_in(file.data)]


def _decode_record(data: Any) -> Record | None:
    try:
        return Record.decode(data) if data else None
    except ValueError:  # somebody else wrote it
        return None
