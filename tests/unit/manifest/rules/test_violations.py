"""What the rules say of a scheme; all others are tested beside the schema that they agree with."""

from __future__ import annotations

import pytest

from reconciler.codes import Code
from reconciler.manifest.rules.violations import find_warnings
from tests.support.builders import LEFT_OUT, external, manifest

MANAGED = {"type": "truefoundry"}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://x", False),
        ("gs://x", False),
        ("wasbs://x", False),
        ("https://x", True),
        ("file", True),
        ("S3://x", True),
    ],
)
def test_a_scheme_beyond_the_known_ones_is_noticed(uri: str, *, expected: bool) -> None:
    codes = [warning.code for warning in find_warnings(manifest(source=external(uri)))]
    assert codes == [Code.UNKNOWN_SCHEME] * expected


@pytest.mark.parametrize("source", [LEFT_OUT, None, "x", MANAGED, {"type": "external", "uri": 1}])
def test_no_uri_has_no_scheme(source: object) -> None:
    assert not list(find_warnings(manifest(source=source)))
