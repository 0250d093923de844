"""Where a reader finds a commit and a line: only at hosts that are known, and only as whole addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.planning.document import Source
from reconciler.report.web import find_web_pages
from tests.support.builders import COMMIT

SOURCE = Source("https://github.com/example/models", COMMIT, (), in_work_tree=False, is_dirty=False)


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/example/models", "https://github.com/example/models"),
        ("https://github.com/example/models.git", "https://github.com/example/models"),
        ("https://github.com/example/models/", "https://github.com/example/models"),
        ("git@github.com:example/models.git", "https://github.com/example/models"),
        ("ssh://git@github.com/example/models.git", "https://github.com/example/models"),
        ("ssh://git@gitlab.example.com:2222/a/b/models.git", "https://gitlab.example.com/a/b/models"),
        ("https://github.example.com/example/mo.de-ls", "https://github.example.com/example/mo.de-ls"),
        ("git@code.gitlab.example.com:a/models.git", "https://code.gitlab.example.com/a/models"),
        ("git@bitbucket.org:a/models.git", "https://bitbucket.org/a/models"),
    ],
)
def test_a_repository_at_a_known_host_has_pages(repository: str, address: str) -> None:
    web = find_web_pages(replace(SOURCE, repository=repository))
    assert web is not None
    assert web.repository == address


@pytest.mark.parametrize(
    "repository",
    [
        None, "", "https://git.example.com/example/models", "http://github.com/example/models",
        "https://user@github.com/example/models", "https://github.com:8443/example/models",
        "https://github.com/example", "https://github.com/example/../models", "file:///github.com/a/b",
        "https://github.com/example/models?x=1", 'https://github.com/example/mo"dels', "javascript:alert(1)",
        "https://github.com/example/models#x", "https://notgithub.com/a/b", "https://github/a/b",
        "git@bitbucket.example.com:a/models.git",
        "https://github.com/ex\u00e4mple/models", "https://github.com/example/models\n",
    ],
)  # fmt: skip
def test_nothing_else_has_pages(repository: str | None) -> None:
    assert find_web_pages(replace(SOURCE, repository=repository)) is None


def test_each_kind_of_host_has_commits_and_files_at_places_of_its_own() -> None:
    found = {}
    for host in ("github.com", "gitlab.com", "bitbucket.org"):
        web = find_web_pages(replace(SOURCE, repository=f"https://{host}/a/b"))
        assert web is not None
        found[host] = (web.link_commit(COMMIT), web.link_line("m.yaml", 3), web.link_line("m.yaml", None))
    assert found == {
        "github.com": (
            f"https://github.com/a/b/commit/{COMMIT}",
            f"https://github.com/a/b/blob/{COMMIT}/m.yaml#L3",
            f"https://github.com/a/b/blob/{COMMIT}/m.yaml",
        ),
        "gitlab.com": (
            f"https://gitlab.com/a/b/-/commit/{COMMIT}",
            f"https://gitlab.com/a/b/-/blob/{COMMIT}/m.yaml#L3",
            f"https://gitlab.com/a/b/-/blob/{COMMIT}/m.yaml",
        ),
        "bitbucket.org": (
            f"https://bitbucket.org/a/b/commits/{COMMIT}",
            f"https://bitbucket.org/a/b/src/{COMMIT}/m.yaml#lines-3",
            f"https://bitbucket.org/a/b/src/{COMMIT}/m.yaml",
        ),
    }


def test_the_path_of_a_file_is_escaped() -> None:
    web = find_web_pages(SOURCE)
    assert web is not None
    assert web.link_line('a b/\u00e9%20?#x"<\ud800.yaml', 1) == (
        f"https://github.com/example/models/blob/{COMMIT}/a%20b/%C3%A9%2520%3F%23x%22%3C%ED%A0%80.yaml#L1"
    )


@pytest.mark.parametrize("commit", ["", "main", COMMIT[:10], f"{COMMIT}\n", COMMIT.upper().replace("0", "A")])
def test_what_is_no_whole_id_has_no_page(commit: str) -> None:
    web = find_web_pages(replace(SOURCE, commit=commit))
    assert web is not None
    assert web.link_commit(commit) is None
    assert web.link_line("m.yaml", 1) is None


def test_a_file_that_was_edited_has_no_page() -> None:
    web = find_web_pages(replace(SOURCE, is_dirty=True, in_work_tree=True))
    assert web is not None
    assert web.link_line("m.yaml", 1) is None
    assert web.link_commit(COMMIT) is not None
