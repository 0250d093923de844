"""Changes kept packed: as many, and the same, as were given, however many fit together."""

from __future__ import annotations

import pytest

from reconciler.planfile.kept_changes import KeptChanges
from tests.support.documents import change


@pytest.mark.parametrize("number", [0, 31, 32, 33, 100])
def test_changes_are_kept_in_order_and_walked_over_again(number: int) -> None:
    given = [change(at, "create" if at % 2 else "update") for at in range(number)]
    kept = KeptChanges()
    assert list(kept.keep(given)) == given
    assert len(kept) == number
    assert list(kept) == list(kept) == given
    assert kept == given
