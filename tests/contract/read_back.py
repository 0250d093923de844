"""Reads every version of some ML repos with the vendor's own client and prints the manifests as JSON.

read_back.py URL TOKEN ML_REPO...
"""

from __future__ import annotations

import json
import sys

from truefoundry_sdk import TrueFoundry  # type: ignore[import-not-found]  # in the child process only


def main() -> None:
    """Print one list."""
    url, token, *ml_repos = sys.argv[1:]
    client = TrueFoundry(base_url=url, api_key=token)
    manifests = []
    for name in ml_repos:
        ml_repo = next(row for row in client.ml_repos.list(name=name) if row.manifest.name == name)
        versions = client.artifact_versions.list(ml_repo_id=ml_repo.id)
        manifests += [json.loads(version.manifest.json()) for version in versions]
    json.dump(manifests, sys.stdout)


if __name__ == "__main__":
    main()
