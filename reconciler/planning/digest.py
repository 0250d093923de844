"""The name of a plan: one digest of what it would do, and of the registered state that it rests on.

Each change has a digest of its own as well: who knows these can recognise what is left of a plan
(`planning.approval`); the digest of the plan alone does not show that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256

from reconciler.canonical import encode_canonical_json
from reconciler.model import PARKING_ALIAS, Document, Json, Target
from reconciler.planning.document import ChangeDocument


def compute_plan_digest(target: Target, changes: Iterable[ChangeDocument]) -> str:
    """64 hexadecimal digits: SHA-256 of host and tenant, and of the digests of the changes in order.

    The order of files makes no difference, nor does the commit, the time, the machine, or what is registered
    beside.

    Args:
        target: what was asked; the flavour of its API does not count.
        changes: in order, walked over once and not kept.
    """
    return combine_digests(target, (digest for change in changes for digest in list_change_digests(change)))


def combine_digests(target: Target, digests: Iterable[str]) -> str:
    """The digest of a plan, by those of its changes, each on a line."""
    found = sha256(_encode_line([target.host, target.tenant]))
    for digest in digests:
        found.update(f"{digest}\n".encode())
    return found.hexdigest()


def list_change_digests(change: ChangeDocument) -> Iterator[str]:
    """What a change may be known by: its digest, and that of what is left of it once its alias was parked.

    Of a change count what it is about, what is registered and what is to be; not where its manifest stands,
    and not what is said about it.
    """
    yield compute_change_digest(change)
    if change.action == "update" and isinstance(change.after.get("version_alias"), str):
        parked = {**change.after, "version_alias": f"{PARKING_ALIAS}{change.version}"}
        yield compute_change_digest(replace(change, before=parked))


def compute_change_digest(change: ChangeDocument) -> str:
    """64 hexadecimal digits: SHA-256 of a change as canonical JSON on a line."""
    of, before, after = change.artifact, get_registered_state(change), change.after
    parts: list[Json] = [change.action, of.ml_repo, of.name, change.version, change.id, before, after]
    if change.action == "delete":
        parts.append(change.in_use)
    return sha256(_encode_line(parts)).hexdigest()


def get_registered_state(change: ChangeDocument) -> Document | None:
    """What is registered, as far as a change rests on it.

    A deletion rests on the alias as far as that is in use, which no longer is what the same plan moves away.
    """
    if change.action == "delete" and change.before:
        return {field: value for field, value in change.before.items() if field != "version_alias"}
    return change.before


def _encode_line(parts: list[Json]) -> bytes:
    # No line end stands within JSON on one line, so that no two plans have their lines in common.
    return f"{encode_canonical_json(parts)}\n".encode()
