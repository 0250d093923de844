"""What is not known of the real server, as switches.

The defaults are the harshest reading of the API page: a client that is right here is right with a
more forgiving server too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the registry takes a `PUT`, where the API page leaves it open.

    Attributes:
        unknown_version: A `PUT` with a version that is not registered creates that version, or the
            next free one.
        taken_alias: A `PUT` with an alias that another version of the artifact holds is refused
            (409), or takes the alias from that version.
        metadata: A `PUT` replaces the metadata, or adds to it key by key.
        internal_metadata: A `PUT` whose metadata has no key of the platform's own keeps the
            registered ones, or erases them.
        changed_source: A `PUT` that changes `source`, `step` or `run_id` of a registered version is
            refused (422), or accepted without effect on those three.
        serves: The prefixes that the API is served under.
        elsewhere: A request under a prefix that is not served gets a web page with 200 or with 404.
    """

    unknown_version: Literal["honour", "renumber"] = "honour"
    taken_alias: Literal["refuse", "move"] = "refuse"
    metadata: Literal["replace", "merge"] = "replace"
    internal_metadata: Literal["keep", "erase"] = "erase"
    changed_source: Literal["refuse", "ignore"] = "refuse"
    serves: Literal["both", "ml", "svc"] = "both"
    elsewhere: Literal["page", "missing-page"] = "page"

    @classmethod
    def from_switches(cls, switches: Mapping[str, str]) -> Behaviour:
        """Build from switch names, written with hyphens or underscores, and their values.

        Raises:
            ValueError: A name or a value is not known, or one switch is given twice; the text says
                which are allowed.
        """
        allowed = cls.list_choices()
        chosen: dict[str, str] = {}
        for written, value in switches.items():
            name = written.replace("-", "_")
            if name not in allowed:
                names = ", ".join(map(_hyphenate, allowed))
                raise ValueError(f"no switch {written!r}; there are: {names}")
            if name in chosen:
                raise ValueError(f"the switch {_hyphenate(name)} is given twice")
            if value not in allowed[name]:
                values = ", ".join(allowed[name])
                raise ValueError(f"{_hyphenate(name)} cannot be {value!r}; it is one of: {values}")
            chosen[name] = value
        return cls(**chosen)  # type: ignore[arg-type]  # every value was just checked against its Literal

    @classmethod
    def list_choices(cls) -> dict[str, tuple[str, ...]]:
        """Name every switch with its values, in the order of the fields; the default is on the field."""
        hints = get_type_hints(cls)
        return {field.name: get_args(hints[field.name]) for field in fields(cls)}


def _hyphenate(name: str) -> str:
    """The name of a switch, as the help writes it."""
    return name.replace("_", "-")
