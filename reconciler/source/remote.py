"""A remote repository: one commit of it, fetched into a folder of our own that nothing is checked out of.

Of its files, those too large for a manifest are not asked for. No token of ours is sent: git reads
`~/.netrc` for https, and ssh asks its agent.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import SourceError
from reconciler.source.git import Git
from reconciler.source.repository import Repository
from reconciler.source.search import MAX_FILE_BYTES

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?"
_PATH = r"[^\s\\?#]+"
_HTTPS = re.compile(rf"https://{_NAME}(?::\d{{1,5}})?/{_PATH}")
_SSH = re.compile(rf"ssh://(?:[A-Za-z0-9_][\w.\-]*@)?{_NAME}(?::\d{{1,5}})?/{_PATH}")
_SCP = re.compile(rf"[A-Za-z0-9_][\w.\-]*@{_NAME}:(?!//)[^\s\\?#\-:]{_PATH}")
_REVISION = re.compile(r"[A-Za-z0-9][\w./+\-]{0,200}")
_OBJECT = re.compile(r"\bobject [0-9a-f]{40}")
_FETCHED = "refs/reconciler/fetched"
# ssh asks no questions, and gives the host nothing of this machine but the connection.
_SSH_COMMAND = (
    "ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=3"
    " -o ClearAllForwardings=yes -o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no"
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def check_address(url: str) -> str:
    """The address of a repository, if it is one of those that are fetched from.

    Raises:
        SourceError: it is not.
    """
    hint = "give it as https://HOST/PATH or ssh://USER@HOST/PATH"
    user, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    if at and (":" in user or not url.startswith("ssh://")):
        # What stands before the @ may be a password: it is not shown.
        raise SourceError("the address of the repository holds a user or a password", "keep it in ~/.netrc")
    if not (url.isascii() and url.isprintable()) or not any(
        form.fullmatch(url) for form in (_HTTPS, _SSH, _SCP)
    ):
        raise SourceError(f"{ascii(url[:100])[1:-1]} is no address of a repository", hint)
    return url


@contextmanager
def fetch_repository(url: str, revision: str | None, seconds: float) -> Iterator[tuple[Repository, str]]:
    """A repository that holds one commit of a remote one, and the id of the commit.

    Args:
        url: its address: https, or ssh in either spelling.
        revision: a branch, a tag or the full id of a commit; `None` for what the remote's `HEAD` is.
        seconds: how long it may take.

    Raises:
        SourceError: no such address or commit, or it could not be fetched.
    """
    address = check_address(url)
    wanted = "HEAD" if revision is None else revision
    if not _REVISION.fullmatch(wanted) or ".." in wanted:
        raise SourceError(f"no commit named {ascii(wanted[:100])[1:-1]}", _NAMES)
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        bare = Path(folder) / "sha1"
        if not _fetch(bare, "sha1", address, wanted, end):
            bare = Path(folder) / "sha256"
            _fetch(bare, "sha256", address, wanted, end)
        repository = Repository(Git(bare, {"GIT_DIR": str(bare)}), lacks_large=True)
        yield repository, repository.resolve(_FETCHED)


_NAMES = "of a remote repository, give a branch, a tag or the full id of a commit"


def _fetch(bare: Path, object_format: str, address: str, wanted: str, end: float) -> bool:
    """Make a repository and fetch into it; false where the remote one has ids of another length."""
    Git(bare.parent).read_output("init", "--quiet", "--bare", f"--object-format={object_format}", str(bare))
    configuration = (bare / "config").read_bytes()
    git = Git(bare, {"GIT_DIR": str(bare), **_list_network_settings()})
    with git.start(
        "fetch", "--progress", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance",
        f"--filter=blob:limit={MAX_FILE_BYTES + 1}", "--", address, f"+{wanted}:{_FETCHED}",
    ) as running:  # fmt: skip
        status = running.wait_while_printing(end)
        stderr = running.stderr_text
    if status is None:
        raise SourceError(f"can not fetch {address}: it answers too slowly", "try again later")
    # Without this, git would later fetch what the filter left out whenever it needs it.
    (bare / "config").write_bytes(configuration)
    if status and "mismatched algorithms" not in stderr:
        raise _make_fetch_error(address, wanted, running.complaint, stderr)
    return not status


def _make_fetch_error(address: str, wanted: str, complaint: str, stderr: str) -> SourceError:
    if "couldn't find remote ref" in stderr or "not our ref" in stderr:
        return SourceError(f"no commit named {wanted} at {address}", _NAMES)
    if (
        "could not read Username" in stderr
        or "Authentication failed" in stderr
        or "Permission denied" in stderr
    ):
        hint = "https takes user and password from ~/.netrc, ssh takes keys from its agent"
        return SourceError(f"{address} asks who you are: {complaint}", hint)
    hint = "check the address, and try again"
    if _OBJECT.search(complaint):
        hint = "git trusts no object that no git makes: git fsck in a clone says more"
    return SourceError(f"can not fetch {address}: {complaint}", hint)


def _list_network_settings() -> Mapping[str, str]:
    """The variables that git reaches a remote host by: the caller's proxies, certificates and ssh agent."""
    variables = {"GIT_ALLOW_PROTOCOL": "https:ssh", "GIT_SSH_COMMAND": _SSH_COMMAND, "GIT_SSH_VARIANT": "ssh"}
    for name in ("SSH_AUTH_SOCK", *_PROXIES, *map(str.upper, _PROXIES)):
        if value := os.environ.get(name):
            variables[name] = value
    if bundle := os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE"):
        variables["GIT_SSL_CAINFO"] = bundle
    return variables
