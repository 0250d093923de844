"""Where new manifests are written: for each version a path, by a template, that any file system can have."""

from __future__ import annotations

import hashlib
import re
from itertools import count
from pathlib import PurePosixPath

from reconciler.manifest.rules.collisions import fold_text
from reconciler.model import Artifact

A_FILE_EACH = "{ml_repo}/{name}/{version}.yaml"
_PLACEHOLDER = r"\{(?:ml_repo|name|version)\}"
_SEGMENT = rf"(?:[\w-]|{_PLACEHOLDER})(?:[\w. -]|{_PLACEHOLDER})*"
_TEMPLATE = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*\.ya?ml")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)")
"""Names that Windows takes for a device, with any suffix."""
_LONGEST_BYTES = 200
"""Of a name in a folder: file systems have 255, some of them fewer, and a number may be added."""
_KEPT_CHARACTERS = 80
"""Characters that are kept of a longer name."""


class Layout:
    """Gives each version the path of its file; versions that a template has in one file share theirs.

    Args:
        template: a path with `{ml_repo}`, `{name}` and `{version}`, each as often as it is wanted.

    Raises:
        ValueError: it is none, or one of a file that nothing would be read from.
    """

    def __init__(self, template: str = A_FILE_EACH) -> None:
        if not _TEMPLATE.fullmatch(template):
            raise ValueError(
                "give a path within the folder that ends in .yaml, with {ml_repo}, {name} and {version}, "
                f"e.g. {A_FILE_EACH}"
            )
        self._template = template
        self._taken: dict[str, str] = {}

    def find_path(self, artifact: Artifact, version: int) -> str:
        """The path, from the top of the folder; no two paths differ in case only."""
        named = self._template.format(ml_repo=artifact.ml_repo, name=artifact.name, version=version)
        plain = PurePosixPath("/".join(map(_make_portable, named.split("/"))))
        for number in count(1):
            path = str(plain if number == 1 else plain.with_stem(f"{plain.stem}-{number}"))
            if self._taken.setdefault(fold_text(path), path) == path:
                return path
        raise AssertionError


def _make_portable(name: str) -> str:
    """A name of a file or folder that is neither that of a device nor too long."""
    name = _RESERVED.sub(r"\1_", name, count=1) if _RESERVED.match(name) else name
    if len(name.encode()) <= _LONGEST_BYTES:
        return name
    end = PurePosixPath(name).suffix if name.endswith((".yaml", ".yml")) else ""
    return f"{name[:_KEPT_CHARACTERS]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}{end}"
