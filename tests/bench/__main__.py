"""The benchmark: `python -m tests.bench`, in the project's folder."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import curves, suite, tables
from tests.bench.contenders import TFY, VENDOR
from tests.bench.results import Results

KEPT = Path(__file__).with_name("results.json")
_SIZES = (1000, 10_000)
_FULL = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and keep what is asked for; the exit code."""
    asked = _parser().parse_args(arguments)
    if asked.results:
        results = Results.load(asked.results)
    else:
        if asked.tfy and VENDOR.missing():
            _install_tfy()
        sizes = [*asked.sizes, *([_FULL] if asked.full else [])]
        file = asked.json or (None if asked.only else KEPT)
        results = Results(suite.about(asked.repeats), [])
        if asked.resume:
            if not (file and file.exists()):
                _note("there is no file to go on from: name the one that was written with --json")
                return 2
            results = Results.load(file)
        try:
            _measure(results, sizes, file, _filter(asked.only, with_tfy=asked.tfy))
        except suite.FailedRunError as error:
            _note(f"failed: {error}")
            return 1
        except KeyboardInterrupt:
            _note("interrupted; --resume goes on from here" if file else "interrupted")
        for told in suite.left_out():
            _note(f"left out: {told}")
    for line in tables.everything(results):
        sys.stdout.write(f"{line}\n")
    if asked.svg:
        asked.svg.write_text(curves.drawn(results))
    return 0


def _measure(
    results: Results, sizes: Sequence[int], file: Path | None, chosen: Callable[[str], bool]
) -> None:
    """Add the rows that are missing, and keep them as soon as they are complete."""
    known = {f"{row.work}, {row.who}" for row in results.rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, suite.RegistryProcess() as registry:
        measuring = suite.Suite(Path(folder), registry, _note)
        repeats = int(results.about["turns"])
        for rows in measuring.measure(
            suite.works(sizes), repeats, lambda row: row not in known and chosen(row)
        ):
            results.rows.extend(rows)
            if file:
                results.save(file)


def _filter(only: Sequence[str], *, with_tfy: bool) -> Callable[[str], bool]:
    """Which rows, by their names, are measured: not the vendor's tool unasked, which takes long."""
    return lambda row: (
        (with_tfy or VENDOR.name not in row) and (not only or any(part in row for part in only))
    )


def _install_tfy() -> None:
    """Install the vendor's command line tool; it takes a minute and 200 MB."""
    _note(f"installing {TFY.name}")
    venv.create(TFY, clear=True, with_pip=True)
    package = TFY.name.replace("-", "==")
    subprocess.run([str(TFY / "bin/python"), "-m", "pip", "install", "--quiet", package], check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures whole processes against a registry in memory, beside scripts that do the same.",
        epilog="A row is named as in the table, e.g. 'plan 1,000, bare floor' or 'apply 1,000, 20 ms'.",
    )
    add = parser.add_argument
    add("sizes", nargs="*", type=int, default=_SIZES, metavar="SIZE", help="manifests (1000 and 10000)")
    add("--full", action="store_true", help="100,000 manifests as well")
    add("--repeats", type=_positive, default=5, metavar="N", help="turns that count, of each row (5)")
    add(
        "--only", action="append", default=[], metavar="PART", help="rows with this in their name; repeatable"
    )
    add("--tfy", action="store_true", help="measure the vendor's own tool too; installs it once")
    add(
        "--json",
        type=Path,
        metavar="FILE",
        help="keep the figures there (all rows: tests/bench/results.json)",
    )
    add("--resume", action="store_true", help="keep the rows that the file has, and measure the others")
    add("--svg", type=Path, metavar="FILE", help="draw the curves there")
    add("--results", type=Path, metavar="FILE", help="measure nothing: take the figures from there")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
