"""Every way that the embedded registry can behave."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, product

from reconciler.registry import Behaviour

_PREFIXES = ("both", "page"), ("ml", "page"), ("svc", "page"), ("ml", "missing-page"), ("svc", "missing-page")


def _every_mode() -> Sequence[Behaviour]:
    """Each way to take a `PUT`, under one of the prefixes in turn: which one is no matter of the others."""
    choices = Behaviour.list_choices()
    del choices["serves"], choices["elsewhere"]
    return [
        Behaviour.from_switches(
            {**dict(zip(choices, values, strict=True)), "serves": serves, "elsewhere": page}
        )
        for values, (serves, page) in zip(product(*choices.values()), cycle(_PREFIXES), strict=False)
    ]


MODES = _every_mode()
