"""GitOps for TrueFoundry artifact versions.

Git declares artifact versions, the control plane has some registered; `plan` shows the difference
and `apply` removes it. A run passes seven stages, each a verb that takes the noun of the stage
before and returns one noun:

    source     READ      a commit or the work tree    -> Snapshot
    manifest   VALIDATE  Snapshot                     -> Declaration, or every problem in it
    client     OBSERVE   the artifacts declared       -> Observation
    diff       DIFF      one document against another -> the fields that differ, and a JSON patch
    plan       PLAN      Declaration x Observation    -> Plan
    apply      APPLY     Plan x writer                -> one Outcome for each change
    report     REPORT    Plan or outcomes             -> text, JSON

`workflow` wires the stages, `cli` turns options into values and errors into exit codes, and
`registry` is the embedded control plane: it shares `wire` with the client and nothing else.

Imports run down only, which import-linter keeps (see `pyproject.toml`):

    cli > workflow | report > apply > plan > diff > manifest | client > source | wire > model > errors

Each third-party library has one adapter: GitPython `source/git.py`, PyYAML `manifest/yaml.py`,
httpx `client/http.py`, jsonpatch `diff.py`, click `cli/`, Starlette and SQLite `registry/`.
"""

__version__ = "0.1.0"
