"""What looks like another name for a version: one is to be created with the contents of one that is gone.

To the control plane a new name is a new version, and the old one stays; whoever edits the name in a manifest
thinks of one version, and not of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class NamedVersion(NamedTuple):
    """A version by what tells whether another is the same under another name.

    Attributes:
        label: its identity, as people write it.
        version: its number, if it has one.
        uri: of its contents, if they have one.
    """

    label: str
    version: int | None
    uri: str | None


def find_renames(created: Iterable[NamedVersion], gone: Iterable[NamedVersion]) -> Mapping[str, str]:
    """The former names of versions to be created, by their new ones.

    Of several that were declared once with the same contents, the one with the same number is taken.

    Args:
        created: what is to be created.
        gone: what was declared once, and is no longer.
    """
    former: dict[tuple[int | None, str], str] = {}
    for each in gone:
        if each.uri is not None:
            former.setdefault((each.version, each.uri), each.label)
            former.setdefault((None, each.uri), each.label)
    return {
        each.label: label
        for each in (created if former else ())
        if each.uri is not None
        and (label := former.get((each.version, each.uri)) or former.get((None, each.uri)))
    }
