"""Which versions to be created look like others under a new name."""

from __future__ import annotations

import pytest

from reconciler.planning.renames import NamedVersion, find_renames

GONE = (
    NamedVersion("a:1", 1, "s3://x"),
    NamedVersion("a:2", 2, "s3://x"),
    NamedVersion("a:3", 3, "s3://y"),
    NamedVersion("a:4", 4, None),
)


@pytest.mark.parametrize(
    ("created", "former"),
    [
        (NamedVersion("b:2", 2, "s3://x"), "a:2"),
        (NamedVersion("b:7", 7, "s3://x"), "a:1"),
        (NamedVersion("b@v-prod", None, "s3://y"), "a:3"),
        (NamedVersion("b:4", 4, "s3://z"), None),
        (NamedVersion("b:4", 4, None), None),
    ],
)
def test_the_same_contents_are_the_same_version_the_same_number_first(
    created: NamedVersion, former: str | None
) -> None:
    assert find_renames([created], GONE) == ({created.label: former} if former else {})


def test_where_nothing_is_gone_nothing_has_a_new_name() -> None:
    assert find_renames([NamedVersion("b:1", 1, "s3://x")], []) == {}
