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
    """What files have been up to a commit, and are no more.

    Args:
        repository: has the history.
        read_by: says what is read by the settings of a commit.
        commit: the full id of the last one.
        present: the paths of files that there are, and the ids of their blobs.
        memory: of the repository; `None` where nothing is to be remembered.

    Attributes:
        chronicle: what files have been.

    Raises:
        SourceError: git failed, or there is no end to it.
    """

    def __init__(
        self,
        repository: Repository,
        read_by: ReadBy,
        commit: str,
        present: Iterable[tuple[str, str]],
        memory: Memory | None = None,
    ) -> None:
        self._memory = memory
        self.chronicle = _read_chronicle(repository, read_by, commit, memory)
        self._names = self.chronicle.list_names(present)

    def outlines(self, mentions: Mentions) -> Outlines:
        """The manifests in contents that files have been and are no more, as far as they may matter.

        Args:
            mentions: says what matters.

        Raises:
            SourceError: git does not have them all, or they are too large together.
        """
        chronicle, names = self.chronicle, self._names
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


def _read_chronicle(repository: Repository, read_by: ReadBy, commit: str, memory: Memory | None) -> Chronicle:
    """What files have been up to a commit.

    Raises:
        SourceError: git failed, or there is no end to it.
    """
    if memory is None:
        return repository.read_chronicle(commit, read_by)
    memory = memory.make_sibling("history")
    known = _decode_record(memory.read_note(commit))
    chronicle = repository.read_chronicle(commit, read_by, known)
    if known is None and _is_long(chronicle):
        memory.write_note(commit, chronicle.record.encode())
    return chronicle


def _is_long(chronicle: Chronicle) -> bool:
    return len(chronicle.record.names) >= LEAST


def _filter_mentions(chronicle: Chronicle, names: Sequence[str], mentions: Mentions) -> Sequence[str]:
    return [file.path for file in chronicle.open_contents(names) if mentions.may_be_in(file.data)]


def _decode_record(data: Any) -> Record | None:
    try:
        return Record.decode(data) if data else None
    except ValueError:  # somebody else wrote it
        return None
