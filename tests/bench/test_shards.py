"""The benchmark of shards: all of them together register everything, whatever is on the way."""

from __future__ import annotations

from tests.bench import shards


def test_shards_together_register_everything() -> None:
    (found,) = shards.measure(shards.Way("both", latency=0.001, rate=100.0), 24, (2,))
    assert found.registered == 24
    assert found.requests > 24
    assert found.seconds > 0
