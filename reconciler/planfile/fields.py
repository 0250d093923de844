"""What a field of a plan or report can be: bounded scalars, and what the schema says of each field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias


@dataclass(frozen=True, slots=True)
class About:
    """What the schema says of a field.

    Args:
        description: the sentence.
        at: where the value has it, with dots; empty for the attribute of the field's name.
    """

    description: str
    at: str = ""

    def __get_pydantic_json_schema__(
        self, core: Any, make: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {**make(core), "description": self.description}


@dataclass(frozen=True, slots=True)
class Only:
    """What bounds a scalar, which is never converted; said here so that what writes need not load pydantic.

    Args:
        minimum: of a number.
        pattern: of a text.
    """

    minimum: int | None = None
    pattern: str | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, make: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        bounds = {"ge": self.minimum, "pattern": self.pattern}
        return {
            **make(source),
            "strict": True,
            **{key: value for key, value in bounds.items() if value is not None},
        }


Text: TypeAlias = Annotated[str, Only()]
Flag: TypeAlias = Annotated[bool, Only()]
Integer: TypeAlias = Annotated[int, Only()]
Count: TypeAlias = Annotated[int, Only(minimum=0)]
Number: TypeAlias = Annotated[int, Only(minimum=1)]
Seconds: TypeAlias = Annotated[float, Only()]
Sha256: TypeAlias = Annotated[str, Only(pattern="^[0-9a-f]{64}$")]
Time: TypeAlias = Annotated[str, Only(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
FormatVersion: TypeAlias = Annotated[str, Only(pattern=r"^1\.(0|[1-9][0-9]{0,8})$")]
Object: TypeAlias = dict[Any, Any]
