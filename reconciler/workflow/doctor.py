"""What may be wrong around a run: the clone, the token, the control plane. It only reads."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from reconciler.client.port import Reader
from reconciler.client.probe import ProbeAnswer
from reconciler.client.requests.flavour import is_not_served
from reconciler.errors import ControlPlaneError, ReconcilerError, SourceError
from reconciler.manifest.load import Loading
from reconciler.source.git import Git
from reconciler.source.history.commits import Completeness
from reconciler.source.location import find_top, is_bare
from reconciler.source.repository import open_repository
from reconciler.wire.routes import AUTO
from reconciler.workflow.read import Selection, is_dirty, read_offline, select_snapshot
from reconciler.workflow.validate import validate

_MAX_SKEW_SECONDS = 60.0
_SOON_DAYS = 14
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        name: what was checked.
        state: `failure` where plan or apply can not work.
        message: what was found.
        fix: what to do about it.
    """

    name: str
    state: Literal["ok", "warning", "failure"]
    message: str
    fix: str = ""


def make_failed_finding(name: str, error: ReconcilerError) -> Finding:
    """A check that an error ended."""
    return Finding(name, "failure", str(error), error.hint)


def make_skipped_finding(name: str, because: str) -> Finding:
    """A check that another's failure makes impossible."""
    return Finding(name, "warning", f"not checked: {because}")


def check_repository(folder: Path) -> tuple[Finding, ...]:
    """Git, the repository around a folder, how deep it is, and whether its manifests are committed."""
    try:
        version = Finding("git", "ok", Git(folder).read_output("version").removeprefix("git version "))
    except SourceError as error:
        names = ("repository", "history", "work tree")
        return make_failed_finding("git", error), *(
            make_skipped_finding(name, "git does not run") for name in names
        )
    top = find_top(folder) or (folder if is_bare(folder) else None)
    unseen = tuple(make_skipped_finding(name, "no repository") for name in ("history", "work tree"))
    if top is None:
        what = f"{folder} is not in a git repository"
        return version, Finding("repository", "failure", what, "run inside a clone, or git init one"), *unseen
    try:
        repository = open_repository(top)
        completeness = repository.history.completeness
    except SourceError as error:
        return version, make_failed_finding("repository", error), *unseen
    return version, Finding("repository", "ok", str(top)), _check_history(completeness), _check_work_tree()


def _check_history(completeness: Completeness) -> Finding:
    if completeness is Completeness.WHOLE:
        return Finding("history", "ok", "whole")
    what = f"this clone is {completeness}: --base and who declared a version may not be known"
    return Finding("history", "warning", what, completeness.remedy)


def _select_default() -> Selection:
    """What the commands read by default; of a bare repository, the commit at `HEAD`."""
    here = Path.cwd()
    return Selection(revision="HEAD" if find_top(here) is None and is_bare(here) else None)


def _check_work_tree() -> Finding:
    selection = _select_default()
    if selection.is_of_commit:
        return Finding("work tree", "ok", "none, as this is a bare repository: give --ref to the commands")
    try:
        with select_snapshot(selection) as snapshot:
            if snapshot.commit is None:
                return Finding("work tree", "warning", "there is no commit yet", "commit the manifests")
            if is_dirty(selection, snapshot):
                what = "manifests differ from the commit at HEAD, and apply refuses that"
                return Finding("work tree", "warning", what, "commit the edits, or apply with --ref HEAD")
    except SourceError as error:
        return make_failed_finding("work tree", error)
    return Finding("work tree", "ok", "as committed")


def check_manifests() -> tuple[Finding, Sequence[str]]:
    """Whether the manifests are valid, and the ML repos that the readable ones name."""
    try:
        with read_offline(_select_default()) as snapshot:
            declaration = validate(Loading(snapshot))
    except ReconcilerError as error:
        return make_failed_finding("manifests", error), ()
    names = sorted({outline.artifact.ml_repo for outline in declaration.manifests})
    if declaration.is_valid:
        return Finding("manifests", "ok", f"{len(declaration.manifests):,}, all valid"), names
    return Finding("manifests", "failure", "some break the rules", "reconciler validate"), names


def check_token(token: str | None, source: str, now: datetime) -> Finding:
    """The kind of a token and when it expires; never its value, nor any other claim of it."""
    if token is None:
        return Finding("token", "ok", "none, and none is needed")
    if token.count(".") != 2:  # noqa: PLR2004  header, claims and signature
        return Finding("token", "ok", f"from {source}, opaque")
    try:
        claims = token.split(".")[1]
        end = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        expires = datetime.fromtimestamp(float(end), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return Finding("token", "ok", f"from {source}, a JWT that does not say when it ends")
    described = f"from {source}, a JWT"
    if expires <= now:
        fix = "make a new one and set TFY_API_KEY, or run tfy login again"
        return Finding("token", "failure", f"{described} that has expired at {_format_time(expires)}", fix)
    return Finding("token", "ok", f"{described} valid until {_format_time(expires)}")


def check_probe(answer: ProbeAnswer, now: datetime) -> tuple[Finding, Finding]:
    """The certificate and the clock of a control plane that has answered."""
    return _check_certificate(answer.expires, now), _check_clock(answer.date, now)


def _check_certificate(expires: datetime | None, now: datetime) -> Finding:
    if expires is None:
        return Finding("certificate", "ok", "none: the connection stays on this machine")
    days = int((expires - now).total_seconds() // _DAY_SECONDS)
    what = f"trusted, {days} days left"
    if days < _SOON_DAYS:
        return Finding("certificate", "warning", what, "have whoever runs the control plane renew it")
    return Finding("certificate", "ok", what)


def _check_clock(date: datetime | None, now: datetime) -> Finding:
    if date is None:
        return Finding("clock", "warning", "not checked: the answer has no date")
    skew = abs((date - now).total_seconds())
    if skew > _MAX_SKEW_SECONDS:
        what = f"differs from the control plane's by {skew:.0f} s"
        return Finding("clock", "warning", what, "set this machine's clock, e.g. with NTP")
    return Finding("clock", "ok", "as the control plane's")


async def check_api(
    openers: Mapping[str, Callable[[], AbstractAsyncContextManager[Reader]]], api: str, names: Sequence[str]
) -> tuple[Finding, ...]:
    """What each flavour of the API answers, and which ML repos are visible.

    Args:
        openers: a reader of each flavour, by its name, those first that are preferred.
        api: the flavour that the caller asks for, or `AUTO`.
        names: the ML repos that the manifests declare.
    """
    errors = {name: await _find_error(opener) for name, opener in openers.items()}
    served = [name for name, error in errors.items() if error is None or not is_not_served(error)]
    used = next(iter(served), None) if api == AUTO else api
    findings = [_check_flavour(name, error, used) for name, error in errors.items()]
    if used is None or errors[used] is not None:
        return (
            *findings,
            *(make_skipped_finding(f"ML repo {name}", "the API does not answer") for name in names),
        )
    async with openers[used]() as reader:
        findings += [await _check_ml_repo(reader, name) for name in names]
    return tuple(findings)


def _check_flavour(name: str, error: ControlPlaneError | None, used: str | None) -> Finding:
    """What one flavour answers; `used` names the flavour that is used, `None` where none is served."""
    if error is None:
        return Finding(f"api {name}", "ok", "answers, and is used" if name == used else "answers")
    if used in {name, None}:
        return make_failed_finding(f"api {name}", error)
    if is_not_served(error):
        return Finding(f"api {name}", "ok", f"not served, and not needed: {error}")
    return Finding(f"api {name}", "warning", str(error), error.hint)


async def _find_error(opener: Callable[[], AbstractAsyncContextManager[Reader]]) -> ControlPlaneError | None:
    try:
        async with opener() as reader:
            await reader.find_ml_repo("reconciler")
    except ControlPlaneError as error:
        return error
    return None


async def _check_ml_repo(reader: Reader, name: str) -> Finding:
    try:
        found = await reader.find_ml_repo(name)
    except ControlPlaneError as error:
        return make_failed_finding(f"ML repo {name}", error)
    if found is None:
        return Finding(
            f"ML repo {name}", "failure", "not visible", "create it, or give the token's owner access to it"
        )
    return Finding(f"ML repo {name}", "ok", "visible")


def _format_time(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M UTC")
