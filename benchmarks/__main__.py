"""Run the suites, and write `docs/benchmarks.md` with its charts; `--quick` prints only."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks import own
from benchmarks.charts import draw_all
from benchmarks.figures import Suite, Suites, read_figures, write_figures
from benchmarks.report import describe_environment, write_report
from benchmarks.runner import run_suite
from benchmarks.timing import FULL, QUICK, TINY, Effort
from benchmarks.values import is_installed

SUITES = ("codec", "conditions", "memory", "growth", "wire", "traced", "concurrency", "async", "cold")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    options = _parse(arguments)
    effort = TINY if options.tiny else QUICK if options.quick else FULL
    if options.model:
        _run_own(options.model, options.items, effort)
        return
    page: Path | None = options.output or (PAGE if effort is FULL else None)
    suites = _run_all(options.suite or SUITES, effort, page)
    if page is not None:
        _write(suites, effort, page)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--suite",
        action="append",
        choices=SUITES,
        help="one suite; may be given several times; the page keeps the figures of the others",
    )
    parser.add_argument("--quick", action="store_true", help="less of everything, in a few minutes; writes no page")
    parser.add_argument("--tiny", action="store_true", help="just enough to show errors; writes no page")
    parser.add_argument(
        "--output",
        type=Path,
        help="the page to write, docs/benchmarks.md by default; charts go into a folder beside it",
    )
    parser.add_argument("--model", help="measure a model of your own, such as app.models:User, instead of the suites")
    parser.add_argument("--items", type=Path, help="items for --model, one line of DynamoDB JSON each")
    return parser.parse_args(arguments)


def _run_all(names: Sequence[str], effort: Effort, page: Path | None) -> Suites:
    """Run each suite in a process of its own: what one leaves in memory would slow down the next."""
    kept = None if page is None else page.with_suffix("") / "figures.json"
    suites = {} if kept is None else read_figures(kept, effort)
    for name in names:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            figures = process.submit(run_suite, name, effort).result()
        suites[name] = Suite(figures, list(describe_environment()))
        if kept is not None:
            write_figures(kept, suites, effort)
    return {name: suites[name] for name in SUITES if name in suites}


def _write(suites: Suites, effort: Effort, page: Path) -> None:
    charts = draw_all(suites, page.with_suffix("")) if is_installed("matplotlib") else []
    if not charts:
        print("no charts: matplotlib is not installed (pip install -e '.[bench]')")
    write_report(suites, charts, effort, page)
    print(f"written: {page}")


def _run_own(name: str, path: Path | None, effort: Effort) -> None:
    sys.path.insert(0, str(Path.cwd()))
    model = own.load_model(name)
    try:
        items = own.make_items(model, path, min(1_000, effort.items))
    except own.CannotMakeError as error:
        raise SystemExit(str(error)) from error
    print(f"{model.__name__}: {len(items)} items, such as {items[0]!r}")
    for _ in own.run(model, items, effort):
        pass


if __name__ == "__main__":
    main()
