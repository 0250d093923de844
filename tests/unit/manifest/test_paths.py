"""Where manifests are read: paths and globs, as settings give them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from reconciler.manifest.paths import make_path_filter
from reconciler.manifest.settings_model import SettingsFile

GLOBS = {
    "models/examples": (
        ["models/examples/a.yaml", "models/examples"],
        ["models/examples2/a.yaml", "examples/a.yaml"],
    ),
    "models/examples/": (["models/examples/a/b.yaml"], ["models/a.yaml"]),
    "**/drafts": (["drafts/a.yaml", "models/drafts/a.yaml", "a/b/drafts/c/d.yaml"], ["models/drafts.yaml"]),
    "*.json": (["a.json", "b.json/c.yaml"], ["models/a.json"]),
    "**/*.json": (["a.json", "models/deep/a.json"], ["a.jsonl"]),
    "models/*/old": (["models/a/old/1.yaml"], ["models/a/b/old/1.yaml"]),
    "models/**": (["models/a.yaml", "models/a/b.yaml"], ["models.yaml"]),
    "v?.yaml": (["v1.yaml"], ["v10.yaml", "v/.yaml"]),
    "a+b(c)/x": (["a+b(c)/x/1.yaml"], ["aab(c)/x/1.yaml"]),
    "ä/\U0001f600": (["ä/\U0001f600/a.yaml"], ["a/a.yaml"]),
}


@pytest.mark.parametrize(("glob", "paths"), GLOBS.items(), ids=GLOBS)
def test_a_glob_leaves_out_what_it_fits_and_what_is_below(
    glob: str, paths: tuple[list[str], list[str]]
) -> None:
    left_out, read = paths
    assert SettingsFile(exclude=[glob]).exclude == [glob]
    is_read = make_path_filter((), (glob,))
    assert [path for path in left_out if is_read(path)] == []
    assert [path for path in read if not is_read(path)] == []


def test_paths_hold_what_is_below_them_and_no_more() -> None:
    is_read = make_path_filter(("models", "one/file.yaml"), ("models/old",))
    assert is_read("models/a/b.yaml")
    assert is_read("one/file.yaml")
    assert not any(map(is_read, ("models2/a.yaml", "one/other.yaml", "a/models/b.yaml", "models/old/a.yaml")))
    assert make_path_filter((), ())("anything")


@pytest.mark.parametrize(
    "given",
    [
        "models",
        ["/models"],
        ["../a"],
        ["a/./b"],
        ["a//b"],
        [""],
        [1],
        [["a"]],
        ["a\nb"],
        ["x" * 201],
        ["a"] * 101,
    ],
)
def test_what_is_no_place_in_the_repository_is_refused(given: object) -> None:
    for key in ("paths", "exclude"):
        with pytest.raises(ValidationError):
            SettingsFile.model_validate({key: given})


def test_only_globs_take_stars_and_few_of_them() -> None:
    with pytest.raises(ValidationError):
        SettingsFile(paths=["models/*"])
    with pytest.raises(ValidationError):
        SettingsFile(exclude=["*a" * 9])


def test_a_glob_with_as_many_stars_as_may_be_comes_to_an_end() -> None:
    is_read = make_path_filter((), ("**/" * 4 + "z", "*a*a*a*a*a*a*a*b", "*" * 8 + "b"))
    assert is_read("a/" * 300 + "a" * 255)
