"""Whether the manifests of a snapshot are valid, and what they declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias

from reconciler.errors import InvalidManifestsError, SourceError
from reconciler.manifest.load import Declaration, Loading
from reconciler.source.snapshot import Snapshot
from reconciler.spans import enter_in_stage, open_stage
from reconciler.workflow.read import Selection, read_offline

if TYPE_CHECKING:
    from reconciler.manifest.memory import Memory

CompareContents: TypeAlias = Callable[[Declaration, Loading], Declaration]
"""Adds the problems that a declaration has compared with another commit."""


class ValidateWatcher(Protocol):
    """Runs the call that reads manifests, and shows how far it is."""

    def watch_reading(self, loading: Loading, read: Callable[[Loading], Declaration]) -> Declaration:
        """Run the call that reads them."""


@contextmanager
def run_validate(
    selection: Selection,
    watcher: ValidateWatcher,
    compare: Callable[[Selection], CompareContents | None],
    remember: Callable[[Snapshot], Memory | None],
) -> Iterator[Declaration]:
    """Find every problem in the manifests of a work tree or a commit; its files can be read within `with`.

    Args:
        selection: which manifests.
        watcher: runs the calls and shows how far they are.
        compare: gives the comparison with another commit, if there is to be one.
        remember: gives the cache of what was read, if there is to be one.

    Raises:
        SourceError: as `check_is_any_found`; or git does not give what is to be read, or compared.
    """
    with enter_in_stage("read", read_offline(selection)) as snapshot:
        compare_contents = compare(selection)
        loading = Loading(snapshot, remember(snapshot))
        declaration = watcher.watch_reading(loading, validate)
        yield compare_contents(declaration, loading) if compare_contents else declaration


def validate(loading: Loading) -> Declaration:
    """Load the manifests of a snapshot, with every problem in them.

    Raises:
        SourceError: as `check_is_any_found`.
    """
    declaration = _load_declaration(loading)
    check_is_any_found(declaration)
    return declaration


def require_valid_declaration(loading: Loading) -> Declaration:
    """What the manifests of a snapshot declare, which may be nothing.

    Raises:
        InvalidManifestsError: they have errors.
        ReconcilerError: they can not be read.
    """
    declaration = _load_declaration(loading)
    if not declaration.is_valid:
        raise InvalidManifestsError(declaration.problems)
    return declaration


def _load_declaration(loading: Loading) -> Declaration:
    with open_stage("validate") as span:
        declaration = loading.load_declaration()
        span.count(manifests=len(declaration.manifests), problems=len(declaration.problems))
        return declaration


def check_is_any_found(declaration: Declaration) -> None:
    """Check that there was a manifest to read.

    Raises:
        SourceError: no file may hold a manifest, which is more likely a mistake than meant.
    """
    if not declaration.documents and declaration.is_valid:
        snapshot = declaration.snapshot
        where = "the work tree" if snapshot.in_work_tree else f"commit {(snapshot.commit or '')[:10]}"
        others = f" among {declaration.other_files:,} YAML and JSON files" if declaration.other_files else ""
        narrows = declaration.settings.paths or declaration.settings.exclude
        paths = "the paths, and what reconciler.toml says of them" if narrows else "the paths"
        hint = f"check {paths}, or write a first manifest: reconciler new ML_REPO/NAME --uri URI"
        raise SourceError(
            f"no artifact version in {where}{others}", f"{hint}; where all else is to go, keep one"
        )
