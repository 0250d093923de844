"""GitOps for TrueFoundry artifact versions.

Git declares artifact versions, the control plane has some registered; `plan` shows the difference
and `apply` removes it. A run passes seven stages, each a verb that takes the noun of the stage
before and returns one noun:

    source     READ      a commit or the work tree    -> Snapshot
    manifest   VALIDATE  Snapshot                     -> Declaration, or every problem in it
    client     OBSERVE   the artifacts declared       -> Observation
    compare    COMPARE   manifests x listed versions  -> Drift: what is not registered as declared
    planning   PLAN      Declaration x Drift          -> Plan
    applying   APPLY     Plan x writer                -> one Outcome for each change
    report     REPORT    Plan or outcomes             -> text, Markdown, HTML

Of 100,000 manifests nearly all are registered as declared. Of each an outline is kept: what names it,
where it stands, and the digest of what it says (`canonical`). Files are read in as many processes as
there are cores; then `client` lists what is registered, and `compare.matcher` drops every version that is as
declared as soon as it is listed. Only what is left is read again as a whole, and planned; what is to
be created may be all of it, and is kept as compressed JSON (`packing`).

`workflow` wires the stages, `cli` turns options into values and errors into exit codes, `library` has the
stages as Python functions, which this package offers under their names: `load`, `plan`, `apply`. And
`registry` is the embedded control plane: it shares `wire` with the client, and `templates`. `planfile` has
plans and reports as JSON documents: what is written, saved, approved and read back. `terminal` is what the
command line prints through: it knows nothing of plans.

Imports run down only, which import-linter keeps (see `pyproject.toml`):

    cli | library > workflow | report | terminal > planfile > applying > planning > compare > diff
        > manifest | client > canonical | packing > source | wire > model > templates
        > errors | codes | escape | phrases | spans

Each third-party library has one adapter: GitPython `source/git.py`, PyYAML `manifest/parse/yaml.py`
and `plain_yaml.py`, httpx and httpcore `client/`, jsonpatch `diff.py`, junitparser `report/ci/junit.py`,
Jinja `templates.py`, click `cli/`, OpenTelemetry `cli/telemetry/spans.py`, Starlette and SQLite `registry/`.
"""

TYPE_CHECKING = False  # as type checkers read it: `typing` is loaded where an interruption is handled
if TYPE_CHECKING:
    from reconciler.library import (
        BlockedError,
        ChangeDocument,
        ControlPlane,
        InvalidManifestsError,
        Manifests,
        OutcomeDocument,
        PlanDocument,
        Problem,
        Proposal,
        ReconcilerError,
        Report,
        Result,
        apply,
        connect,
        load,
        plan,
    )

__version__ = "0.1.0"
__all__ = [
    "BlockedError",
    "ChangeDocument",
    "ControlPlane",
    "InvalidManifestsError",
    "Manifests",
    "OutcomeDocument",
    "PlanDocument",
    "Problem",
    "Proposal",
    "ReconcilerError",
    "Report",
    "Result",
    "__version__",
    "apply",
    "connect",
    "load",
    "plan",
]

if not TYPE_CHECKING:  # or every name would be one to a type checker

    def __getattr__(name: str) -> object:
        """One of the names above, whose module is loaded now: the command line does without."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from reconciler import library  # noqa: PLC0415  see above

        return getattr(library, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
