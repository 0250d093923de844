"""The law of globs: they fit what the plain definition says, which tries everything."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.paths import make_path_filter
from tests.support.scale import law

NAMES = st.sampled_from(["**", "*", "a*", "*a", "*a*b", "?", "a?b", "a", "ab"])
GLOBS = st.lists(NAMES, min_size=1, max_size=5)
PATHS = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=5)


@law(250, 2_000, 100_000)
@given(GLOBS, PATHS)
def test_a_glob_fits_what_its_definition_says(glob: list[str], path: list[str]) -> None:
    is_left_out = not make_path_filter((), ("/".join(glob),))("/".join(path))
    assert is_left_out == fits(glob, path)


def fits(glob: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a glob fits a path, or a folder that the path is in."""
    if not glob:
        return True
    if not path:
        return False
    if glob[0] == "**":
        return len(glob) == 1 or fits(glob[1:], path) or fits(glob, path[1:])
    return name_fits(glob[0], path[0]) and fits(glob[1:], path[1:])


def name_fits(glob: str, name: str) -> bool:
    if not glob:
        return not name
    if glob[0] == "*":
        return name_fits(glob[1:], name) or (name != "" and name_fits(glob, name[1:]))
    return name != "" and glob[0] in {"?", name[0]} and name_fits(glob[1:], name[1:])
