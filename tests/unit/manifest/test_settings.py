"""`reconciler.toml`: what it may say, and what is said of what it may not."""

from __future__ import annotations

import pytest

from reconciler.manifest.settings import Settings, load_settings
from reconciler.source.snapshot import SourceFile


def load(text: str | bytes) -> tuple[Settings, list[str]]:
    data = text if isinstance(text, bytes) else text.encode()
    settings, problems = load_settings(SourceFile("reconciler.toml", data))
    return settings, [str(problem) for problem in problems]


def test_no_file_leaves_nothing_to_others() -> None:
    assert load_settings(None) == (Settings(), ())


def test_pointers_are_taken_apart_and_sorted() -> None:
    text = 'ignore = ["/metadata/metrics/live", "/description", "/metadata/a~1b~0c/0"]'
    settings, problems = load(text)
    assert problems == []
    assert settings.ignore == (
        ("description",),
        ("metadata", "a/b~c", "0"),
        ("metadata", "metrics", "live"),
    )


@pytest.mark.parametrize(
    "pointer",
    ["", "/", "description", "/version", "/name", "/ml_repo/x", "/type", "/metadata/~2", "/metadata/~"],
)
def test_what_is_no_pointer_to_a_field_is_refused(pointer: str) -> None:
    settings, problems = load(f'# left to others\nignore = ["{pointer}"]')
    assert settings.ignore == ()
    assert len(problems) == 1
    assert problems[0].startswith("reconciler.toml:2:1: ignore holds ")


@pytest.mark.parametrize("value", ["1", "true", "{a = 1}", "[1]", "[[]]"])
def test_other_types_are_refused(value: str) -> None:
    assert "JSON pointers are text" in load(f"ignore = {value}")[1][0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('\nignroe = ["/description"]', "reconciler.toml:2:1: unknown key ignroe (did you mean ignore?)"),
        (
            '[host]\nurl = "https://example.com"',
            "reconciler.toml:1:1: unknown key host (known keys: expect_host, ignore)",
        ),
        ("ignore = []\nexpect_host = 1", "reconciler.toml:2:1: expect_host is no text"),
        ("ignore = [", "reconciler.toml:1:1: not valid TOML: "),
        ("ignore = []\nx = = 1", "reconciler.toml:2:5: not valid TOML: invalid value"),
        (b"\xff", "reconciler.toml:1:1: not UTF-8 text (save the file as UTF-8)"),
    ],
)
def test_every_problem_has_its_place(text: str | bytes, problem: str) -> None:
    assert any(found.startswith(problem) for found in load(text)[1]), load(text)[1]


def test_deep_nesting_is_a_problem_and_no_crash() -> None:
    assert load("ignore = " + "[" * 5000)[1]
