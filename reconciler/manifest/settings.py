"""`reconciler.toml`: what a repository says about how its manifests are to be read.

It can not choose a host, a token or a command: whoever opens a pull request writes it. It can only say
which host it expects, and have every other refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.manifest.parse.document import UnreadableError
from reconciler.manifest.parse.toml import Places, parse_toml
from reconciler.manifest.paths import make_path_filter
from reconciler.manifest.rules.problems import MAX_PROBLEMS_IN_FILE
from reconciler.manifest.rules.words import find_similar_word, shorten_text
from reconciler.model import EXACT, LIMITS, NORMALISERS, Comparison, Document, Limits, write_pointer
from reconciler.source.snapshot import EVERYTHING, SourceFile, select_manifests_in

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


_KEY_ERROR_STEP = "[key]"
"""The step of a path by which Pydantic says that the key is wrong, and not its value."""


_VALID_MANIFEST: Document = {
    "type": "artifact-version", "ml_repo": "any", "name": "any", "version": 1, "metadata": {},
    "source": {"type": "truefoundry"},
}  # fmt: skip
"""A manifest that has to stay valid when the defaults are added."""


class Rule(NamedTuple):
    """The problem of a key whose value is not allowed."""

    code: Code
    message: str
    hint: str


RULES: Mapping[str, Rule] = {
    "defaults": Rule(
        Code.INVALID_DEFAULTS,
        "defaults is no table of a description and of metadata, of JSON values",
        'e.g. metadata = { team = "risk" }',
    ),
    "exclude": Rule(
        Code.INVALID_PATHS, "exclude is no list of globs in the repository", 'e.g. ["examples/**"]'
    ),
    "expect_host": Rule(
        Code.INVALID_HOST, "expect_host is no address of a control plane", "e.g. https://example.com"
    ),
    "guard": Rule(
        Code.INVALID_GUARD,
        f"guard is no table of percent, 1 to {LIMITS.percent}, and at_least, 1 to {LIMITS.at_least}",
        "it can only be stricter; to allow more once: --allow-mass-change",
    ),
    "ignore": Rule(
        Code.INVALID_IGNORE,
        "ignore holds {}, which names no part of a manifest that can be left",
        "JSON pointers are text, e.g. /metadata/metrics",
    ),
    "keep": Rule(
        Code.INVALID_PRUNE, "keep is no list of globs of identities", 'e.g. ["fraud/*", "search/ranker:4"]'
    ),
    "normalise": Rule(
        Code.INVALID_NORMALISE,
        "normalise is no list of ways in which a control plane writes values",
        f"there are: {', '.join(NORMALISERS)}",
    ),
    "paths": Rule(Code.INVALID_PATHS, "paths is no list of paths in the repository", 'e.g. ["models"]'),
    "prune": Rule(Code.INVALID_PRUNE, "prune is neither report nor never", 'the default is "report"'),
}
"""By key; the keys are those of the model, which a test checks."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says.

    Args:
        comparison: how manifests are compared with what is registered.
        expect_host: the only control plane that the manifests are for, if it names one.
        paths: files and folders that manifests are in, below the top; none for all of the repository.
        exclude: globs of files and folders that none are read from.
        guard: how much may be changed at once; never more than the default.
        prune: `report`, or `never` where orphans are not to be looked for.
        keep: globs of registered versions that are not to be deleted.
    """

    comparison: Comparison = EXACT
    expect_host: str | None = None
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    guard: Limits = LIMITS
    prune: str = "report"
    keep: tuple[str, ...] = ()


def load_settings(file: SourceFile | None) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of a repository, and all problems of them; keys with a problem do not count."""
    if file is None:
        return Settings(), ()
    # Pydantic takes 60 ms to import, and few repositories have settings.
    from pydantic import ValidationError  # noqa: PLC0415

    from reconciler.manifest.settings_model import SettingsFile  # noqa: PLC0415

    try:
        table, places = parse_toml(file.data)
    except UnreadableError as error:
        return Settings(), (Problem(Place(file.path, *error.position), error.code, str(error), error.hint),)
    problems: tuple[Problem, ...] = ()
    try:
        model = SettingsFile.model_validate(table)
    except ValidationError as error:
        errors = error.errors()
        found = _describe_errors(file.path, table, places, errors)
        problems = tuple(sorted(set(islice(found, MAX_PROBLEMS_IN_FILE + 1))))
        wrong = {error["loc"][0] for error in errors}
        model = SettingsFile.model_validate({key: table[key] for key in table if key not in wrong})
    defaults = model.defaults.model_dump(exclude_unset=True)
    if broken := tuple(_find_default_problems(file.path, defaults, places)):
        problems, defaults = tuple(sorted({*problems, *broken})), {}
    settings = Settings(
        Comparison(model.make_ignore(), frozenset(model.normalise), defaults),
        model.expect_host or None,
        tuple(model.paths),
        tuple(model.exclude),
        Limits(model.guard.percent, model.guard.at_least),
        model.prune,
        tuple(model.keep),
    )
    return settings, problems


def _describe_errors(
    file: str, table: Mapping[str, Any], places: Places, errors: Sequence[ErrorDetails]
) -> Iterator[Problem]:
    """The problems, in words about settings: those of the model are about types."""
    known = list(RULES)
    for error in errors:
        key, *below = map(str, error["loc"])
        if error["type"] == "extra_forbidden" and not below:
            match = find_similar_word(key, known)
            hint = f"did you mean {match}?" if match else f"known keys: {', '.join(known)}"
            code, message = Code.UNKNOWN_SETTING, f"unknown key {shorten_text(key)}"
        else:
            code, message, hint = RULES[key]
            if error["type"] == "too_long":
                message, hint = f"{key} holds more than {error['ctx']['max_length']} entries", ""
            elif key == "ignore":
                wrong = _find_wrong_value(table[key], below)
                message = message.format(shorten_text(wrong) if isinstance(wrong, str) else "what is no text")
        yield Problem(_find_place(file, (key, *below), places), code, message, hint)


def _find_default_problems(file: str, defaults: Document, places: Places) -> Iterator[Problem]:
    """Problems of defaults that would make a manifest invalid."""
    if not defaults:
        return
    from reconciler.manifest.rules.violations import find_violations, find_warnings  # noqa: PLC0415  few repositories have defaults

    document = {**_VALID_MANIFEST, **defaults}
    for broken in chain(find_violations(document), find_warnings(document)):
        place = _find_place(file, ("defaults", *map(str, broken.path)), places)
        yield Problem(place, Code.INVALID_DEFAULTS, f"defaults: {broken.message}", broken.hint)


def _find_place(file: str, path: tuple[str, ...], places: Places) -> Place:
    """The place of a key; of one that begins no line, the place of the table or key around it."""
    while path not in places and len(path) > 1:
        path = path[:-1]
    return Place(file, *places.get(path, (1, 1)))


def _find_wrong_value(value: Any, path: Sequence[str]) -> Any:
    """The value or key at the path of an error; in the model, a list of pointers stands under a glob."""
    for step in path:
        if step == _KEY_ERROR_STEP:
            return path[path.index(_KEY_ERROR_STEP) - 1]
        if isinstance(value, Mapping):
            value = value.get(step, step)
        elif isinstance(value, list) and step.isdigit():
            value = value[int(step)]
    return value


def describe_settings(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """What each key of the file says, as texts that can be compared one by one."""
    comparison, guard = settings.comparison, settings.guard
    return {
        "defaults": tuple(
            f"{write_pointer(path)} {json.dumps(value, sort_keys=True)}"
            for path, value in comparison.default_parts
        ),
        "exclude": settings.exclude,
        "expect_host": (settings.expect_host,) if settings.expect_host else (),
        "guard": (f"percent {guard.percent}", f"at_least {guard.at_least}"),
        "ignore": (
            *map(write_pointer, comparison.ignore.everywhere),
            *(
                f"{write_pointer(pointer)} of {glob}"
                for glob, pointers in comparison.ignore.by_identity
                for pointer in pointers
            ),
        ),
        "keep": settings.keep,
        "normalise": tuple(sorted(comparison.normalise)),
        "paths": settings.paths,
        "prune": (settings.prune,),
    }


def find_setting_places(file: SourceFile | None) -> Places:
    """Where the keys of a repository's settings stand; nothing where they can not be read."""
    try:
        return parse_toml(file.data)[1] if file else {}
    except UnreadableError:
        return {}


def find_unused_paths(file: SourceFile, paths: Iterable[str], names: Iterable[str]) -> Iterator[Problem]:
    """A warning for each of the settings' paths where no file is that may hold manifests.

    Args:
        file: the settings.
        paths: what they say.
        names: the paths of all such files.
    """
    unused = dict.fromkeys(path.removesuffix("/") for path in paths)
    for name in names:
        if not unused:
            return
        while name:
            unused.pop(name, None)
            name = name.rpartition("/")[0]  # noqa: PLW2901  from a file to the folders around it
    place = _find_place(file.path, ("paths",), find_setting_places(file))
    for path in unused:
        message = f"paths names {shorten_text(path)}, where no YAML or JSON file is"
        yield Problem(place, Code.UNUSED_PATH, message, "correct it, or take it out", "warning")


def make_read_filter(file: SourceFile | None, *, has_paths: bool) -> Callable[[str], bool]:
    """A function that says of a path below the top whether a repository's settings have that file read.

    Args:
        file: the settings.
        has_paths: whether the caller says where manifests are, which counts in place of theirs.
    """
    settings, _ = load_settings(file)
    return make_path_filter(() if has_paths else settings.paths, settings.exclude)


def make_declared_filter(file: SourceFile | None) -> Callable[[str], bool]:
    """A function that says of a path below the top whether a commit with such settings declared that file.

    Args:
        file: the settings; where anything is wrong with them, no manifest was applied.
    """
    settings, problems = load_settings(file)
    return _make_filter(settings.paths, settings.exclude) if not problems else _make_filter(None, ())


@lru_cache
def _make_filter(paths: tuple[str, ...] | None, exclude: tuple[str, ...]) -> Callable[[str], bool]:
    """A filter, the same object each time for the same settings."""
    if paths is None:
        return lambda _: False
    are_manifests, fit = select_manifests_in(EVERYTHING), make_path_filter(paths, exclude)
    return lambda path: are_manifests(path) and fit(path)
