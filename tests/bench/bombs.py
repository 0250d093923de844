"""What hostile files cost to load: `python tests/bench/bombs.py [PART OF A NAME]`. Needs Linux.

A bomb is a file that could cost far more than its size. It has to be refused, or read as the harmless text
that it is, within a few times what an ordinary file takes in the same run, and within bounds of memory. A
large file may take its time, which must not grow faster than its size does.

Each is loaded in processes of its own, forked from one that has loaded an ordinary manifest and nothing
else. Told are the milliseconds from bytes to the end, the median of several processes, and the MiB at the
peak above what the process had before. The milliseconds are the processor's, and the least of several are
compared, because what else the machine does can only add to them. Exits 1 when a file is not treated as it
should be.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifest.load import Declaration
from reconciler.source.search import MAX_FILE_BYTES
from reconciler.source.snapshot import SETTINGS_FILE, Snapshot, SourceFile
from tests.support.builders import load_manifests
from tests.support.files_in_memory import FilesInMemory

MAX_TIMES_AN_ORDINARY_FILE = 3
MAX_MIB = 50
MAX_GROWTH = 3
"""Times the time for each byte, from a quarter of a large file to the whole: of a square it would be 4."""
PROCESSES = 5
FEWER_PROCESSES = 3
"""For large files: what is compared is the least of their times."""
READ = ""
VALUES = "values in one document, aliases expanded"
CHARACTERS = "characters in one document, aliases expanded"
DEPTH = "nested deeper than 64 levels"
INTEGER = "integer beyond 64 bits"
DIRECTIVES = "%TAG directives in one file"
TOML_PARTS = "more brackets, dots or digits"
UNKNOWN_KEY = "unknown key"
FULL = MAX_FILE_BYTES - 1024
MARK = "\u0301"
YAML, JSON, TOML = "a.yaml", "a.json", str(SETTINGS_FILE)


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile file.

    Args:
        name: what is hostile about it.
        error: what has to be said of it; nothing of what has to be read.
        file: as which it is read.
        size: how many bytes it has, about.
        text: what it holds, for a size.
    """

    name: str
    error: str
    file: str
    size: int
    text: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to load a file: milliseconds in the median and at least, MiB at most, the first error."""

    kib: float
    ms: float
    least: float
    mib: float
    error: str
    read: str


def manifest(metadata: str, more: str = '"version": 1', uri: str = "s3://models/1") -> str:
    """A manifest on one line, in JSON, which is YAML too; its metadata may be YAML alone."""
    return (
        '{"type": "artifact-version", "ml_repo": "fraud", "name": "scorer", '
        f'"source": {{"type": "external", "uri": "{uri}"}}, "metadata": {metadata}, {more}}}'
    )


def by_uri(uri: str) -> str:
    """A manifest that only its `source.uri` names."""
    return manifest("{}", '"step": 1', uri)


def filled(unit: str, size: int) -> str:
    """A text as often as fits the size."""
    return unit * (size // len(unit.encode()))


def numbered(unit: str, size: int) -> str:
    """A text as often as fits the size, each time with another number in place of `@`."""
    times = size // (len(unit.encode()) + 5 * unit.count("@"))
    return "".join(unit.replace("@", f"{number:06}") for number in range(times))


def stacked(first: str, step: str, levels: int) -> str:
    """Values with an anchor each: in place of `@` its number, in place of `^` the one before."""
    steps = (step.replace("@", str(n)).replace("^", str(n - 1)) for n in range(1, levels))
    return first + "".join(steps)


ORDINARY = Case(
    "ordinary: 400 manifests", READ, YAML, 0,
    lambda _: "\n---\n".join(
        manifest('{"team": "risk"}', f'"version": {number}', f"s3://models/{number}")
        for number in range(1, 401)
    ),
)  # fmt: skip
BOMBS = [
    # Aliases and merges
    Case("aliases in lists", VALUES, YAML, 0,
         lambda _: stacked("a0: &a0 [x]\n", f"a@: &a@ [{'*a^,' * 9}]\n", 10)),
    Case("aliases in mappings", VALUES, YAML, 0,
         lambda _: stacked("a0: &a0 {x: y}\n", "a@: &a@ {b: *a^, c: *a^}\n", 40)),
    Case("aliases in a manifest", VALUES, YAML, 0,
         lambda _: manifest("{" + stacked("a0: &a0 [x]", f", a@: &a@ [{'*a^,' * 9}]", 10) + "}")),
    Case("alias of itself", "without an anchor", YAML, 0, lambda _: manifest("{a: &a [1, *a]}")),
    Case("merges of merges", VALUES, YAML, 0,
         lambda _: stacked("a0: &a0 {k: v}\n", "a@: &a@ {<<: [*a^,*a^,*a^]}\n", 19)),
    Case("merge of 3,000 aliases", VALUES, YAML, 22_000,
         lambda size: f"b: &b {{{numbered('k@: 1, ', size)}}}\na: {{<<: [{'*b,' * 3000}]}}\n"),
    Case("aliases of a long text", CHARACTERS, YAML, FULL,
         lambda size: manifest(f"{{t: &t {'x' * (size - 200_000)}, l: [{'*t, ' * 49_000}]}}")),
    Case("merges of a long key", CHARACTERS, YAML, FULL,
         lambda size:
         manifest(f"{{m: &m {{? {'x' * (size - 200_000)} : 1}}, l: [{'{<<: *m}, ' * 12_000}]}}")),
    Case("aliases of a long key", CHARACTERS, YAML, FULL,
         lambda size: f"m: &k {'x' * (size - 200_000)}\nl: [{'{*k : 1}, ' * 12_000}]\n"),
    # Depth
    Case("25,000 lists open", DEPTH, YAML, 25_000, lambda size: "[" * size),
    Case("a million lists open", DEPTH, YAML, FULL, lambda size: "[" * size),
    Case("mappings open", DEPTH, YAML, FULL, lambda size: filled("{a: ", size)),
    Case("block lists open", DEPTH, YAML, FULL, lambda size: filled("- ", size)),
    Case("block mappings open", DEPTH, YAML, FULL,
         lambda size: "".join(" " * n + "a:\n" for n in range(int((2 * size) ** 0.5) - 3))),
    Case("complex keys open", DEPTH, YAML, FULL, lambda size: filled("? ", size)),
    Case("anchored lists open", DEPTH, YAML, FULL, lambda size: filled("&a [", size)),
    Case("arrays open", DEPTH, JSON, FULL, lambda size: "[" * size),
    Case("objects open", DEPTH, JSON, FULL, lambda size: filled('{"a":', size)),
    Case("arrays open in a manifest", DEPTH, JSON, FULL, lambda size: manifest("[" * size)),
    # Numbers
    Case("integer of 5,000 digits", INTEGER, YAML, 5000, lambda size: manifest(f"{{a: {'1' * size}}}")),
    Case("integer of a million digits", INTEGER, YAML, FULL, lambda size: manifest(f"{{a: {'1' * size}}}")),
    Case("JSON integer of 5,000 digits", INTEGER, JSON, 5000,
         lambda size: manifest(f'{{"a": {"1" * size}}}')),
    Case("JSON integer of a million digits", INTEGER, JSON, FULL,
         lambda size: manifest(f'{{"a": -{"9" * size}}}')),
    Case("hexadecimal", INTEGER, YAML, 320_000, lambda size: manifest(f"{{a: 0x{'f' * size}}}")),
    Case("octal", INTEGER, YAML, 320_000, lambda size: manifest(f"{{a: 0o{'7' * size}}}")),
    Case("tagged as an integer", INTEGER, YAML, FULL, lambda size: manifest(f"{{a: !!int '{'1' * size}'}}")),
    Case("exponent of a million digits", "not a finite", JSON, FULL,
         lambda size: manifest(f'{{"a": 1e{"9" * size}}}')),
    Case("fraction of a million digits", READ, JSON, FULL, lambda size: manifest(f'{{"a": 1.{"1" * size}}}')),
    Case("fraction between two numbers", READ, YAML, FULL,
         lambda size: manifest(f"{{a: 1.00000000000000011102230246251565{'0' * size}1}}")),
    Case("sexagesimal", READ, YAML, 320_000, lambda size: manifest(f"{{a: 1{filled(':1', size)}}}")),
    # Directives, tags, anchors
    Case("%TAG directives", DIRECTIVES, YAML, FULL,
         lambda size: numbered("%TAG !@! x\n", size) + "---\na: 1\n"),
    Case("%TAG directives and tags", DIRECTIVES, YAML, FULL,
         lambda size: numbered("%TAG !@! x\n", size // 2) + "---\n" + numbered("- !@!x 1\n", size // 2)),
    Case("%TAG directive, documents", DIRECTIVES, YAML, FULL,
         lambda size: filled("%TAG ! x\n---\n...\n", size)),
    Case("tag that is no UTF-8", "no UTF-8", YAML, FULL,
         lambda size: f"a: {filled('x%C0 ', size)}\nb: !%C0%80 x\n"),
    Case("alias of a long name", READ, YAML, FULL,
         lambda size: f"- &{'a' * (size // 2)} x\n- *{'a' * (size // 2)}\n"),
    # Long scalars, spaces, lines
    Case("quoted text of empty lines", READ, YAML, FULL, lambda size: f'a: "{chr(10) * size}"\n'),
    Case("block text of spaces", "did not find expected key", YAML, FULL,
         lambda size: f"a: |\n{' ' * size}\n  x\n"),
    Case("folded text", READ, YAML, FULL, lambda size: f"a: >\n{filled(chr(10) + '  x' + chr(10), size)}"),
    Case("tabs", READ, YAML, FULL, lambda size: f"a:{chr(9) * size}x\n"),
    Case("comments", READ, YAML, FULL, lambda size: filled("#\n", size) + "a: 1\n"),
    Case("control character at the end", "control character", YAML, FULL,
         lambda size: filled("é", size) + "\x07"),
    Case("error at the end", "did not find expected key", YAML, FULL,
         lambda size: f"a: {filled('é ', size)}\n]"),
    Case("lines of JSON", "expected a value", JSON, FULL, lambda size: "\n" * size + "x"),
    Case("spaces of JSON", "expected a value", JSON, FULL, lambda size: " " * size + "x"),
    Case("string of escapes", READ, JSON, FULL, lambda size: f'"{filled(chr(92) + "n", size)}"'),
    Case("string not closed", "unterminated string", JSON, FULL, lambda size: f'["{"x" * size}'),
    Case("halves of surrogate pairs", "surrogate", JSON, FULL,
         lambda size: manifest(f'{{"a": "{filled(chr(92) + "ud800", size)}"}}')),
    # What is said
    Case("unknown field of a long name", "unknown field", JSON, FULL,
         lambda size: manifest("{}", f'"{filled("version", size)}": 1')),
    Case("long type", READ, JSON, FULL, lambda size: f'{{"type": "{filled("artifact-version", size)}"}}'),
    Case("manifests without fields", "is missing", YAML, FULL,
         lambda size: filled("--- {type: artifact-version}\n", size)),
    # Settings
    Case("dotted keys", TOML_PARTS, TOML, 16_000, lambda size: filled("a.", size) + "a = 1\n"),
    Case("dotted header", TOML_PARTS, TOML, 16_000, lambda size: f"[{filled('a.', size)}a]\n"),
    Case("dotted keys, 16 dots a line", UNKNOWN_KEY, TOML, 16_000,
         lambda size: numbered(f"k@{'.a' * 16} = 1\n", size)),
    Case("dotted keys below a header", UNKNOWN_KEY, TOML, 16_000,
         lambda size: f"[{'a.' * 16}a]\n" + numbered(f"k@{'.a' * 15} = 1\n", size - 50)),
    Case("TOML arrays open", TOML_PARTS, TOML, 16_000, lambda size: "ignore = " + "[" * size),
    Case("TOML arrays behind quotes", TOML_PARTS, TOML, 16_000, lambda size: 'x = ["""b"""", ' + "[" * size),
    Case("TOML integer", TOML_PARTS, TOML, 16_000, lambda size: f"x = {'1' * size}\n"),
    Case("TOML spaces", UNKNOWN_KEY, TOML, 16_000, lambda size: f"{' ' * size}y = 1\nx = 1\n"),
    Case("TOML quotes not closed", "not valid TOML", TOML, 16_000, lambda size: filled('"""\n\\', size)),
    Case("TOML keys", UNKNOWN_KEY, TOML, 16_000, lambda size: numbered("@=1\n", size)),
    Case("TOML tables", UNKNOWN_KEY, TOML, 16_000, lambda size: numbered("[a.@]\n", size)),
    Case("TOML tables of arrays", UNKNOWN_KEY, TOML, 16_000, lambda size: filled("[[a]]\n", size)),
    Case("pointers", "more than 100 entries", TOML, 16_000,
         lambda size: f"ignore = [{filled(chr(34) + '/a' + chr(34) + ',', size)}]\n"),
    Case("deep pointer", "ignore holds", TOML, 16_000, lambda size: f"ignore = '{filled('/a', size)}'\n"),
    Case("template not closed", "nested deeper", YAML, FULL, lambda size: filled("{{", size)),
    Case("settings of a MiB", "larger than 16 KiB", TOML, FULL, lambda size: filled("a.", size)),
]  # fmt: skip

LARGE = [
    Case("sexagesimal that is none", READ, YAML, FULL,
         lambda size: manifest(f"{{a: 1{filled(':59', size)}x}}")),
    Case("old octal that is none", READ, YAML, FULL, lambda size: manifest(f"{{a: 0{'7' * size}x}}")),
    Case("underscores", READ, YAML, FULL, lambda size: manifest(f"{{a: 1{'_' * size}x}}")),
    Case("plain text", READ, YAML, FULL, lambda size: manifest(f"{{a: {'x' * size}}}")),
    Case("manifests", READ, YAML, FULL,
         lambda size: numbered("--- " + manifest("{}", '"version": 1@') + "\n", size)),
    Case("manifests by URI", READ, YAML, FULL,
         lambda size: numbered("--- " + by_uri("s3://models/é@") + "\n", size)),
    Case("copies of a manifest", "declared twice", YAML, FULL,
         lambda size: filled("--- " + manifest("{}") + "\n", size)),
    Case("URIs of many marks", "source.uri", YAML, FULL,
         lambda size: filled("".join(f"--- {by_uri(a + MARK * 300)}\n" for a in "aA"), size)),
    Case("a URI of a million marks", READ, YAML, FULL,
         lambda size: by_uri("s3://a" + filled(MARK + "\u0316", size))),
    Case("empty documents", READ, YAML, FULL, lambda size: filled("---\n", size)),
    Case("documents of a word", READ, YAML, FULL, lambda size: filled("--- a\n", size)),
    Case("near misses", READ, YAML, FULL, lambda size: filled("--- {type: artifact-versio}\n", size)),
    Case("values", READ, YAML, 98_000, lambda size: f"[{filled('1,', size)}]"),
    Case("values beyond the bound", VALUES, YAML, FULL, lambda size: f"[{filled('1,', size)}]"),
    Case("JSON values", READ, JSON, 98_000, lambda size: f"[{filled('1,', size)}1]"),
    Case("JSON values beyond the bound", VALUES, JSON, FULL, lambda size: f"[{filled('{},', size)}1]"),
    Case("JSON strings", READ, JSON, FULL,
         lambda size: f"[{filled(chr(34) + 'x' * 18 + chr(34) + ',', size)}1]"),
    Case("mappings", READ, YAML, 147_000, lambda size: f"[{filled('{},', size)}]"),
    Case("complex keys", READ, YAML, FULL, lambda size: numbered("? key@" + "x" * 40 + "\n", size)),
    Case("anchors", READ, YAML, 500_000, lambda size: numbered("- &a@ x\n", size)),
    Case("aliases", READ, YAML, 240_000, lambda size: "- &a []\n" + filled("- *a\n", size)),
    Case("merges", READ, YAML, 90_000, lambda size: "- &a {a: b}\n" + filled("- {<<: *a}\n", size)),
    Case("keys of metadata", READ, YAML, 450_000,
         lambda size: manifest(f"{{{numbered('k@: some text, ', size)}}}")),
    Case("unknown fields", "unknown field", JSON, 450_000,
         lambda size: manifest("{}", numbered('"versio@": 1,', size) + '"version": 1')),
    Case("keys given twice", "given twice", YAML, 120_000,
         lambda size: manifest(f"{{{filled('a: 1,', size)}}}")),
    Case("keys that are no text", "not text", YAML, 120_000,
         lambda size: manifest(f"{{{filled('1: 1,', size)}}}")),
    Case("reserved keys", ".truefoundry", JSON, 500_000,
         lambda size: manifest(f'{{{numbered(chr(34) + ".truefoundry@" + chr(34) + ": 1,", size)} "": 1}}')),
    Case("numbers not finite", "not a finite", YAML, 240_000,
         lambda size: manifest(f"{{a: [{filled('.inf,', size)}]}}")),
    Case("tags", "not supported", YAML, 240_000, lambda size: manifest(f"{{a: [{filled('!x 1,', size)}]}}")),
    Case("look-alikes", READ, YAML, 240_000, lambda size: manifest(f"{{a: [{filled('1:30,', size)}]}}")),
    Case("credentials", READ, JSON, 190_000,
         lambda size: manifest(f'{{"password": [{filled(chr(34) + "x" + chr(34) + ",", size)}1]}}')),
    Case("values under a long key", READ, YAML, FULL,
         lambda size: manifest(f"{{? {'x' * (size * 3 // 4)} : [{filled('a,', size // 12)}]}}")),
    Case("beginnings of web tokens", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('-eyJaaaaaaaa', size)}'}}")),
    Case("parts of web tokens", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('eyJaaaaaaaa.', size)}'}}")),
    Case("beginnings of keys", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('-----BEGIN PRIVATE KEY', size)}'}}")),
    Case("beginnings of addresses", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('://a:', size)}'}}")),
    Case("words that may be random", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0+/', size)}'}}")),
    Case("words a little too short", READ, YAML, FULL,
         lambda size: manifest(f"{{a: '{filled('a' * 31 + ' ', size)}'}}")),
    Case("a word that may be random", READ, YAML, FULL,
         lambda size: manifest(f"{{a: {filled('aB3', size)}}}")),
]  # fmt: skip


def main(part: str = "") -> int:
    """Measure the cases with this part in their names.

    Returns:
        The exit code.
    """
    with tempfile.TemporaryDirectory() as folder:
        bad = [*_bombs(Path(folder), part), *_large(Path(folder), part)]
    _tell(f"\nNot as they should be: {', '.join(bad)}" if bad else "\nAll are as they should be.")
    return int(bool(bad))


def _bombs(folder: Path, part: str) -> Iterator[str]:
    """The names of bombs that are not treated as they should be."""
    _tell(f"{'bomb':34}{'KiB':>6}{'ms':>8}{'MiB':>7}  what becomes of it")
    ordinary = _tell_cost(ORDINARY, folder)
    for case in BOMBS:
        if part in case.name:
            cost = _tell_cost(case, folder)
            is_slow = cost.least >= MAX_TIMES_AN_ORDINARY_FILE * ordinary.least
            if is_slow or not _is_right(case, cost):
                yield case.name


def _tell_cost(case: Case, folder: Path) -> Cost:
    """Measure a file, and print the line of it."""
    cost = _cost(case, case.size, PROCESSES, folder)
    _tell(f"{case.name:34}{cost.kib:6.0f}{cost.ms:8.1f}{cost.mib:7.1f}  {cost.error[:70] or cost.read}")
    return cost


def _large(folder: Path, part: str) -> Iterator[str]:
    """The names of large files that are not treated as they should be."""
    _tell(f"\n{'large file':34}{'KiB':>6}{'ms':>8}{'MiB':>7}{'growth':>8}  what becomes of it")
    for case in LARGE:
        if part in case.name:
            sizes = (case.size // 4, case.size)
            quarter, whole = (_cost(case, size, FEWER_PROCESSES, folder) for size in sizes)
            growth = (whole.least / whole.kib) / (quarter.least / quarter.kib)
            figures = f"{whole.kib:6.0f}{whole.ms:8.1f}{whole.mib:7.1f}{growth:8.2f}"
            _tell(f"{case.name:34}{figures}  {whole.error[:70] or whole.read}")
            if growth >= MAX_GROWTH or not _is_right(case, whole):
                yield case.name


def _is_right(case: Case, cost: Cost) -> bool:
    is_said = case.error in cost.error if case.error else not cost.error
    return is_said and cost.mib < MAX_MIB


def _cost(case: Case, size: int, processes: int, folder: Path) -> Cost:
    file = folder / case.file
    data = case.text(size).encode()
    assert len(data) <= MAX_FILE_BYTES, f"{case.name} is larger than any file that is read"
    file.write_bytes(data)
    command = [sys.executable, __file__, "--measure", str(file), str(processes)]
    lines = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
    runs = [json.loads(line) for line in lines]
    assert len(runs) == processes, f"{case.name} ended a process"
    times = [run["ms"] for run in runs]
    return Cost(
        len(data) / 1024,
        statistics.median(times),
        min(times),
        max(run["mib"] for run in runs),
        runs[0]["error"],
        runs[0]["read"],
    )


def _measure_in_each(path: Path, processes: int) -> None:
    """Load one file in so many processes, one after another, and print a line for each that ends well."""
    ordinary = manifest("{}").encode()
    _load(SourceFile(YAML, ordinary), SourceFile(JSON, ordinary), SourceFile(TOML, b"ignore = []"))
    for _ in range(processes):
        child = os.fork()
        if not child:
            _measure(path)
            os._exit(0)  # what the parent has yet to do is not the child's
        os.waitpid(child, 0)


def _measure(path: Path) -> None:
    """Load one file, and print what it took."""
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before = _peak_mib()
    file = SourceFile(path.name, path.read_bytes())
    began = time.process_time()
    declaration = _load(file)
    ms = (time.process_time() - began) * 1000
    errors = [problem.message for problem in declaration.problems if problem.severity == "error"]
    measured = {
        "ms": ms,
        "mib": _peak_mib() - before,
        "error": errors[0] if errors else "",
        "read": f"{len(declaration.manifests)} manifests, {declaration.others} other documents",
    }
    _tell(json.dumps(measured))


def _load(*files: SourceFile) -> Declaration:
    settings = next((file for file in files if file.path == TOML), None)
    others = [file for file in files if file is not settings]
    named = FilesInMemory(others, [file.path for file in others])  # or none would be parsed
    return load_manifests(Snapshot(None, named, settings=settings))


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure_in_each(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(*sys.argv[1:]))
