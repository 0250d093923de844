"""The name of a plan: one digest of what it would do, and of the registered state that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from reconciler.canonical import canonical_json
from reconciler.model import Json
from reconciler.planning.document import ChangeDocument, Target


def digest_of(target: Target, changes: Iterable[ChangeDocument]) -> str:
    """64 hexadecimal digits: SHA-256 of host, tenant and changes, each as canonical JSON on a line.

    Of a change count what it is about, what is registered and what is to be; not where its manifest stands,
    and not what is said about it. So the order of files makes no difference, nor does the commit, the time,
    the machine, or what is registered beside.

    Args:
        target: what was asked; the flavour of its API does not count.
        changes: in order, walked over once and not kept.
    """
    found = sha256(_line([target.host, target.tenant]))
    for change in changes:
        of, before, after = change.artifact, change.before, change.after
        found.update(_line([change.action, of.ml_repo, of.name, change.version, change.id, before, after]))
    return found.hexdigest()


def _line(parts: list[Json]) -> bytes:
    # No line end stands within JSON on one line, so that no two plans have their lines in common.
    return f"{canonical_json(parts)}\n".encode()
