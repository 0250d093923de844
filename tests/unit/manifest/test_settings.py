"""`reconciler.toml`: what it may say, and what is said of what it may not."""

from __future__ import annotations

import pytest

from reconciler.manifest.settings import RULES, Settings, load_settings
from reconciler.manifest.settings_model import SettingsFile
from reconciler.model import Ignore
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.builders import LEFT_OUT, declaration, load_manifests, manifest
from tests.support.files_in_memory import FilesInMemory

KNOWN = "defaults, exclude, expect_host, guard, ignore, keep, normalise, paths, prune"


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
    assert settings.comparison.ignore.everywhere == (
        ("description",),
        ("metadata", "a/b~c", "0"),
        ("metadata", "metrics", "live"),
    )


@pytest.mark.parametrize(
    "pointer",
    [
        "",
        "/",
        "description",
        "/version",
        "/name",
        "/ml_repo/x",
        "/type",
        "/metadata/~2",
        "/metadata/~",
        "/web",
        "/metrics/live",
        "/description/0",
        "/step/x",
        "/source/url",
        "/source/uri/0",
    ],
)
def test_what_is_no_pointer_to_a_field_is_refused(pointer: str) -> None:
    settings, problems = load(f'# left to others\nignore = ["{pointer}"]')
    assert settings.comparison.ignore == Ignore()
    assert len(problems) == 1
    assert problems[0].startswith("reconciler.toml:2:1: ignore holds ")


@pytest.mark.parametrize(
    "pointer",
    ["/metadata", "/metadata/", "/metadata/a/0/b", "/source/uri", "/version_alias", "/step", "/run_id"],
)
def test_every_part_of_a_manifest_but_its_name_can_be_left(pointer: str) -> None:
    assert load(f'ignore = ["{pointer}"]')[1] == []


def test_what_is_said_of_keys_is_said_of_those_that_there_are() -> None:
    assert list(RULES) == sorted(SettingsFile.model_fields)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("paths = []\n  [guard]\n  percent = 99", "3:3"),
        ("guard.at_least = 99", "1:1"),
        ("guard = { percent = 99 }", "1:1"),
        ('"guard"."percent" = 99', "1:1"),
        ("[guard]\nshare = 1", "2:1"),
    ],
)
def test_a_key_in_a_table_is_reported_where_it_stands(text: str, place: str) -> None:
    assert [problem.partition(": ")[0] for problem in load(text)[1]] == [f"reconciler.toml:{place}"]


def test_what_is_wrong_leaves_the_other_settings_as_they_are() -> None:
    settings, problems = load('exclude = ["drafts"]\nignroe = []\n[guard]\npercent = 31\n')
    assert (settings.exclude, settings.guard.percent, len(problems)) == (("drafts",), 30, 2)


@pytest.mark.parametrize("value", ["1", "true", "{a = 1}", "[1]", "[[]]"])
def test_other_types_are_refused(value: str) -> None:
    assert "JSON pointers are text" in load(f"ignore = {value}")[1][0]


def test_normalisers_are_named_one_by_one() -> None:
    assert load('normalise = ["trim", "drop-null"]')[0].comparison.normalise == {"trim", "drop-null"}
    assert load("normalise = []") == (Settings(), [])


@pytest.mark.parametrize("value", ["'trim'", "['trim', 'lower']", "[1]", "[['trim']]", "[{}]", "{}"])
def test_what_is_no_list_of_normalisers_is_refused(value: str) -> None:
    settings, problems = load(f"normalise = {value}")
    assert settings == Settings()
    message = "normalise is no list of ways in which a control plane writes values"
    assert problems == [f"reconciler.toml:1:1: {message} (there are: drop-null, trim)"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('\nignroe = ["/description"]', "reconciler.toml:2:1: unknown key ignroe (did you mean ignore?)"),
        (
            '[host]\nurl = "https://example.com"',
            f"reconciler.toml:1:2: unknown key host (known keys: {KNOWN})",
        ),
        ("ignore = []\nexpect_host = 1", "reconciler.toml:2:1: expect_host is no address of a control plane"),
        ("ignore = [", "reconciler.toml:1:11: not valid TOML: "),
        ("ignore = []\nx = = 1", "reconciler.toml:2:5: not valid TOML: invalid value"),
        (b"\xff", "reconciler.toml:1:1: not UTF-8 text (save the file as UTF-8)"),
    ],
)
def test_every_problem_has_its_place(text: str | bytes, problem: str) -> None:
    assert any(found.startswith(problem) for found in load(text)[1]), load(text)[1]


def test_a_key_is_found_behind_spaces_in_quotes_and_in_a_table() -> None:
    text = "# unknwon\n\n  'unknwon' = 1\n[ other ]\nunknwon = 2\n"
    assert [problem.partition(" (")[0] for problem in load(text)[1]] == [
        "reconciler.toml:3:3: unknown key unknwon",
        "reconciler.toml:4:3: unknown key other",
    ]


def test_an_error_at_the_end_is_reported_there_and_at_bounded_length() -> None:
    assert load('x = 1\ny = """')[1] == ["reconciler.toml:2:8: not valid TOML: unterminated string"]
    (problem,) = load(f"[{'k' * 500}]\n[{'k' * 500}]\n")[1]
    assert problem.startswith("reconciler.toml:2:502: not valid TOML: cannot declare ('kkk")
    assert len(problem) < 200


# Bounds


@pytest.mark.parametrize(
    "line",
    [
        "ignore = " + "[" * 5000,
        "ignore = " + "{a = " * 2000,
        "a." * 2000 + "a = 1",
        "'a'." * 1000 + '"a" = 1',
        "[" + "a." * 2000 + "a]",
        'x = ["""b"""", ' + "[" * 5000,
        "x = ['''b'''', " + "[" * 5000,
        "x = {y = '''b''''', " + "a." * 2000 + "a = 1}",
        "x = 1" + "0" * 5000,
        "x = 1" + "_0" * 3000,
    ],
)
def test_what_the_toml_parser_would_choke_on_is_refused_before(line: str) -> None:
    assert load(f"x = '''\n'''\n{line}\n")[1] == [
        "reconciler.toml:3:1: more brackets, dots or digits than settings have"
    ]


def test_brackets_are_counted_over_lines() -> None:
    assert load("x = " + "[\n" * 20 + "]\n" * 20)[1] == [
        "reconciler.toml:17:1: more brackets, dots or digits than settings have"
    ]


@pytest.mark.parametrize(
    "quoted",
    ["'{}'", '"{}"', "'''{}'''", '"""{}"""', r'"\"{}"', r"'\', '{}'", '""""{}"""""', '"" # "{}'],
)
def test_what_stands_in_quotes_and_comments_is_not_counted(quoted: str) -> None:
    problems = load(f"x = [{quoted.format('.[{' * 50 + '0' * 200)}\n]\nexpect_host = 1\n")[1]
    assert problems == [
        f"reconciler.toml:1:1: unknown key x (known keys: {KNOWN})",
        "reconciler.toml:3:1: expect_host is no address of a control plane (e.g. https://example.com)",
    ]


def test_a_large_file_is_refused() -> None:
    comment = "#" * (16 * 1024 - 1) + "\n"
    assert load(comment) == (Settings(), [])
    assert load(comment + "#")[1] == ["reconciler.toml:1:1: larger than 16 KiB, which no settings are"]


def test_pointers_are_bounded_in_number_and_length() -> None:
    assert len(load(f"ignore = {['/description'] * 100}")[0].comparison.ignore.everywhere) == 100
    assert load(f"ignore = {['/description'] * 101}")[1] == [
        "reconciler.toml:1:1: ignore holds more than 100 entries"
    ]
    assert load(f"ignore = '/metadata/{'m' * 1014}'")[1] == []
    assert load(f"ignore = '/metadata/{'m' * 1015}'")[1][0].startswith("reconciler.toml:1:1: ignore holds /m")


def test_a_flood_of_unknown_keys_is_reported_in_part() -> None:
    data = "".join(f"k{number} = 1\n" for number in range(1000)).encode()
    settings = SourceFile("reconciler.toml", data)
    problems = load_manifests(Snapshot(None, FilesInMemory(()), settings=settings)).problems
    assert len(problems) == 101
    assert sum(problem.message.startswith("more than 100 errors") for problem in problems) == 1


def test_what_is_left_to_others_can_depend_on_the_identity() -> None:
    text = """
        [ignore]
        "*/*" = ["/step"]
        "fraud/*" = ["/run_id", "/description"]
        "fraud/scorer:2" = ["/metadata"]
    """
    settings, problems = load(text)
    assert problems == []
    ignore = settings.comparison.ignore
    assert ignore.everywhere == (("step",),)
    found = declaration(
        manifest(),
        manifest(version=2),
        manifest(version=LEFT_OUT, version_alias="v-a"),
        manifest(ml_repo="europe"),
    )
    assert {outline.label: ignore.in_manifest(outline) for outline in found.manifests} == {
        "europe/scorer:1": (("step",),),
        "fraud/scorer:1": (("step",), ("description",), ("run_id",)),
        "fraud/scorer:2": (("step",), ("description",), ("run_id",), ("metadata",)),
        "fraud/scorer@v-a": (("step",), ("description",), ("run_id",)),
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[ignore]\n"fraud/*" = ["/web"]', "2:1: ignore holds /web, which"),
        ('[ignore]\n\n"fraud" = ["/step"]', "3:1: ignore holds fraud, which"),
        ('[ignore]\n"a/b" = "/step"', "2:1: ignore holds /step, which"),
        ('[ignore]\n"a/b" = [[]]', "2:1: ignore holds what is no text, which"),
    ],
)
def test_what_is_wrong_of_one_identity_is_reported_where_it_stands(text: str, problem: str) -> None:
    assert load(text)[1][0].startswith(f"reconciler.toml:{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[defaults]\nowner = 1", "2:1: defaults is no table of a description and of metadata"),
        (
            "[defaults.metadata]\n'.truefoundry' = 1",
            "2:1: defaults: keys that begin with .truefoundry belong to the platform",
        ),
        (
            "[defaults.metadata]\nwhen = 2026-01-02",
            "2:1: defaults is no table of a description and of metadata, of JSON values",
        ),
        (
            "[defaults.metadata]\na = 1\npassword = 'correct horse battery'",
            "3:1: defaults: metadata.password looks like a credential",
        ),
    ],
)
def test_defaults_keep_to_the_rules_of_manifests(text: str, problem: str) -> None:
    settings, problems = load(text)
    assert [found.startswith(f"reconciler.toml:{problem}") for found in problems] == [True], problems
    assert settings.comparison.defaults == {}


@pytest.mark.parametrize(
    ("paths", "unused"),
    [
        ([], []),
        (["models", "models/", "models/deep", "zoo/b.json", "links/a.yaml"], []),
        (
            ["model", "models/d", "models/deep/a", "zoo/b.json/", "zoo/b.json/c"],
            ["model", "models/d", "models/deep/a", "zoo/b.json/c"],
        ),
        (["gone", "models", "gone/", "gone"], ["gone"]),
    ],
)
def test_a_path_without_a_file_is_reported_once(paths: list[str], unused: list[str]) -> None:
    files = FilesInMemory([SourceFile(path, b"") for path in ("models/deep/a.yaml", "zoo/b.json")])
    settings = SourceFile("reconciler.toml", f"prune = 'never'\npaths = {paths}".encode())
    read = Snapshot(None, files, unread=["links/a.yaml"], settings=settings)
    assert list(map(str, load_manifests(read).problems)) == [
        f"reconciler.toml:2:1: warning: paths names {path}, where no YAML or JSON file is"
        " (correct it, or take it out)"
        for path in unused
    ]
