"""The image of the examples, as far as it can be looked at without building it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "examples/container"
TEXT = (FOLDER / "Dockerfile").read_text()
POD = yaml.safe_load((PROJECT / "examples/kubernetes/apply-in-shards.yaml").read_text())["spec"]["template"][
    "spec"
]


class Instruction(NamedTuple):
    """One instruction of a Dockerfile."""

    name: str
    given: str


def parse(text: str) -> list[Instruction]:
    """The instructions, those over several lines joined, without comments."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = lines.replace("\\\n", " ")
    return [Instruction(*line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def find(instructions: Sequence[Instruction], name: str) -> list[str]:
    return [each.given for each in instructions if each.name == name]


def find_bases(instructions: Sequence[Instruction]) -> list[str]:
    """What each stage is built from."""
    arguments = dict(given.split("=", 1) for given in find(instructions, "ARG"))
    return [
        re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], given.split()[0])
        for given in find(instructions, "FROM")
    ]


def is_exec_form(given: str) -> bool:
    try:
        return isinstance(json.loads(given), list)
    except ValueError:
        return False


def installs_known_extras(instructions: Sequence[Instruction]) -> bool:
    known = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = re.findall(r"pip install .*'\.\[([\w,]+)\]'", " ".join(find(instructions, "RUN")))
    return len(found) == 1 and set(found[0].split(",")) <= known.keys()


RULES: Mapping[str, Callable[[Sequence[Instruction]], bool]] = {
    "the base is slim, and pinned to a patch": lambda found: all(
        re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
        for base in find_bases(found)
    ),
    "the user is not root, and a number": lambda found: bool(
        re.fullmatch(r"[1-9]\d*:[1-9]\d*", find(found, "USER")[-1])
    ),
    "the process is not started by a shell": lambda found: all(
        map(is_exec_form, find(found, "ENTRYPOINT") + find(found, "CMD"))
    ),
    "the entry point is the tool": lambda found: find(found, "ENTRYPOINT") == ['["reconciler"]'],
    "git is there": lambda found: " git " in find(found, "RUN")[-1],
    "the extras exist": installs_known_extras,
    "nothing is fetched but packages": lambda found: not find(found, "ADD"),
}
BREAKAGES = {
    "the base is slim, and pinned to a patch": ("python:3.13.9-slim-trixie\n", "python:latest\n"),
    "the user is not root, and a number": ("USER 10001:10001", "USER root"),
    "the process is not started by a shell": ('ENTRYPOINT ["reconciler"]', "ENTRYPOINT reconciler"),
    "the entry point is the tool": ('ENTRYPOINT ["reconciler"]', 'ENTRYPOINT ["sh"]'),
    "git is there": ("--no-install-recommends git ", "--no-install-recommends "),
    "the extras exist": ("'.[otel]'", "'.[telemetry]'"),
    "nothing is fetched but packages": ("COPY . .", "ADD https://example.com/x ."),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds_and_would_be_broken(rule: str) -> None:
    assert RULES[rule](parse(TEXT))
    right, wrong = BREAKAGES[rule]
    assert right in TEXT
    assert not RULES[rule](parse(TEXT.replace(right, wrong)))


def test_the_job_runs_this_image_as_its_user() -> None:
    (container,) = POD["containers"]
    assert f"-t {container['image']} ." in TEXT
    user, group = find(parse(TEXT), "USER")[-1].split(":")
    assert POD["securityContext"]["runAsUser"] == int(user)
    assert POD["securityContext"]["runAsGroup"] == int(group)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert [each["mountPath"] for each in container["volumeMounts"]] == ["/tmp"]  # noqa: S108  of the pod


def test_what_the_image_is_built_of_is_enough_to_build_it(tmp_path: Path) -> None:
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    first, *patterns = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    source = tmp_path / "source"
    for kept in (pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")):
        place = source / kept
        place.parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / kept).is_dir():
            shutil.copytree(PROJECT / kept, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / kept, place)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=source, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert any(fnmatch(name, "reconciler/cli/example/*.md") for name in archive.namelist())
    (constraints,) = re.findall(r"--constraint (\S+)", TEXT)
    assert (source / constraints).is_file()
