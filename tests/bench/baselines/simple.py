"""The simple script: what one writes in an hour. One request after another, everything by the plainest call.

python -m tests.bench.baselines.simple plan|apply     # in a checked-out repository
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import yaml

API = os.environ.get("TFY_HOST", "") + "/api/ml/v1"
REQUIRED = ("name", "ml_repo", "version", "metadata", "source")


def main(verb: str) -> None:
    """Compare the manifests of the work tree with what is registered, and apply what differs."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {os.environ['TFY_API_KEY']}"
    declared = read_manifests(Path())
    registered = {}
    for ml_repo in sorted({manifest["ml_repo"] for manifest in declared}):
        for manifest in list_versions(session, ml_repo):
            registered[ml_repo, manifest["name"], manifest["version"]] = manifest
    counts = {"create": 0, "update": 0, "unchanged": 0}
    for manifest in declared:
        before = registered.get((manifest["ml_repo"], manifest["name"], manifest["version"]))
        if before is None:
            action = "create"
        elif all(before.get(field) == value for field, value in manifest.items()):
            action = "unchanged"
        else:
            action = "update"
        counts[action] += 1
        if action != "unchanged":
            sys.stdout.write(f"{action} {manifest['ml_repo']}/{manifest['name']}:{manifest['version']}\n")
            if verb == "apply":
                answer = session.put(f"{API}/artifact-versions", json={"manifest": manifest}, timeout=60)
                answer.raise_for_status()
    sys.stdout.write(json.dumps(counts) + "\n")


def read_manifests(folder: Path) -> list[dict[str, Any]]:
    """Every manifest below a folder."""
    manifests = []
    for path in sorted(folder.rglob("*.yaml")):
        manifest = yaml.safe_load(path.read_text())
        if manifest["type"] == "artifact-version":
            missing = [field for field in REQUIRED if field not in manifest]
            if missing:
                sys.exit(f"{path}: no {', '.join(missing)}")
            manifests.append(manifest)
    return manifests


def list_versions(session: requests.Session, ml_repo: str) -> Iterator[dict[str, Any]]:
    """Every registered version of an ML repo, page by page."""
    found = get(session, "ml-repos", name=ml_repo)["data"]
    ids = [row["id"] for row in found if row["manifest"]["name"] == ml_repo]
    if not ids:
        sys.exit(f"no ML repo {ml_repo}")
    offset = 0
    while True:
        page = get(session, "artifact-versions", ml_repo_id=ids[0], offset=offset, limit=100)
        for row in page["data"]:
            yield row["manifest"]
        offset += len(page["data"])
        if not page["data"] or offset >= page["pagination"]["total"]:
            return


def get(session: requests.Session, path: str, **query: str | int) -> Any:
    """One answer of the API."""
    answer = session.get(f"{API}/{path}", params=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    main(sys.argv[1])
