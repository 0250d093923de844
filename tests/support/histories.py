"""Random histories of a repository: branches, merges (of many too), reverts, renames, settings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from tests.support.git_repository import GitRepository

ML_REPOS = ("fraud", "search")
NAMES = ("scorer", "ranker")
PATHS = ("a.yaml", "b.json", "models/a.yml", "models/deep/c.yaml", ".tools/d.yaml", "notes.md")
ALIASES = ("v-prod", "v-next")
SETTINGS_FILE = "reconciler.toml"


def _read_all(_path: str) -> bool:
    """What is read without settings, and by those that say nothing of files: between these nothing turns."""
    return True


SETTINGS: Mapping[str, Callable[[str], bool]] = {
    'exclude = ["models"]\n': lambda path: not path.startswith("models/"),
    'exclude = ["*.yaml", "**/deep/*"]\n': lambda path: path not in {"a.yaml", "models/deep/c.yaml"},
    'paths = ["models", "b.json"]\n': lambda path: path.startswith(("models/", "b.json")),
    "guard = { percent = 5 }\n": _read_all,
    "exclude = 1\n": lambda _: False,  # with which nothing can have been applied
}
"""What settings say, and which files are read by them."""


class Manifest(NamedTuple):
    """What a manifest says: which artifact, and what names the version."""

    ml_repo: str
    name: str
    version: int | None
    alias: str | None
    uri: str

    def __str__(self) -> str:
        # JSON is YAML too.
        version = f'"version": {self.version}, ' if self.version is not None else ""
        alias = f'"version_alias": "{self.alias}", ' if self.alias is not None else ""
        return (
            f'{{"type": "artifact-version", "ml_repo": "{self.ml_repo}", "name": "{self.name}", '
            f'{version}{alias}"source": {{"type": "external", "uri": "{self.uri}"}}, "metadata": {{}}}}'
        )


_CHANGES = (*["write"] * 4, "remove", "move", "split", "revert", "break", "set", "unset")
Tree: TypeAlias = dict[str, tuple[Manifest, ...] | str]
"""The files of a commit: manifests, or a text that is none."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: the numbers of its parents, and its files."""

    parents: tuple[int, ...]
    tree: Tree

    @property
    def are_read(self) -> Callable[[str], bool]:
        """Which files are, by the settings that are beside them."""
        return SETTINGS.get(str(self.tree.get(SETTINGS_FILE)), _read_all)

    def manifests(self, are_read: Callable[[str], bool] | None = None) -> Iterator[Manifest]:
        """Those in files that are read, by the settings beside them or by others."""
        are_read = are_read or self.are_read
        for path, content in self.tree.items():
            if isinstance(content, str) or path.startswith(".") or path.endswith(".md"):
                continue
            if are_read(path):
                yield from content


def history(draw: random.Random) -> list[Commit]:
    """Some commits, each after its parents."""
    commits: list[Commit] = []
    for number in range(draw.randint(4, 16)):
        parents = tuple(draw.sample(range(number), min(number, draw.choice((0, 1, 1, 1, 2, 2, 4)))))
        if number and not parents and draw.random() < 0.8:
            parents = (number - 1,)
        trees = [commits[parent].tree for parent in parents] or [{}]
        tree = {
            path: draw.choice(sides)
            for path in (*PATHS, SETTINGS_FILE)
            if (sides := [tree[path] for tree in trees if path in tree])
            and (len(sides) == len(trees) or draw.random() < 0.5)
        }
        for _ in range(draw.choice((1, 2, 3, 4))):
            _change(draw, tree, commits)
        commits.append(Commit(parents, _without_doubles(tree)))
    return commits


def first_parent_line(commits: Sequence[Commit], head: int) -> list[int]:
    """The numbers of a commit, its first parent, the first parent of that, and so on."""
    line = [head]
    while parents := commits[line[-1]].parents:
        line.append(parents[0])
    return line


def reached(commits: Sequence[Commit], head: int) -> set[int]:
    """The numbers of a commit and of all that it comes from."""
    found: set[int] = set()
    left = [head]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += commits[number].parents
    return found


def stored(folder: Path, commits: Sequence[Commit]) -> tuple[GitRepository, list[str]]:
    """The same as a git repository, and the ids of the commits."""
    repository = GitRepository(folder)
    lines: list[str] = []
    for number, commit in enumerate(commits, start=1):
        lines += [f"commit refs/heads/c{number}", f"mark :{number}"]
        # The clock of whoever committed last may be behind.
        lines += [
            f"committer Ada Example <ada@example.com> {1_800_000_000 + 10 * (number % 7)} +0000",
            "data 0",
        ]
        lines += [f"{'merge' if i else 'from'} :{p + 1}" for i, p in enumerate(commit.parents)] or [""]
        lines.append("deleteall")
        for path, content in commit.tree.items():
            text = _text(path, content)
            lines += [f"M 100644 inline {path}", f"data {len(text.encode())}", text]
    repository.git("fast-import", "--quiet", stdin="\n".join(lines) + "\n")
    names = [f"refs/heads/c{number}" for number in range(1, len(commits) + 1)]
    return repository, repository.git("rev-parse", *names).split("\n")


def _change(draw: random.Random, tree: Tree, commits: Sequence[Commit]) -> None:
    path = draw.choice(PATHS if draw.random() < 0.2 else PATHS[:4])
    match draw.choice(_CHANGES):
        case "write":
            tree[path] = tuple(
                _manifest(draw) for _ in range(1 if path.endswith("json") else draw.randint(1, 3))
            )
        case "remove":
            tree.pop(path, None)
        case "move" if moved := sorted(tree.keys() - {SETTINGS_FILE}):
            tree[path] = tree.pop(draw.choice(moved))
        case "split" if isinstance(content := tree.get("a.yaml"), tuple):
            tree["a.yaml"], tree["models/a.yml"] = content[:1], content[1:]
        case "revert" if commits:
            tree.clear()
            tree.update(draw.choice(commits).tree)
        case "set":
            tree[SETTINGS_FILE] = draw.choice(list(SETTINGS))
        case "unset":
            tree.pop(SETTINGS_FILE, None)
        case "break":
            tree[path] = "metadata: {" if draw.random() < 0.5 else "type: service\n"


def _manifest(draw: random.Random) -> Manifest:
    version = draw.choice((None, None, 1, 2, 3, 4))
    alias = draw.choice((None, *ALIASES))
    return Manifest(
        draw.choice(ML_REPOS), draw.choice(NAMES), version, alias, f"s3://models/{draw.randint(1, 3)}"
    )


def _without_doubles(tree: Tree) -> Tree:
    """A tree in which nothing is declared twice."""
    seen: set[tuple[object, ...]] = set()
    kept: Tree = {}
    for path, content in tree.items():
        if isinstance(content, str):
            kept[path] = content
            continue
        fine = []
        for each in content:
            keys = {
                (each[:2], "version", each.version),
                (each[:2], "alias", each.alias),
                (each[:2], each.uri),
            }
            keys -= {(each[:2], "version", None), (each[:2], "alias", None)}
            if not keys & seen:
                seen |= keys
                fine.append(each)
        if fine:
            kept[path] = tuple(fine[:1] if path.endswith("json") else fine)
    return kept


def _text(path: str, content: tuple[Manifest, ...] | str) -> str:
    if isinstance(content, str):
        return content
    return ("" if path.endswith("json") else "# manifests\n") + "\n---\n".join(map(str, content)) + "\n"
