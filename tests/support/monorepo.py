"""A repository as teams have them: a few manifests among the files of many other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST, replaced

FOREIGN: Final[dict[str, str | bytes]] = {
    "charts/app/templates/deployment.yaml": "image: {{ .Values.image }}\n{{- if .Values.tls }}\ntls: [\n",
    "charts/app/values.yaml": "replicas: 3\nreplicas: 4\n",
    "data/metrics.json": '{"accuracy": NaN}',
    "data/rows.json": '{"row": 1}\n{"row": 2}\n',
    "data/utf16.yaml": "text: ümläut\n".encode("utf-16"),
    "data/binary.json": bytes(range(256)) * 64,
    "data/model.json": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "docs/broken.yaml": "a: [\n\tb: }\n",
    "docs/Empty.YAML": "",
    "web/package-lock.json": '{"lockfileVersion": 3}' + " " * (3 * 1024 * 1024),
    "web/tsconfig.json": '{\n  // comments\n  "strict": true,\n}\n',
}
LINKS: Final = 200
OTHER_FILES: Final = len(FOREIGN) + LINKS


def make_monorepo(folder: Path, ignored: int) -> GitRepository:
    """A repository of two manifests, with files of other tools, links, a submodule, and ignored files."""
    repository = GitRepository(folder)
    for path, content in FOREIGN.items():
        repository.write(path, content)
    repository.write("ml/fraud/1.yaml", MANIFEST)
    repository.write("ml/fraud/2.YML", replaced("version: 1", "version: 2"))
    repository.write(".gitignore", "node_modules/\nlocked/\n*.tmp.yaml\n")
    (folder / "links").mkdir()
    for number in range(LINKS):
        (folder / f"links/{number}.yaml").symlink_to(
            ("../ml/fraud/1.yaml", "nowhere", f"{number}.yaml")[number % 3]
        )
    (folder / "links/folder").symlink_to("../ml", target_is_directory=True)
    inner = GitRepository(folder / "vendor/library")
    inner.write("ml/3.yaml", replaced("version: 1", "version: 3"))
    inner.commit()
    repository.commit()
    for number in range(ignored):
        repository.write(f"node_modules/{number % 50}/{number}.json", "{")
    repository.write("ml/fraud/4.tmp.yaml", replaced("version: 1", "version: 4"))
    repository.write("locked/5.yaml", replaced("version: 1", "version: 5"))
    (folder / "locked").chmod(0)
    return repository
