"""What reports hold, by the rules of `shapes`: what became of each change, beside the plan itself."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.applying.outcome import Result
from reconciler.planfile.fields import About, Count, Integer, Object, Seconds, Text
from reconciler.planfile.shapes import Change, Heading, Plan, Versioned
from reconciler.planning.document import Action


class Outcome(TypedDict):
    """What became of one change."""

    result: Annotated[Result, About("What became of it.")]
    ml_repo: Annotated[Text, About("ML repo that holds the artifact.", "change.artifact.ml_repo")]
    name: Annotated[Text, About("Name of the artifact.", "change.artifact.name")]
    version: Annotated[Integer | None, About("Version registered, where one was; else the one asked for.")]
    action: Annotated[Action, About("The verdict.", "change.action")]
    message: Annotated[
        Text, About("Why it failed or was skipped, or what the control plane did differently.")
    ]
    hint: Annotated[Text, About("What to do about that.")]
    began: Annotated[
        Seconds | None, About("When its turn came, in seconds since the apply began; null if it never did.")
    ]
    seconds: Annotated[Seconds | None, About("How long it took from then on.")]
    attempts: NotRequired[Annotated[Count, About("How many requests to write it were begun.")]]
    request_id: NotRequired[
        Annotated[Text | None, About("What the last answer to one of them called it; null without one.")]
    ]


class Apply(Plan):
    """An apply: its plan, and what became of each change."""

    planned: Annotated[
        Count, About("Changes that there were; of a run that was killed, not all have an outcome.")
    ]
    exit_code: Annotated[Integer | None, About("Of the run; null where it was killed.")]
    outcomes: Annotated[list[Outcome], About("In the order of the changes.")]


class Run(TypedDict):
    """The run of a CI system that this was."""

    actor: Annotated[Text | None, About("Who started it; null where nobody tells.")]
    url: Annotated[Text | None, About("Where it can be looked at; null where nobody tells.")]


class Begin(Versioned, Heading):
    """The first line of a report."""

    event: Annotated[Literal["begin"], About("Which line.")]
    changes: Annotated[Count, About("How many there are.")]
    run: Run


class OutcomeEvent(Outcome):
    """A line of a report."""

    event: Annotated[Literal["outcome"], About("Which line.")]
    change: Change


class End(TypedDict):
    """The last line of a report; without it, the run was killed."""

    event: Annotated[Literal["end"], About("Which line.")]
    counts: Annotated[Object, About("How many outcomes there are, by result.")]
    exit_code: Annotated[Integer, About("Of the run.")]
