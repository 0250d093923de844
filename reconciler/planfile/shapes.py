"""What plans hold: the one definition that writing, reading and the JSON Schema follow from.

Each class says how one thing stands in a file: its fields in the order in which they are written, and where
each is taken from, which is the attribute of the same name where nothing else is said. Further fields are
not forbidden: a newer minor version may bring some. What a report has beside its plan is in `report_shapes`.
"""

from typing import Annotated, Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from reconciler.planfile.fields import (
    About,
    Count,
    Flag,
    FormatVersion,
    Integer,
    Number,
    Object,
    Sha256,
    Text,
    Time,
)
from reconciler.planning.document import Action, Origin, Reason

FORMAT_VERSION = "1.0"
"""Of all documents. Readers ignore fields of a newer minor version, and refuse another major one."""

MlRepo: TypeAlias = Annotated[Text, About("ML repo that holds the artifact.", "artifact.ml_repo")]
Name: TypeAlias = Annotated[Text, About("Name of the artifact.", "artifact.name")]
InUse: TypeAlias = Annotated[list[Text], About("What still refers to the version: its alias, its tags.")]


class Source(TypedDict):
    """What was read."""

    repository: Annotated[
        Text | None, About("Where it came from, without credentials; null where no remote is known.")
    ]
    commit: Annotated[Text | None, About("Whole id of the commit read, or of the one below the work tree.")]
    paths: Annotated[list[Text], About("Those given, within the repository; none for all of it.")]
    work_tree: Annotated[Flag, About("Whether the work tree was read, and not the commit.", "in_work_tree")]
    dirty: Annotated[Flag, About("Whether manifests in the work tree differ from the commit.", "is_dirty")]
    base: Annotated[Text | None, About("Whole id of the commit that the changes are told apart by.")]
    defaults: Annotated[
        list[Annotated[Text, About("A JSON pointer.")]],
        About("What the settings give where a manifest does not."),
    ]


class ControlPlane(TypedDict):
    """What was asked."""

    host: Annotated[Text, About("Its address, e.g. https://example.com.")]
    api: Annotated[Text, About("Flavour of its API.")]
    tenant: Annotated[Text | None, About("Its tenant, where it tells.")]


class Scope(TypedDict):
    """How much was looked at."""

    ml_repos: Annotated[list[Text], About("Whose versions were listed, by name.")]
    pages: Annotated[Count, About("Pages of the listings.")]
    rows: Annotated[Count, About("Registered versions listed.")]
    manifests: Annotated[Count, About("Declared versions compared.")]
    not_selected: Annotated[Count, About("Declared versions left out by the caller.")]
    orphans_not_selected: Annotated[
        Count, About("Of what was listed, versions that would be orphans, left out by globs.")
    ]


class Limits(TypedDict):
    """How much of the whole may be changed at once."""

    percent: Annotated[Number, About("Of the registered versions in scope.")]
    at_least: Annotated[Number, About("Registered versions from which on it counts.")]


class SharedMlRepo(TypedDict):
    """How much of an ML repo was looked at."""

    name: Annotated[Text, About("Its name.")]
    versions: Annotated[Count, About("Registered versions that it has, of whatever artifacts.")]
    listed: Annotated[Count, About("How many of them were listed.")]
    declared: Annotated[Count, About("How many of them manifests are about.")]


class Shard(TypedDict):
    """Which part of a larger plan this is; absent of a whole one."""

    number: Annotated[Number, About("Which of the parts, counted from 1.", "shard.number")]
    of: Annotated[Number, About("How many parts there are.", "shard.of")]
    select: Annotated[list[Text], About("The globs that name what is selected of the whole.", "globs")]
    guard: Annotated[Limits, About("How much of the whole may be changed at once.", "limits")]
    ml_repos: Annotated[list[SharedMlRepo], About("Those that were asked, by name.")]


class Counts(TypedDict):
    """How many there are of each."""

    create: Annotated[Count, About("Changes that register a version.")]
    update: Annotated[Count, About("Changes of a registered version.")]
    delete: Annotated[Count, About("Changes that delete a version that is no longer declared.")]
    conflict: Annotated[Count, About("Changes that no write can bring about; they are never sent.")]
    unchanged: Annotated[Count, About("Declared versions that are registered as declared.")]
    orphan: Annotated[
        Count, About("Registered versions that were declared once, are no longer, and are left alone.")
    ]
    other_documents: Annotated[Count, About("Documents of other types, left to other tools.")]
    other_files: Annotated[
        Count, About("YAML and JSON files that can hold no manifest, and links; they are not read.")
    ]
    undeclared: Annotated[
        Count,
        About(
            "Registered versions in the ML repos read that no manifest compared declares, orphans, selected "
            "or not, and deletions left out."
        ),
    ]


Promotion = TypedDict(
    "Promotion",
    {
        "ml_repo": MlRepo,
        "name": Name,
        "alias": Annotated[Text, About("The alias.")],
        "from": Annotated[Integer, About("Version that gives it up.", "source")],
        "to": Annotated[
            Integer | None, About("Version that takes it; null for one that is yet to be numbered.", "target")
        ],
    },
)


class Place(TypedDict):
    """Where something stands."""

    file: Annotated[Text, About("File, from the top of the repository.")]
    line: Annotated[Number, About("Line, counted from 1.")]
    column: Annotated[Number, About("Column, counted from 1.")]


class Diagnostic(TypedDict):
    """Something about a manifest that looks wrong."""

    file: Annotated[Text, About("File, from the top of the repository.", "place.file")]
    line: Annotated[Number, About("Line, counted from 1.", "place.line")]
    column: Annotated[Number, About("Column, counted from 1.", "place.column")]
    severity: Annotated[Literal["error", "warning"], About("Whether it stops plan and apply.")]
    code: Annotated[Text, About("Name of the rule; reconciler explain CODE tells about it.")]
    message: Annotated[Text, About("What is wrong.")]
    hint: Annotated[Text, About("What to do about it.")]


class Guard(TypedDict):
    """Whether it is too much at once."""

    violations: Annotated[list[Text], About("Each limit that the plan is beyond, with its numbers.")]
    waived: Annotated[Flag, About("Whether the caller allowed that.", "is_waived")]
    blocks: Annotated[Flag, About("Whether nothing is to be applied.")]


class Giving(TypedDict):
    """RFC 6902: test, add, replace."""

    op: Annotated[Literal["test", "add", "replace"], About("Which one.")]
    path: Annotated[Text, About("JSON pointer to what it is about.")]
    value: Annotated[Any, About("What is there, or is to be.")]


class Removing(TypedDict):
    """RFC 6902: remove."""

    op: Annotated[Literal["remove"], About("Which one.")]
    path: Annotated[Text, About("JSON pointer to what it is about.")]


class LeftAlone(TypedDict):
    """A difference that is no change."""

    path: Annotated[Text, About("JSON pointer into the document.")]
    reason: Annotated[
        Reason,
        About(
            "Why: the manifest does not declare it, the settings leave it to others, it belongs to the "
            "platform, or it is another way to write the same value."
        ),
    ]


class Change(TypedDict):
    """One change."""

    action: Annotated[Action, About("The verdict.")]
    ml_repo: MlRepo
    name: Name
    version: Annotated[Integer | None, About("Its number; null where the control plane is to number it.")]
    id: Annotated[Text | None, About("Id of the registered version; null where there is none.")]
    fqn: Annotated[Text | None, About("Full name of the registered version; null where there is none.")]
    file: Annotated[
        Text | None, About("Where the manifest stands; null where a version only gives up its alias.")
    ]
    line: Annotated[Number | None, About("Line of the manifest, counted from 1.")]
    before: Annotated[Object | None, About("What is registered; credentials by their fingerprints.")]
    after: Annotated[
        Object,
        About("What is to be registered, empty where that is nothing; credentials by their fingerprints."),
    ]
    patch: Annotated[
        list[Giving | Removing],
        About("RFC 6902 patch from before to after; what is replaced or removed is tested first."),
    ]
    left_alone: Annotated[list[LeftAlone], About("Differences that are no changes, by their paths.")]
    reason: Annotated[Text, About("Of a conflict: why it can not be; else empty.")]
    hint: Annotated[Text, About("Of a conflict: what to do; else empty.")]
    waits_for: Annotated[Text, About("Conflict that has to be resolved before this is applied; else empty.")]
    origin: Annotated[
        Origin | None,
        About(
            "Whether this branch brings it, an earlier commit did that was not applied yet, or what is "
            "registered was changed elsewhere; unknown where this clone lacks the history that tells; "
            "null without a base."
        ),
    ]
    commit: Annotated[
        Text | None,
        About(
            "Whole id of the last commit that touched the manifest's file; of a deletion, that removed the "
            "manifest."
        ),
    ]
    author: Annotated[Text | None, About("Author of that commit.")]
    date: Annotated[Text | None, About("Of a deletion: date of that commit, ISO 8601.")]
    in_use: InUse
    renamed_from: Annotated[
        Text, About("Of a creation: version that was declared once with the same contents; else empty.")
    ]
    at: NotRequired[Annotated[Place, About("Of a conflict: where the field stands that is in the way.")]]


class Orphan(TypedDict):
    """One of them."""

    ml_repo: MlRepo
    name: Name
    version: Annotated[Integer, About("Its number.")]
    id: Annotated[Text, About("Its id.")]
    fqn: Annotated[Text, About("Its full name.")]
    uri: Annotated[Text | None, About("Of its contents; null where they have none.")]
    origin: Annotated[
        Literal["branch", "pending", "unknown"] | None,
        About(
            "Whether this branch removed its manifest, or the base has none either; unknown "
            "where this clone lacks the history that tells; null without a base."
        ),
    ]
    commit: Annotated[
        Text | None,
        About(
            "Whole id of the commit that removed its manifest; null where only the work tree "
            "lacks it, or a merge left it out."
        ),
    ]
    author: Annotated[Text | None, About("Author of that commit.")]
    date: Annotated[Text | None, About("Date of that commit, ISO 8601.")]
    in_use: InUse


class Orphans(TypedDict):
    """Registered versions that were declared once, are no longer, and are left alone."""

    unknown: Annotated[Text, About("Why they are not known; empty where they are.")]
    hint: Annotated[Text, About("What to do about that.")]
    found: Annotated[list[Orphan], About("By artifact and version.")]


class Heading(TypedDict):
    """What a plan holds but for its changes."""

    tool_version: Annotated[Text, About("Version of the program that made the plan.")]
    made: Annotated[Time | None, About("When the plan was made, in UTC; null where that is not known.")]
    source: Source
    control_plane: Annotated[ControlPlane, About("What was asked.", "target")]
    scope: Scope
    shard: NotRequired[
        Annotated[Shard, About("Which part of a larger plan this is; absent of a whole one.", "share")]
    ]
    counts: Counts
    promotions: Annotated[
        list[Annotated[Promotion, About("An alias that moves from one version of an artifact to another.")]],
        About("By artifact and alias."),
    ]
    diagnostics: Annotated[list[Diagnostic], About("Warnings about the manifests, in order of place.")]
    orphans: Orphans
    guard: Guard
    digest: Annotated[
        Sha256, About("SHA-256 of what the plan would do and of the registered state that it rests on.")
    ]


class Versioned(TypedDict):
    """What every document begins with."""

    format_version: Annotated[
        FormatVersion,
        About("Version of this format. Ignore fields of a newer minor version; refuse another major one."),
    ]


class Plan(Versioned, Heading):
    """A plan."""

    changes: Annotated[list[Change], About("In order, each on a line of its own.")]
    checksum: Annotated[Sha256, About("SHA-256 of every byte before the line that it stands on.")]


class Asked(TypedDict):
    """What a digest begins with, of a plan of which no more has been read."""

    control_plane: ControlPlane
