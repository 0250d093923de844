"""Which registered version a manifest is about."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.compare.match import RegisteredVersions
from tests.support.builders import LEFT_OUT, declared, external, registered

HAS = [
    registered(1, version_alias="v-a", source=external("s3://one")),
    registered(2, version_alias="v-b", source=external("s3://two")),
    registered(3, source=external("s3://two")),
]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"version": 2}, [2]),
        ({"version": 2, "version_alias": "v-a", "source": external("s3://one")}, [2]),
        ({"version": 9, "version_alias": "v-a", "source": external("s3://one")}, []),
        ({"version": LEFT_OUT, "version_alias": "v-a", "source": external("s3://two")}, [1]),
        ({"version": LEFT_OUT, "version_alias": "v-z", "source": external("s3://one")}, []),
        ({"version": LEFT_OUT, "source": external("s3://one")}, [1]),
        ({"version": LEFT_OUT, "source": external("s3://two")}, [2, 3]),
        ({"version": LEFT_OUT, "source": external("s3://none")}, []),
        ({"version": LEFT_OUT, "version_alias": None, "source": external("s3://one")}, [1]),
    ],
)
def test_version_outranks_alias_and_alias_outranks_contents(
    fields: dict[str, Any], expected: list[int]
) -> None:
    found = RegisteredVersions(HAS).match(declared(**fields))
    assert [version.version for version in found.candidates] == expected
    assert (found.registered is not None) == (len(expected) == 1)
