"""Repositories as a stranger's pull request, or a stranger's machine, may make them: one for each trick.

Each holds the one good manifest that `MANIFEST` is beside its trick. Whatever must not be read holds
`SECRET`; whatever must not be run makes the file `Scene.marker`.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST

SECRET = "unmistakable-secret"  # noqa: S105  made up, to be found if it shows up anywhere


class Scene:
    """A repository to be made hostile, and what lies outside of it.

    Args:
        repository: holds one good manifest, committed.
        outside: an empty folder.

    Attributes:
        secret: a file that is not to be read.
        trap: a program that is not to be run.
        marker: what the program makes.
    """

    def __init__(self, repository: GitRepository, outside: Path) -> None:
        self.repository = repository
        self.outside = outside
        self.secret = outside / "secret.yaml"
        self.trap = outside / "trap.sh"
        self.marker = outside / "marker"
        self.secret.write_text(SECRET)
        self.trap.write_text(f"#!/bin/sh\ntouch {self.marker}\ncat\n")
        self.trap.chmod(0o755)


@dataclass(frozen=True)
class Trick:
    """One way to be hostile.

    Args:
        make: makes the repository hostile.
        commits: whether what it has made is still to be committed.
        says: what `plan` has to say of it, by the way that it is read: tree, commit or url, or the tree
            compared with a base.
        folder: where, below the top, the commands run.
        env: what the caller's environment holds.
    """

    make: Callable[[Scene], None]
    says: Mapping[str, str] = field(default_factory=dict)
    commits: bool = True
    folder: str = "."
    env: Mapping[str, str] = field(default_factory=dict)


EVERYWHERE = ("tree", "commit", "url", "base")


def everywhere(says: str) -> Mapping[str, str]:
    """The same is said however the repository is read."""
    return dict.fromkeys(EVERYWHERE, says)


def links(scene: Scene) -> None:
    """Links to a file outside, to a device, into `/proc`, to nothing, to itself, and to a file inside."""
    targets = [
        str(scene.secret),
        "/dev/zero",
        "/proc/self/environ",
        "/proc/self/fd/0",
        "nothing",
        "good.yaml",
    ]
    for number, target in enumerate(targets):
        (scene.repository.folder / f"link-{number}.yaml").symlink_to(target)
    (scene.repository.folder / "loop.yaml").symlink_to("loop.yaml")


def linked_folders(scene: Scene) -> None:
    """Links to a folder outside, to the root, to a folder of the repository itself, and around."""
    for name, target in [
        ("out", str(scene.outside)),
        ("root", "/"),
        ("self", "."),
        ("up", ".."),
        ("proc", "/proc"),
    ]:
        (scene.repository.folder / name).symlink_to(target)
    (scene.repository.folder / "settings").symlink_to("/etc")


def linked_settings(scene: Scene) -> None:
    """`reconciler.toml` is a link to a file outside."""
    (scene.repository.folder / "reconciler.toml").symlink_to(scene.secret)


def special_files(scene: Scene) -> None:
    """Pipes, sockets and devices that are named like manifests and settings."""
    os.mkfifo(scene.repository.folder / "pipe.yaml")
    os.mkfifo(scene.repository.folder / "reconciler.toml")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(scene.repository.folder)  # the name of a socket has to be short
        listener.bind("socket.yaml")
        os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(scene.repository.folder / "zero.yaml", stat.S_IFCHR | 0o666, os.makedev(1, 5))


def broken_text(scene: Scene) -> None:
    """Files that are no YAML and no JSON, whose parsers like to quote them."""
    scene.repository.write("a.yaml", f"{SECRET}: [unclosed # ml_repo")
    scene.repository.write("b.json", f'{{"ml_repo": "{SECRET}": ')
    scene.repository.write("c.yaml", f"&a {SECRET} ml_repo\x00")
    scene.repository.write("d.yaml", f"{SECRET}\n--- *{SECRET} # ml_repo")
    scene.repository.write("e.yaml", SECRET.encode() + b" ml_repo \xff")
    scene.repository.write("reconciler.toml", f"x = {SECRET}")


def broken_rules(scene: Scene) -> None:
    """Manifests that break rules with values that a message must not hold in full."""
    long = SECRET[:4] + "x" * 100_000 + SECRET
    scene.repository.write("a.yaml", MANIFEST.replace("version: 1", f'version: "{long}"'))
    scene.repository.write("b.yaml", MANIFEST.replace("name: scorer", f"name: [{long}]"))
    scene.repository.write("c.yaml", MANIFEST.replace("metadata: {}", f"metadata: {long}"))
    scene.repository.write("d.yaml", MANIFEST + f"{long}: 1\n")


def tree_bomb(scene: Scene) -> None:
    """Twelve objects that stand for ten thousand billion files."""
    good = scene.repository.store("blob", MANIFEST.encode())
    tree = scene.repository.store_tree(*(("100644", b"%04d.yaml" % number, good) for number in range(1000)))
    for _ in range(10):
        tree = scene.repository.store_tree(*(("40000", b"%d" % number, tree) for number in range(10)))
    scene.repository.commit_tree(tree)
    scene.repository.git("repack", "-adq")


def impossible_names(scene: Scene) -> None:
    """Entries of a commit that would lie outside of the repository, or in git's own folder."""
    blob = scene.repository.store("blob", f"ml_repo: {SECRET}".encode())
    good = scene.repository.store("blob", MANIFEST.encode())
    inner = scene.repository.store_tree(("100644", b"escaped.yaml", blob))
    scene.repository.commit_tree(
        scene.repository.store_tree(
            ("40000", b"..", inner),
            ("40000", b".git", inner),
            ("100644", b"/etc/x.yaml", blob),
            ("100644", b"a/../../y.yaml", blob),
            ("100644", b"good.yaml", good),
        )
    )


def strange_names(scene: Scene) -> None:
    """File names that speak to terminals, runners and git's command line."""
    broken = MANIFEST.replace("version: 1", "version: one")
    for name in (
        "::error::x.yaml", "##[error]x.yaml", "-rf.yaml", "--output=x.yaml", "new\nline.yaml",
        "\x1b]0;x\x07.yaml",
        'quo"te.yaml', "\u202egpj.yaml", "$(touch x).yaml", "`touch x`.yaml", "a b.yaml", "%0A::error::.yaml",
    ):  # fmt: skip
        scene.repository.write(name, broken)
    scene.repository.write(os.fsdecode(b"\xff.yaml"), broken)


def case_collision(scene: Scene) -> None:
    """Two files, and two artifacts, that differ in the case of letters only."""
    scene.repository.write("A.yaml", MANIFEST.replace("scorer", "ranker"))
    scene.repository.write("a.yaml", MANIFEST.replace("scorer", "Ranker"))


def lfs_pointer(scene: Scene) -> None:
    """A file kept in Git LFS, whose server the repository names."""
    scene.repository.write(".lfsconfig", "[lfs]\n\turl = http://127.0.0.1:9/\n")
    scene.repository.write(".gitattributes", "*.yaml filter=lfs diff=lfs merge=lfs -text\n")
    scene.repository.write(
        "a.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
    )


def submodules(scene: Scene) -> None:
    """Submodules whose addresses are programs and whose names are paths."""
    scene.repository.write(
        ".gitmodules",
        f'[submodule "../../x"]\n\tpath = sub.yaml\n\turl = ext::{scene.trap}\n\tupdate = !{scene.trap}\n'
        '[submodule "y"]\n\tpath = -u\n\turl = -u./payload\n',
    )
    commit = scene.repository.commit()
    for name in ("sub.yaml", "sub"):
        scene.repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
    scene.repository.git("commit", "--quiet", "--message=submodules")


def huge_file(scene: Scene) -> None:
    """A file of 16 MiB that is named like a manifest."""
    scene.repository.write("huge.yaml", b"a: " + b"x" * (16 * 1024 * 1024) + b" # ml_repo")


def configured_programs(scene: Scene) -> None:
    """Every setting of git's by which a repository can name a program, and hooks."""
    run = str(scene.trap)
    scene.repository.write(".gitattributes", "*.yaml filter=trap diff=trap merge=trap ident\n")
    scene.repository.write(".mailmap", "Somebody Else <tester@example.com>\n")
    scene.repository.commit()
    _sign(scene.repository)
    for name in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "credential.helper", "diff.external", "diff.trap.textconv",
        "diff.trap.command", "filter.trap.smudge", "filter.trap.clean", "filter.trap.process", "gpg.program",
        "sequence.editor", "uploadpack.packObjectsHook", "pager.ls-tree", "pager.cat-file", "pager.rev-parse",
        "remote.origin.uploadpack", "remote.origin.vcs", "trailer.x.command", "interactive.diffFilter",
        "gpg.ssh.program", "gpg.x509.program", "pager.log", "pager.merge-base", "pager.config",
    ):  # fmt: skip
        scene.repository.configure(name, run)
    for name in ("log.mailmap", "log.showSignature"):
        scene.repository.configure(name, "true")
    for name in ("mailmap.file", "diff.orderFile", "core.attributesFile", "core.excludesFile"):
        scene.repository.configure(name, str(scene.secret))
    for command in ("ls-tree", "cat-file", "rev-parse", "fetch", "log", "merge-base", "config"):
        scene.repository.configure(f"alias.{command}", f"!{run}")
    scene.repository.configure("core.hooksPath", str(scene.repository.folder / "hooks"))
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        for folder in ("hooks", ".git/hooks"):
            scene.repository.write(f"{folder}/{hook}", scene.trap.read_bytes()).chmod(0o755)


def _sign(repository: GitRepository) -> None:
    """Have the last commit signed, as far as git sees without the program that it would check it by."""
    tree, parent = repository.git("rev-parse", "HEAD^{tree}", "HEAD").splitlines()
    author = "Tester <tester@example.com> 1 +0000"
    signature = "-----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    signed = (
        f"tree {tree}\nparent {parent}\nauthor {author}\ncommitter {author}\ngpgsig {signature}\n\nsigned\n"
    )
    repository.git("update-ref", "HEAD", repository.store("commit", signed.encode()))


def bomb_in_history(scene: Scene) -> None:
    """A commit that is over, whose few objects stand for billions of files in the place of a manifest."""
    repository = scene.repository
    good = repository.store("blob", MANIFEST.encode())
    tree = repository.store_tree(*(("100644", b"%04d.yaml" % number, good) for number in range(5000)))
    for _ in range(6):
        tree = repository.store_tree(*(("40000", b"%d" % number, tree) for number in range(10)))
    bomb = repository.git("commit-tree", "-m", "bomb", repository.store_tree(("40000", b"good.yaml", tree)))
    now = repository.git("commit-tree", "-p", bomb, "-m", "now", "HEAD^{tree}")
    repository.git("update-ref", "HEAD", now)


def included_configuration(scene: Scene) -> None:
    """The repository's configuration includes a file outside, and keeps its work tree elsewhere."""
    scene.repository.commit()
    with (scene.repository.folder / ".git" / "config").open("a") as config:
        config.write(
            f"[include]\n\tpath = {scene.outside}/no-such-file\n[core]\n\tworktree = {scene.outside}\n"
        )


def embedded_bare_repository(scene: Scene) -> None:
    """A folder that looks like a bare repository, with programs in its configuration."""
    for path, content in {
        "HEAD": "ref: refs/heads/main\n",
        "config": f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n"
        f"\tfsmonitor = {scene.trap}\n\thooksPath = {scene.outside}\n[include]\n\tpath = {scene.secret}\n",
        "objects/keep": "",
        "refs/keep": "",
        "good.yaml": MANIFEST.replace("scorer", "ranker"),
    }.items():
        scene.repository.write(f"models/{path}", content)


def foreign_owner(scene: Scene) -> None:
    """The repository belongs to another user, as in a container."""
    configured_programs(scene)
    if os.geteuid() == 0:
        for path in (scene.repository.folder, scene.repository.folder / ".git"):
            os.chown(path, 12345, 12345)


def plain(scene: Scene) -> None:
    """Nothing in the repository: the trick is in the environment."""


def settings_that_reach_out(scene: Scene) -> None:
    """Files by which other tools can be told a host, a token, a program or a place to read."""
    host = "http://127.0.0.1:9"
    scene.repository.write(".env", f"TFY_HOST={host}\nHTTPS_PROXY={host}\nTFY_API_KEY=x\n")
    scene.repository.write("pyproject.toml", f'[tool.reconciler]\nhost = "{host}"\n')
    scene.repository.write(".truefoundry/credentials.json", f'{{"host": "{host}", "access_token": "x"}}')
    scene.repository.write(".netrc", "machine 127.0.0.1 login x password x\n")
    for module in ("click", "httpx", "yaml", "git", "sitecustomize", "usercustomize", "json", "reconciler"):
        scene.repository.write(f"{module}.py", f"open({str(scene.marker)!r}, 'w')\nraise SystemExit\n")
    schema = f'"$schema": "{host}/x.json"\n'
    scene.repository.write("remote.yaml", schema + MANIFEST.replace("scorer", "ranker"))


TRICKS: Mapping[str, Trick] = {
    "links": Trick(links, everywhere("7 other files")),
    "linked folders": Trick(linked_folders, everywhere("1 to create")),
    "linked settings": Trick(linked_settings, everywhere("reconciler.toml:1:1: error[symbolic-link]")),
    "special files": Trick(special_files, commits=False, says=everywhere("1 to create")),
    "broken text": Trick(broken_text, everywhere("not valid YAML")),
    "broken rules": Trick(broken_rules, everywhere("version must be an integer")),
    "tree bomb": Trick(
        tree_bomb, commits=False, says=dict.fromkeys(("commit", "base"), "more than 500,000 files")
    ),
    "bomb in history": Trick(
        bomb_in_history,
        commits=False,
        says={**everywhere("1 to create"), "base": "git log failed: fatal: Out of memory"},
    ),
    "impossible names": Trick(
        impossible_names,
        commits=False,
        says={"commit": "no file can have this name", "url": "git trusts no object that no git makes"},
    ),
    "strange names": Trick(strange_names, everywhere("version must be an integer")),
    "case collision": Trick(case_collision, everywhere("differ in the case of letters only")),
    "Git LFS": Trick(lfs_pointer, everywhere("1 other file")),
    "submodules": Trick(
        submodules,
        commits=False,
        says={**everywhere("1 to create"), "url": "gitmodulesName"},
    ),
    "huge file": Trick(huge_file, {**everywhere("larger than 1 MiB"), "url": "1 other file"}),
    "configured programs": Trick(configured_programs, commits=False, says=everywhere("1 to create")),
    "included configuration": Trick(included_configuration, commits=False, says=everywhere("1 to create")),
    "embedded bare repository": Trick(embedded_bare_repository, everywhere("2 to create")),
    "inside an embedded bare repository": Trick(
        embedded_bare_repository, {**everywhere("2 to create")}, folder="models"
    ),
    "foreign owner": Trick(
        foreign_owner,
        commits=False,
        says={
            **dict.fromkeys(("tree", "commit", "base"), "belongs to another user, and git does not trust it"),
            "url": "1 to create",
        },
    ),
    "environment of a hook": Trick(
        plain,
        everywhere("1 to create"),
        env={
            "GIT_DIR": "/etc",
            "GIT_WORK_TREE": "/etc",
            "GIT_INDEX_FILE": "/etc/passwd",
            "GIT_OBJECT_DIRECTORY": "/etc",
            "GIT_CONFIG_PARAMETERS": "'core.fsmonitor=touch ran'",
            "GIT_EXTERNAL_DIFF": "touch ran",
            "GIT_PROXY_COMMAND": "touch ran",
            "GIT_EXEC_PATH": "/nowhere",
        },
    ),
    "settings of other tools": Trick(settings_that_reach_out, everywhere("2 to create")),
}
