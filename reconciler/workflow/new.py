"""The manifest of the next free version of an artifact: a copy of an earlier one, or the first of all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from reconciler.client.listing import observe_artifact
from reconciler.client.port import Reader
from reconciler.client.requests.patience import Deadline, Patience
from reconciler.errors import ControlPlaneError, SourceError
from reconciler.manifest.file import read_file
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.rules.collisions import find_collisions
from reconciler.manifest.rules.secrets import find_secrets
from reconciler.manifest.rules.violations import find_violations
from reconciler.manifest.write import NotDeclarableError
from reconciler.model import Artifact, Declared, Document, Json, Outline, Registered
from reconciler.source.new_files import NewFiles
from reconciler.source.snapshot import SourceFile
from reconciler.spans import enter_in_stage, open_stage
from reconciler.wire.rules import MANIFEST_TYPE
from reconciler.workflow.control_plane import ControlPlane
from reconciler.workflow.drafting.destination import check_is_read, find_ignored_below, make_filter_below
from reconciler.workflow.drafting.drafts import Draft, add_schema, make_document, make_draft
from reconciler.workflow.drafting.layout import Layout
from reconciler.workflow.expected_host import check_expected_host
from reconciler.workflow.read import Selection, check_is_in_repository, read_offline
from reconciler.workflow.validate import require_valid_declaration

_SHOWN = 5
_EXAMPLE: Document = {
    "type": MANIFEST_TYPE,
    "ml_repo": "fraud",
    "name": "scorer",
    "version": 1,
    "source": {"type": "external", "uri": "s3://example-models/fraud/scorer/1"},
    "metadata": {},
}
"""A valid manifest: with one value replaced, every problem is one of that value."""
_CONTENTS = ("run_id", "step")
"""Fields beside `source.uri` that name the origin of the contents."""


@dataclass(frozen=True, slots=True)
class NextVersion:
    """What the next version is to be.

    Args:
        artifact: of which artifact.
        origin: the version to copy; `None` for the newest.
        alias: what it declares; `None` for no alias, also where the copied one has one.
        uri: where its contents are; `None` for what the copied one says.
    """

    artifact: Artifact
    origin: int | None = None
    alias: str | None = None
    uri: str | None = None


class Written(NamedTuple):
    """A manifest that was written.

    Attributes:
        path: of its file, from the top of the folder.
        copied: the identity that it was copied from; `None` for the first of an artifact.
        was_asked: whether a control plane was asked which numbers are registered.
    """

    path: str
    copied: str | None
    was_asked: bool


class NewWatcher(Protocol):
    """Runs the calls that read manifests and ask a control plane, and shows how far they are."""

    def watch_reading(self, loading: Loading, read: Callable[[Loading], Declaration]) -> Declaration:
        """Run the call that reads manifests."""

    def watch_asking(self, call: Coroutine[Any, Any, Sequence[Registered]]) -> Sequence[Registered]:
        """Run the call that asks what is registered."""


def run_new(
    asked: NextVersion,
    into: Path,
    find_plane: Callable[[], AbstractContextManager[ControlPlane] | None],
    watcher: NewWatcher,
    seconds: float,
) -> Written:
    """Write a manifest for the next free version into the work tree around the current folder.

    Args:
        asked: what it is to be.
        into: the folder, made if missing.
        find_plane: gives what opens the control plane; `None` where none is to be asked.
        watcher: runs the calls and shows how far they are.
        seconds: for all that is asked of the control plane.

    Raises:
        ReconcilerError: as `list_registered_versions` and `write_next`; or the manifests have errors.
    """
    check_is_in_repository()
    with enter_in_stage("read", read_offline(Selection())) as snapshot:
        check_is_read(into, snapshot.settings)
        declaration = watcher.watch_reading(Loading(snapshot), require_valid_declaration)
        opening, registered = find_plane(), None
        if opening:
            with opening as plane:
                call = _list_versions_of_plane(plane, asked.artifact, declaration, seconds)
                registered = watcher.watch_asking(call)
        return write_next(declaration, asked, registered, into)


async def _list_versions_of_plane(
    plane: ControlPlane, artifact: Artifact, declaration: Declaration, seconds: float
) -> Sequence[Registered]:
    with open_stage("observe"):
        async with plane.reader(Deadline(seconds), Patience()) as reader:
            return await list_registered_versions(reader, artifact, declaration)


def find_fault(field: str, value: str) -> str | None:
    """What is wrong with a value for a field of a manifest, by the rules of manifests; `None` if nothing is.

    Args:
        field: its name; `uri` for that of `source`.
        value: what it is to be.
    """
    changed: Document = {"source": {"type": "external", "uri": value}} if field == "uri" else {field: value}
    document = {**_EXAMPLE, **changed}
    for broken in find_violations(document):
        return broken.message
    if any(find_secrets(document)):
        return f"{field} looks like a credential, which does not belong in git"
    return None


async def list_registered_versions(
    reader: Reader, artifact: Artifact, declaration: Declaration
) -> Sequence[Registered]:
    """The versions of an artifact that are registered.

    Args:
        reader: the control plane.
        artifact: the artifact.
        declaration: what the repository declares.

    Raises:
        SettingsError: that is for another control plane.
        ControlPlaneError: what is registered can not be read; or it has no such ML repo, and nothing declares
            the artifact, so that its name may be a typo.
    """
    check_expected_host(declaration.settings.expect_host, reader.host)
    ml_repo = await reader.find_ml_repo(artifact.ml_repo)
    if ml_repo is not None:
        return (await observe_artifact(reader, artifact, ml_repo.id)).versions
    if not any(outline.artifact == artifact for outline in declaration.manifests):
        raise ControlPlaneError(
            f"ML repo {artifact.ml_repo} does not exist on {reader.host}",
            "check its name, or write the manifest without asking: --offline",
        )
    return ()


def write_next(
    declaration: Declaration, asked: NextVersion, registered: Sequence[Registered] | None, into: Path
) -> Written:
    """Write a manifest for the next free version: above all that are declared, and all that are registered.

    Args:
        declaration: what the repository declares.
        asked: what it is to be.
        registered: the versions of the artifact that are; `None` where no control plane was asked.
        into: the folder, made if missing.

    Raises:
        SourceError: there is nothing to copy, or no number is known to be free; the manifest would break a
            rule; there is a file of its name, or it can not be written.
    """
    copied, draft = _draft_next(declaration, asked, registered)
    _check_collisions(draft, declaration)
    if not make_filter_below(into, declaration.snapshot.settings)(draft.path):
        raise SourceError(f"reconciler.toml leaves out {into / draft.path}", "give another folder: --into")
    if find_ignored_below(into, [draft.path]):
        raise SourceError(f"git ignores {into / draft.path}", "give another folder: --into")
    with NewFiles(into) as files:
        if not files.add(draft.path, draft.text.encode()):
            raise SourceError(
                f"there is a file {into / draft.path} already",
                "remove or rename it, or give another folder: --into",
            )
        add_schema(files)
    return Written(draft.path, copied, was_asked=registered is not None)


def _draft_next(
    declaration: Declaration, asked: NextVersion, registered: Sequence[Registered] | None
) -> tuple[str | None, Draft]:
    """The label of the version that is copied, if any is, and the draft of the next one."""
    outlines = [outline for outline in declaration.manifests if outline.artifact == asked.artifact]
    declared = {outline.version: outline for outline in outlines if outline.version is not None}
    rows = {row.version: row for row in registered or ()}
    numbers = sorted({*declared, *rows})
    if asked.origin is not None and asked.origin not in numbers:
        raise _make_no_origin_error(asked, numbers, was_asked=registered is not None)
    if numbers:
        origin = asked.origin or numbers[-1]
        source = (
            _make_manifest(declaration, declared[origin])
            if origin in declared
            else make_document(rows[origin])
        )
        copied = f"{asked.artifact}:{origin}"
        return copied, _draft_following(source, copied, numbers[-1] + 1, asked)
    if outlines:
        raise SourceError(
            f"no manifest of {asked.artifact} gives its version, so that none is known to be free",
            "apply them first, and ask the control plane: --host",
        )
    return None, _draft_first(asked)


def _make_no_origin_error(asked: NextVersion, numbers: Sequence[int], *, was_asked: bool) -> SourceError:
    shown = ", ".join(map(str, numbers[-_SHOWN:])) or "none"
    last = "the last ones are" if len(numbers) > _SHOWN else "versions:"
    where = "neither declared nor registered" if was_asked else "not declared, and no control plane was asked"
    return SourceError(f"{asked.artifact}:{asked.origin} is {where}", f"{last} {shown}")


def _make_manifest(declaration: Declaration, outline: Outline) -> Document:
    """The document of a manifest, without the defaults of the repository's settings.

    Raises:
        SourceError: the file has changed since.
    """
    files, path = declaration.snapshot.files, outline.place.file
    (data,) = files.read([files.paths.index(path)])
    for found in read_file(SourceFile(path, data)):
        if isinstance(found, Declared) and (found.place, found.version) == (outline.place, outline.version):
            return found.document
    raise SourceError(f"{path} does not say what it said before", "run again")


def _draft_following(source: Document, copied: str, number: int, asked: NextVersion) -> Draft:
    """A copy with a number, an alias and contents of its own.

    Raises:
        SourceError: it would be no manifest.
    """
    document: dict[str, Json] = {}
    for field, value in source.items():
        if field == "version":
            document["version"] = number
            if asked.alias:
                document["version_alias"] = asked.alias
        elif field == "source" and isinstance(value, Mapping) and asked.uri:
            document["source"] = {**value, "uri": asked.uri}
        elif field != "version_alias":
            document[field] = value
    old = [] if asked.uri else ["source.uri"]
    old += (field for field in _CONTENTS if document.get(field))
    still = f": say what is new, {' and '.join(old)} above all" if old else ""
    try:
        return make_draft(document, Layout(), (f"Copied from {copied}{still}.",))
    except NotDeclarableError as error:
        raise SourceError(f"{copied} can not be copied: {error}", "write the manifest by hand") from None


def _draft_first(asked: NextVersion) -> Draft:
    """The first manifest of an artifact, which says of each field what it is for.

    Raises:
        SourceError: the address of its contents, which can not be changed once registered, is missing.
    """
    artifact = asked.artifact
    if not asked.uri:
        raise SourceError(
            f"nothing of {artifact} is there to copy, and a first manifest has to say where the contents are",
            f"give their address, e.g. --uri s3://example-models/{artifact}/1",
        )
    document: dict[str, Json] = {
        "type": MANIFEST_TYPE, "ml_repo": artifact.ml_repo, "name": artifact.name, "version": 1,
    }  # fmt: skip
    if asked.alias:
        document["version_alias"] = asked.alias
    document |= {"source": {"type": "external", "uri": asked.uri}, "metadata": {}}
    head = (f"The first version of {artifact}. What a manifest leaves out stays as it is registered.",)
    try:
        return make_draft(document, Layout(), head, _make_notes(artifact, has_alias=asked.alias is not None))
    except NotDeclarableError as error:
        raise SourceError(f"no manifest can declare {artifact}:1: {error}", "write it by hand") from None


def _make_notes(artifact: Artifact, *, has_alias: bool) -> Mapping[str, Sequence[str]]:
    """Lines for newcomers above each field; about a field that is left out, where it would stand."""
    alias = "A name that moves from version to version: the one that has it gives it up."
    return {
        "ml_repo": ["The ML repo, which has to be there, and the name of the artifact in it."],
        "version": [f"Each version has a manifest of its own: reconciler new {artifact} writes the next."],
        "version_alias": [alias],
        "source": [
            *([] if has_alias else [alias, "version_alias: v-prod"]),
            "What people are to know of it.",
            "description: Trained on corrected labels.",
            "Where the contents are, which no version can change once it is registered: external is storage",
            "of your own, truefoundry the platform's.",
        ],
        "metadata": ["Whatever else there is to say, e.g. owner: risk. Keys that are not here are removed."],
    }


def _check_collisions(draft: Draft, declaration: Declaration) -> None:
    """Check that a draft can be declared beside what is declared.

    Raises:
        SourceError: it claims what another manifest does.
    """
    outlines = sorted([*declaration.manifests, draft.outline], key=attrgetter("artifact"))
    for problem in find_collisions(outlines):
        if problem.place == draft.outline.place:
            raise SourceError(f"{draft.outline.label} is not written: {problem.message}", problem.hint)
