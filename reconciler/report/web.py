"""Addresses of commits and lines of files on the web pages of a repository's host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from reconciler.planning.document import Source

_REMOTE = re.compile(
    r"(?:https://|(?P<ssh>ssh://git@)|(?P<scp>git@))"
    r"(?P<host>(?:[a-z0-9-]+\.)*(?P<kind>github|gitlab|bitbucket(?=\.org))(?:\.[a-z0-9-]+)+)"
    r"(?(scp):|(?(ssh)(?::[0-9]+)?/|/))"
    r"(?P<path>[\w.-]+(?:/[\w.-]+)+)/?",
    re.ASCII,
)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class WebPages:
    """The pages of a repository at GitHub, GitLab or Bitbucket; the first two also at hosts of one's own.

    Args:
        repository: the address of its first page.
        commits: what stands between that and a commit.
        files: what stands between that and a commit and file.
        line: what stands between that and the number of a line.
        commit: the one that was read, if what was read is what is committed.
    """

    repository: str
    commits: str
    files: str
    line: str
    commit: str | None

    def link_commit(self, commit: str) -> str | None:
        """The address of a commit; `None` if `commit` is no whole id."""
        return f"{self.repository}{self.commits}{commit}" if _COMMIT.fullmatch(commit) else None

    def link_line(self, file: str, line: int | None) -> str | None:
        """The address of a line of a file as it was read; `None` if what was read is not committed."""
        if self.commit is None or not _COMMIT.fullmatch(self.commit):
            return None
        place = quote(file.encode("utf-8", "surrogatepass"))
        return f"{self.repository}{self.files}{self.commit}/{place}{f'{self.line}{line}' if line else ''}"


def find_web_pages(source: Source) -> WebPages | None:
    """The web pages of the repository that was read; `None` if its host is not known to have any."""
    found = _REMOTE.fullmatch(source.repository or "")
    if found is None or {"..", "."} & set(found["path"].split("/")):
        return None
    return WebPages(
        f"https://{found['host']}/{found['path'].removesuffix('.git')}",
        *_PAGES[found["kind"]],
        commit=None if source.is_dirty else source.commit,
    )


_PAGES = {
    "github": ("/commit/", "/blob/", "#L"),
    "gitlab": ("/-/commit/", "/-/blob/", "#L"),
    "bitbucket": ("/commits/", "/src/", "#lines-"),
}
"""By the kind of host: what stands before a commit, before a commit and file, and before a line."""
