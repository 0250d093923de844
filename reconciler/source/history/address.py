"""The address that a repository was cloned from, as it may be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_SCP = re.compile(r"(?:[^@/:\s]+@)?[^@/:\s]+:[^@/:\s][^@\s]*")
_SSH_USER = re.compile(r"[a-z_][a-z0-9_\-]{0,31}")


def strip_credentials(url: str) -> str | None:
    """The address of a repository as it may be shown.

    What stands before an `@` may be a password or a token, but for the user of ssh, who has keys.
    """
    if not url.isprintable():
        return None
    if "://" not in url:
        return _strip_ssh_user(url) if _SCP.fullmatch(url) else None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    who, _, host = parts.netloc.rpartition("@")
    user = who.partition(":")[0]
    kept = f"{user}@{host}" if parts.scheme == "ssh" and _SSH_USER.fullmatch(user) else host
    return f"{parts.scheme}://{kept}{parts.path}" if host else None


def _strip_ssh_user(address: str) -> str:
    """An address as scp has it, without a user that is no name."""
    user, at, rest = address.rpartition("@")
    return address if at and _SSH_USER.fullmatch(user) else rest
