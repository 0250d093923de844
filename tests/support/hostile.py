"""Texts that would speak to a terminal, a runner of CI jobs or a browser, and reports full of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, Literal

from hypothesis import strategies as st

from reconciler.applying.outcome import Outcome, Result
from reconciler.errors import Place, Problem
from reconciler.model import EXACT, Artifact, Declared, Registered, Target
from reconciler.planning.change import Change, Conflict, Lane, Plan, Update
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import PlanDocument, PromotionDocument, Scope, Source
from reconciler.registry.storage.overview import Event, Overview, SeenArtifact, SeenMlRepo, SeenVersion
from reconciler.registry.storage.rows import ArtifactVersion
from tests.support.builders import COMMIT, creation, sighting

_FOR_RUNNERS = (
    "::", ":", "::error::", "::error file=a,line=1::boo", "::add-mask::x", "::stop-commands::t",
    " ::debug::", "##[", "##", "#", "[", "]", "##[error]", "##[add-mask]x", "##vso[",
    "##vso[task.setvariable variable=a]b", "##teamcity[", "section_start:1:a", "section_end:1:a\r\x1b[0K",
    "::endgroup::", "%0A", "%0D", "%25", "%3A",
)  # fmt: skip
_FOR_TERMINALS = (
    "\x1b", "\x1b[31m", "\x1b[2J", "\x1b]0;t\x07", "\x1b]8;;https://example.com\x1b\\", "\x1bP", "\x1b_",
    "\x1bc", "\x9b", "\x9b1A", "\x9d0;t\x9c", "\x90", "\x00", "\x07", "\x08", "\x0b", "\x0c", "\x0e",
    "\x7f", "\x85",
)  # fmt: skip
_UNSEEN = (
    "\n", "\r", "\r\n", "\t", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\u200b", "\u200d",
    "\ufeff", "\u00ad", "\u034f", "\u115f", "\u180e", "\u2065", "\u3164", "\uffa0", "\ufff0", "\ufe00",
    "\ufe0f", "☺\ufe0f", "#\ufe0f\u20e3", "\U000e0041", "\U000e007f", "\U000e0100", "\u0301",
    "\u0640::error::a", ":\u0488:debug::a", "#\u0640#[error]", "##\u20e3[debug]", "\u00a0::error::a",
    "\ud800", "\udc80", "\udfff", "\u00a0", "\u2800", "\u3000",
)  # fmt: skip
_MARKDOWN = (
    "`", "``", "```", "````", "~~~", "```diff", "\\", "\\`", "|", "|---|", "---", "===", "# ", "> ", "- ",
    "* ", "[a](https://example.com)", "![a](https://example.com/a.png)", "[a]: https://example.com", "[^1]",
    "[x] ", "@octocat", "#1", "example/example#1", "https://example.com", "www.example.com",
    "a@example.com", "**", "_", "~~a~~", "<https://example.com>", ":tada:", "$`a`$", "$$a$$", "    ",
    "> [!NOTE]\n", "- [ ] ", "&amp;", "&#35;",
)  # fmt: skip
_HTML = (
    "<", ">", "&", '"', "'", "<b>", "<!--", "-->", "--!>", "]]>", "<![CDATA[", "</script>", "</style>",
    "</title>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '" onclick="alert(1)',
    "' style='a", "<svg>", "</td></table>", "<details>", "<plaintext>", "<base href=//example.com>",
    "javascript:alert(1)", "&lt;", "&#x3c;",
)  # fmt: skip
_OTHERS = (
    " ", " a ", "{", "}", '"}', '","a":"', "\\u0000", "\\n", "\\", "null", "${{ a }}", "$(a)", "a", "é", "日",
    "é::", "~",
)  # fmt: skip
_FRAGMENTS = (*_FOR_RUNNERS, *_FOR_TERMINALS, *_UNSEEN, *_MARKDOWN, *_HTML, *_OTHERS)

TEXTS = st.lists(
    st.one_of(st.sampled_from(_FRAGMENTS), st.sampled_from(_FRAGMENTS), st.characters()),
    min_size=1,
    max_size=6,
).map("".join)  # fmt: skip
"""Not empty; hostile fragments side by side, and any other character between them."""

WORDS = 24
"""Different texts that a whole report takes."""


def words() -> st.SearchStrategy[list[str]]:
    """Texts for a whole report, in order, so that sorting them changes nothing."""
    return st.lists(TEXTS, min_size=WORDS, max_size=WORDS, unique=True).map(sorted)


TAME = [f"word{number:02}" for number in range(WORDS)]
"""What a report is to look like but for the texts."""


def plan(words: Sequence[str]) -> Plan:
    """A plan with a change of every kind, in which every text is one of `words`."""
    artifact = Artifact(words[0], words[1])
    other = Artifact(words[2], words[3])
    numbers = count(1)

    def declared(of: Artifact, **fields: Any) -> Declared:
        line = next(numbers)
        return Declared(
            of, {"source": {"type": words[4], "uri": words[5]}, **fields}, Place(words[6], line, 1)
        )

    def registered(version: int, **fields: Any) -> Registered:
        return Registered(words[7], words[8], artifact, version, {"version": version, **fields})

    of_metadata = {words[12]: words[13], words[14]: [words[15]]}
    pinned = declared(artifact, version=3, description=words[19], metadata=of_metadata)
    update = Update(
        declared(artifact, version=1),
        registered(
            1,
            version_alias=words[9],
            description=words[10],
            metadata={words[11]: words[12], words[13]: {words[14]: [words[15]], words[16]: 1}},
            **{words[17]: words[18]},
        ),
        {
            "version": 1,
            "description": words[19],
            "metadata": {words[11]: words[20], words[13]: {words[14]: [words[21]]}, words[22]: words[23]},
        },
    )
    changes: tuple[Change, ...] = (
        update,
        Update(None, registered(2, description=words[10]), {"version": 2, "description": words[10] * 90}),
        creation(pinned),
    )
    stopped: tuple[Change, ...] = (
        Conflict(declared(other), None, {"source": {"uri": words[5]}}, words[20], words[21]),
        creation(declared(other, metadata={})),
        creation(declared(other, version_alias=words[9])),
    )
    return Plan(
        lanes=(Lane(artifact, changes, sighting(())), Lane(other, stopped, sighting(()))),
        promotions=(
            PromotionDocument(artifact, words[9], 1, 3),
            PromotionDocument(other, words[22], 2, None),
        ),
        unchanged=4,
        others=5,
        other_files=6,
        declared={},
        undeclared=6,
        warnings=(),
        source=Source(None, COMMIT, (words[1],), in_work_tree=True, is_dirty=True),
        target=Target(words[23], words[0], words[22]),
        scope=Scope((words[0], words[2]), pages=1, rows=13, manifests=9),
        comparison=EXACT,
    )


def document(words: Sequence[str]) -> PlanDocument:
    """The same plan, as a document."""
    return describe_plan(plan(words))


def outcomes(words: Sequence[str]) -> list[Outcome]:
    """An outcome of each kind, on the changes of `plan(words)`."""
    changes = plan(words).changes
    return [
        Outcome(
            changes[number % len(changes)], result, number, words[number], words[-number],
            attempts=number, request_id=words[number + 1],
        )
        for number, result in enumerate(Result, start=1)
    ]  # fmt: skip


def problems(words: Sequence[str]) -> list[Problem]:
    """Eight errors and warnings."""
    files, messages, hints = words[:8], words[8:16], words[16:24]
    severities: tuple[Literal["error", "warning"], ...] = ("error", "warning")
    return [
        Problem(Place(file, number, number + 1), "some-rule", message, hint, severities[number % 2])
        for number, (file, message, hint) in enumerate(zip(files, messages, hints, strict=True), start=1)
    ]


def overview(words: Sequence[str]) -> Overview:
    """An embedded registry, in which every text is one of `words`."""
    at = "2026-11-03T12:00:00.000000Z"
    manifest = {
        "version_alias": words[0],
        "description": words[1],
        "source": {"type": "external", "uri": words[2]},
        "metadata": {words[3]: words[4], words[5]: {words[6]: [words[7]]}},
    }
    version = ArtifactVersion(
        words[8], words[9], words[10], words[11], manifest, (words[12], words[13]), at, at
    )
    seen = (
        SeenVersion(2, version, (Event(at, words[14], words[15]), Event(at, "created", ""))),
        SeenVersion(1, None, (Event(at, "deleted", words[16]),)),
    )
    artifact = SeenArtifact(words[17], at, 1, seen)
    return Overview((SeenMlRepo(words[18], words[19], (artifact,)), SeenMlRepo(words[20], "", ())), 1, 1)
