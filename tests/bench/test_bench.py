"""The benchmark itself: that it measures what it says, and believes nobody who does less."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from reconciler.applying.document import OutcomeDocument
from reconciler.applying.outcome import Result
from reconciler.phrases import format_count
from reconciler.planfile.write import format_plan_json
from reconciler.planning.document import PlanDocument
from reconciler.report.markdown.plan import render_plan_markdown
from reconciler.report.page.page import render_plan_page
from reconciler.report.text.plan import TextLayout, render_apply_counts, render_plan_lines
from tests.bench import __main__ as bench
from tests.bench import corpus, curves, launch
from tests.bench.contenders import CAREFUL, FLOOR, TOOL, VALIDATED, Contender, Counts, Kind, Work
from tests.bench.registry import TOKEN
from tests.bench.results import Measured, Results, reached
from tests.bench.suite import FailedRunError, RegistryProcess, Suite, contenders, left_out
from tests.support import documents

PLAN = Work("plan", 20)
APPLY = Work("apply", 20, latency_ms=20)
HELP = Work("help")


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryProcess]:
    with RegistryProcess() as running:
        yield running


@pytest.fixture
def suite(registry: RegistryProcess, tmp_path: Path) -> Suite:
    return Suite(tmp_path, registry, lambda _: None)


def test_every_row_is_measured_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, drawing = tmp_path / "figures.json", tmp_path / "curves.svg"
    works = (HELP, PLAN, APPLY)
    rows = [f"{work}, {each.name}" for work in works for each in contenders(work) if not each.is_tfy]
    asked = ["20", "--repeats", "1", "--json", str(figures), "--svg", str(drawing)]
    assert bench.main([*asked, *(f"--only={row}" for row in rows)]) == 0
    results = Results.load(figures)
    measured = [f"{row.work}, {row.who}" for row in results.rows]
    assert sorted(measured) == sorted(rows)
    assert {"help, reconciler", "plan 20, reconciler", "apply 20, 20 ms, reconciler"} <= set(measured)
    assert all(0 < row.seconds < 60 and 5 < row.mib_together < 500 for row in results.rows)
    assert all(row.requests >= 22 for row in results.rows if row.work == APPLY), "two reads, and the writes"
    assert drawing.read_text().startswith("<svg")
    printed = capsys.readouterr().out
    assert bench.main(["--results", str(figures)]) == 0
    assert capsys.readouterr().out == printed, "the figures are kept as they were shown"


@pytest.mark.parametrize("kind", ["plan --out", "show --format json", "show --format html", "apply --plan"])
def test_what_is_done_with_a_plan_of_creations_is_measured(suite: Suite, kind: Kind) -> None:
    ((row,),) = suite.measure([Work(kind, 20)], 1, lambda row: TOOL.name in row)
    assert (row.kind, row.who, len(row.wall)) == (kind, TOOL.name, 1)
    assert (row.requests >= 20) == (kind == "apply --plan")


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param(lambda plan: (line.text for line in render_plan_lines(plan, TextLayout())), id="text"),
        pytest.param(format_plan_json, id="json"),
        pytest.param(render_plan_page, id="html"),
        pytest.param(render_plan_markdown, id="markdown"),
    ],
)
def test_thousands_of_changes_are_read_off_every_format_of_a_plan(
    printed: Callable[[PlanDocument], Iterator[str]],
) -> None:
    counts = {**documents.document().counts, "create": 1234, "update": 5678, "unchanged": 9012}
    plan = documents.document(counts=counts)
    assert TOOL.told("\n".join(map(str.rstrip, printed(plan)))) == Counts(1234, 5678, 9012)


def test_thousands_of_outcomes_and_of_valid_manifests_are_read_off_what_is_printed() -> None:
    outcomes = [OutcomeDocument(documents.change(action="create"), Result.CREATED)] * 1234
    assert TOOL.told(render_apply_counts(outcomes).text) == Counts(create=1234)
    assert TOOL.told(f"{format_count(1234, 'valid manifest')} in 2 files") == Counts(unchanged=1234)


def test_an_interrupted_run_shows_what_it_has_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    interrupted_at = ["slow"]

    def of(name: str, kind: Kind, finds: int) -> Contender:
        def command(work: Work) -> list[str] | None:
            if work.kind != kind:
                return None
            if name in interrupted_at:
                raise KeyboardInterrupt
            return [sys.executable, "-c", ""]

        return Contender(name, command, lambda _: Counts(unchanged=finds))

    both = (of("quick", "help", 0), of("slow", "validate", VALIDATED))
    monkeypatch.setattr("tests.bench.suite.EVERYONE", both)
    arguments = ["20", "--repeats", "1", "--json", str(file)]
    assert bench.main(["--resume", *arguments]) == 2
    assert "no file to go on from" in capsys.readouterr().err
    assert bench.main(arguments) == 0
    shown = capsys.readouterr()
    assert "--resume goes on from here" in shown.err
    assert "quick" in shown.out
    assert [row.who for row in Results.load(file).rows] == ["quick"]

    interrupted_at.clear()
    assert bench.main([*arguments, "--resume"]) == 0
    assert [row.who for row in Results.load(file).rows] == ["quick", "slow"]
    assert list(tmp_path.iterdir()) == [file]


def test_the_text_of_a_manifest_says_its_document() -> None:
    for each in corpus.manifests(40):
        assert yaml.safe_load(each.text) == each.document


def test_manifests_are_of_the_size_that_is_stated_and_all_of_another_version() -> None:
    found = list(corpus.manifests(1100))
    assert 740 < sum(len(each.text) for each in found) / len(found) < 800
    assert len({each.path for each in found}) == len(found)
    assert sorted({each.document["ml_repo"] for each in found}) == sorted(corpus.ml_repos(1100))


def test_a_repository_holds_the_manifests_at_head(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    corpus.make_repository(folder, 3, is_checked_out=False)
    for each in corpus.manifests(3):
        command = ["git", "-C", str(folder), "show", f"HEAD:{each.path}"]
        assert subprocess.run(command, capture_output=True, check=True, text=True).stdout == each.text
    assert [path.name for path in folder.iterdir()] == [".git"]


@pytest.mark.parametrize(
    ("does", "told", "complaint"),
    [
        pytest.param("raise SystemExit('broken')", Counts(unchanged=20), "exit code 1\nbroken", id="fails"),
        pytest.param("", Counts(unchanged=19), "where there is", id="finds too few"),
        pytest.param(
            "import json, os, urllib.request as u\n"
            "url = os.environ['TFY_HOST'] + '/api/ml/v1/artifact-versions'\n"
            "head = {'Authorization': 'Bearer ' + os.environ['TFY_API_KEY']}\n"
            "body = json.dumps({'manifest': {'ml_repo': 'a', 'name': 'b', 'metadata': {}}}).encode()\n"
            "u.urlopen(u.Request(url, body, head, method='PUT'))",
            Counts(unchanged=20), "'created': 1", id="writes in a plan",
        ),
        pytest.param(
            "import os, urllib.request as u\n"
            "try: u.urlopen(os.environ['TFY_HOST'] + '/api/ml/v1/ml-repos')\n"
            "except OSError: pass",
            Counts(unchanged=20), "'refused': 1", id="sends no token",
        ),
    ],
)  # fmt: skip
def test_a_contender_that_does_something_else_is_not_measured(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, does: str, told: Counts, complaint: str
) -> None:
    impostor = Contender("impostor", lambda _: [sys.executable, "-c", does], lambda _: told)
    monkeypatch.setattr("tests.bench.suite.EVERYONE", (impostor,))
    with pytest.raises(FailedRunError) as error:
        list(suite.measure([PLAN], 1, lambda _: True))
    assert complaint in str(error.value)


def test_a_contender_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Contender("absent", lambda _: ["true"], lambda _: Counts(), needs=("json", "not_installed"))
    monkeypatch.setattr("tests.bench.suite.EVERYONE", (TOOL, absent))
    assert contenders(PLAN) == [TOOL]
    assert left_out() == ["absent: not_installed not installed: pip install -e '.[bench]'"]


def test_contenders_take_turns(suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"

    def command(name: str, _: Work) -> list[str]:
        return [sys.executable, "-c", script, str(log), name]

    both = [Contender(name, partial(command, name), lambda _: Counts()) for name in "ab"]
    monkeypatch.setattr("tests.bench.suite.EVERYONE", both)
    (measured,) = suite.measure([Work("plan")], 2, lambda _: True)
    assert log.read_text() == "ababab", "one turn for the memory, two that count"
    assert [len(row.wall) for row in measured] == [2, 2]


def test_a_home_folder_is_kept_for_the_second_run_alone(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "import os, pathlib; p = pathlib.Path.home() / 'left'; print(p.exists()); p.touch()"
    seen: dict[str, list[str]] = {"anew": [], "again": []}

    def told_by(name: str) -> Contender:
        def told(printed: str) -> Counts:
            seen[name].append(printed.strip())
            return Counts()

        command = [sys.executable, "-c", script]
        return Contender(name, lambda _: command, told, is_run_again=name == "again")

    monkeypatch.setattr("tests.bench.suite.EVERYONE", [told_by(name) for name in seen])
    list(suite.measure([Work("plan")], 2, lambda _: True))
    assert seen == {"anew": ["False", "False", "False"], "again": ["False", "True", "True"]}


def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    script = (
        "import os, time\n"
        "shared = bytearray(b'x') * (40 << 20)\n"
        "for _ in range(2):\n"
        "    if not os.fork():\n"
        "        own = bytearray(b'x') * (20 << 20)\n"
        "        time.sleep(0.5)\n"
        "        os._exit(0)\n"
        "os.wait(), os.wait()"
    )
    files = (str(tmp_path / "out"), str(tmp_path / "err"), str(tmp_path))
    command = [sys.executable, "-I", "-S", launch.__file__, "watched", "60", *files, sys.executable, "-c"]
    printed = subprocess.run([*command, script], capture_output=True, check=True, text=True).stdout
    code, *_, largest, together = map(float, printed.split())
    assert code == 0
    assert 60 < largest < 80
    assert 80 < together < 110, "what the children share with their parent counts once"


def test_memory_that_a_child_borrows_until_it_runs_its_program_counts_once(tmp_path: Path) -> None:
    script = (
        "import subprocess\n"
        "block = bytearray(b'x') * (100 << 20)\n"
        "for _ in range(300):\n"
        "    subprocess.run(['/bin/true'])"
    )
    files = (str(tmp_path / "out"), str(tmp_path / "err"), str(tmp_path))
    command = [sys.executable, "-I", "-S", launch.__file__, "watched", "60", *files, sys.executable, "-c"]
    printed = subprocess.run([*command, script], capture_output=True, check=True, text=True).stdout
    assert 100 < float(printed.split()[-1]) < 150


def test_a_run_without_end_is_ended(tmp_path: Path) -> None:
    files = (str(tmp_path / "out"), str(tmp_path / "err"), str(tmp_path))
    command = [sys.executable, "-I", "-S", launch.__file__, "alone", "1", *files, "/bin/sleep", "60"]
    assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.startswith("-9 ")


def test_the_registry_lists_what_is_registered_in_pages(registry: RegistryProcess) -> None:
    registry.begin(Work("plan", 520))
    with httpx.Client(base_url=f"{registry.url}/api/ml/v1") as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        first, second = corpus.ml_repos(520)
        found = client.get("ml-repos", params={"name": second}).json()["data"]
        assert [row["manifest"]["name"] for row in found] == [second]
        query = {"ml_repo_id": found[0]["id"], "limit": 15, "include_internal_metadata": "true"}
        pages = [client.get("artifact-versions", params={**query, "offset": n}).json() for n in (0, 15)]
        rows = [row["manifest"] for page in pages for row in page["data"]]
        assert [page["pagination"]["total"] for page in pages] == [20, 20]
        expected = [corpus.manifest(number).document for number in range(519, 499, -1)]
        assert [row["version"] for row in rows] == [document["version"] for document in expected]
        assert all(".truefoundry" in row["metadata"] for row in rows)
        query |= {"include_internal_metadata": "false", "limit": 100, "name": expected[0]["name"]}
        rows = client.get("artifact-versions", params=query).json()["data"]
        assert [row["manifest"]["metadata"] for row in rows] == [each["metadata"] for each in expected[:5]]
    seen = registry.seen()
    assert (seen["requests"], seen["connections"], seen["refused"]) == (4, 1, 0)
    assert first != second


def test_goals_are_judged_by_medians() -> None:
    rows = [
        row(TOOL, "plan", 10_000, [9.0, 1.0, 1.0]),
        row(CAREFUL, "plan", 10_000, [2.0, 2.0, 2.0]),
        row(FLOOR, "plan", 10_000, [0.25, 0.25, 0.25]),
        row(TOOL, "plan", 100_000, [12.0]),
    ]
    assert list(reached(Results({}, rows))) == [
        ("plan, 10,000 unchanged", "careful script", "at most 0.6 x", "0.5 x", "yes"),
        ("plan, 10,000 unchanged", "bare floor", "at most 3 x", "4 x", "no"),
        ("plan, 100,000, time per manifest", "plan, 10,000", "at most 1.1 x", "1.2 x", "no"),
        ("plan, 100,000 unchanged, peak memory", "absolute", "at most 200 MiB", "90 MiB", "yes"),
    ]


def test_a_curve_is_drawn_for_each_contender() -> None:
    rows = [row(who, "plan", count, [count / 1000]) for who in (TOOL, FLOOR) for count in (1000, 10_000)]
    drawing = ET.fromstring(curves.drawn(Results({}, rows)))  # noqa: S314  our own
    lines = drawing.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4, "two contenders in two drawings"
    for line in lines[:2]:
        (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in line.attrib["points"].split())
        assert x2 > x1
        assert y2 < y1, "what takes longer is higher up"


def row(who: Contender, kind: Kind, count: int, wall: list[float]) -> Measured:
    return Measured(kind, count, 0, who.name, wall, wall, 80.0, 90.0, 1, 1, 1)
