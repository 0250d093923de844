"""What is measured on: manifests by number, the same everywhere, and a repository of the first of them.

Five versions make an artifact and a hundred artifacts an ML repo. Nothing in a manifest is read another
way by another parser, so that every contender sees the same values.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

VERSIONS = 5
ARTIFACTS = 100
_TEAMS = ("fraud", "pricing", "search", "support", "supply", "credit", "growth", "vision")
_KINDS = ("scorer", "ranker", "embedder", "forecaster", "classifier", "tokenizer", "matcher")
_FRAMEWORKS = (("lightgbm", "4.5.0"), ("xgboost", "2.1.3"), ("pytorch", "2.5.1"), ("sklearn", "1.6.0"))
_TEXT = """\
# Written by the training pipeline, promoted by hand.
type: artifact-version
ml_repo: {ml_repo}
name: {name}
version: {version}
{alias}description: Fit {version} of {name}, on labels of week {week}.
source:
  type: external
  uri: {uri}
step: {step}
metadata:
  owner: {team}-platform
  framework:
    name: {framework}
    version: "{release}"
    features: {features}
  training:
    dataset: s3://example-data/{ml_repo}/2026/week-{week}
    started_at: "2026-04-{day:02}T06:30:00Z"
    rows: {rows}
    hyperparameters:
      learning_rate: 0.05
      num_leaves: {leaves}
  metrics:
    auc: {auc}
    calibrated: true
    by_segment:
      - {{segment: new, auc: {auc_new}}}
      - {{segment: returning, auc: {auc_returning}}}
  tags: [batch, nightly, shap]
  approved_by: null
"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest: its file in the repository, its text, and the document that the text says."""

    path: str
    text: str
    document: dict[str, Any]


def ml_repo(number: int) -> str:
    """The ML repo of a manifest."""
    index = number // (VERSIONS * ARTIFACTS)
    return f"{_TEAMS[index % len(_TEAMS)]}-{index:03}"


def ml_repos(count: int) -> list[str]:
    """The ML repos of the first `count` manifests."""
    return [ml_repo(number) for number in range(0, count, VERSIONS * ARTIFACTS)]


def manifests(count: int) -> Iterator[Manifest]:
    """The first `count` manifests."""
    return map(manifest, range(count))


def registered(count: int, declared: int) -> Iterator[dict[str, Any]]:
    """The documents of `count` registered versions.

    Args:
        count: how many.
        declared: the first so many are those of manifests, the others further versions of the same artifacts.
    """
    for number in range(count):
        document = manifest(number % declared).document
        if number >= declared:
            document["version"] += VERSIONS * (number // declared)
            document.pop("version_alias", None)
        yield document


def manifest(number: int) -> Manifest:
    """One manifest; only the newest version of an artifact has an alias."""
    drawn = (number + 1) * 2654435761 % 2**32  # spreads neighbours, and is the same on every machine
    artifact = number // VERSIONS
    framework, release = _FRAMEWORKS[artifact % len(_FRAMEWORKS)]
    version = number % VERSIONS + 1
    repo = ml_repo(number)
    name = f"{_KINDS[artifact % len(_KINDS)]}-{artifact:06}"
    told = {
        "ml_repo": repo,
        "name": name,
        "version": version,
        "team": repo.partition("-")[0],
        "uri": f"s3://example-models/{repo}/{name}/{version}",
        "step": drawn % 50_000,
        "week": 10 + drawn % 40,
        "day": 1 + drawn % 28,
        "rows": 100_000 + drawn % 3_000_000,
        "features": 20 + drawn % 400,
        "leaves": 31 + drawn % 97,
        "framework": framework,
        "release": release,
        "auc": _share(drawn),
        "auc_new": _share(drawn // 7),
        "auc_returning": _share(drawn // 11),
    }
    alias = "v-prod" if version == VERSIONS else None
    text = _TEXT.format(alias=f"version_alias: {alias}\n" if alias else "", **told)
    return Manifest(f"models/{repo}/{name}/{version}.yaml", text, _document(told, alias))


def make_repository(folder: Path, count: int, *, is_checked_out: bool) -> None:
    """Commit the first `count` manifests to a new repository, by way of one pack.

    Raises:
        OSError: the folder can not be written.
        subprocess.CalledProcessError: git failed.
    """
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        _write_commit(process.stdin, count)
        process.stdin.close()
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)
    if is_checked_out:
        _git(folder, "reset", "--quiet", "--hard")


def _write_commit(stream: IO[bytes], count: int) -> None:
    message = b"manifests"
    stream.write(b"commit refs/heads/main\ncommitter Tester <tester@example.com> 1767323045 +0000\n")
    stream.write(b"data %d\n%s\n" % (len(message), message))
    for each in manifests(count):
        data = each.text.encode()
        stream.write(b"M 100644 inline %s\ndata %d\n%s\n" % (each.path.encode(), len(data), data))


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def _share(drawn: int) -> float:
    return (5000 + drawn % 4999) / 10_000


def _document(told: dict[str, Any], alias: str | None) -> dict[str, Any]:
    """What the text says, field by field."""
    return {
        "type": "artifact-version",
        "ml_repo": told["ml_repo"],
        "name": told["name"],
        "version": told["version"],
        **({"version_alias": alias} if alias else {}),
        "description": f"Fit {told['version']} of {told['name']}, on labels of week {told['week']}.",
        "source": {"type": "external", "uri": told["uri"]},
        "step": told["step"],
        "metadata": {
            "owner": f"{told['team']}-platform",
            "framework": {
                "name": told["framework"],
                "version": told["release"],
                "features": told["features"],
            },
            "training": {
                "dataset": f"s3://example-data/{told['ml_repo']}/2026/week-{told['week']}",
                "started_at": f"2026-04-{told['day']:02}T06:30:00Z",
                "rows": told["rows"],
                "hyperparameters": {
                    "learning_rate": 0.05,
                    "num_leaves": told["leaves"],
                },
            },
            "metrics": {
                "auc": told["auc"],
                "calibrated": True,
                "by_segment": [
                    {"segment": "new", "auc": told["auc_new"]},
                    {"segment": "returning", "auc": told["auc_returning"]},
                ],
            },
            "tags": ["batch", "nightly", "shap"],
            "approved_by": None,
        },
    }
