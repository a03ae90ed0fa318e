"""Charts: the measurements and curves as pictures, readable on a light page and on a dark one."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Suites
from benchmarks.rivals.base import BLOCKING, DECLARED
from benchmarks.timing import OURS, Curve, Measurement

# Okabe and Ito's palette, which colour-blind people can tell apart; each library has its colour in all charts.
COLOURS = {
    OURS: "#0072B2",
    "PynamoDB": "#D55E00",
    "pydynox": "#009E73",
    "boto3": "#999999",
    "dynamoxy": "#CC79A7",
    "moto": "#56B4E9",
    "aiodynamo": "#F0E442",
    "aioboto3": "#999999",
    BLOCKING.name: "#56B4E9",
    "plain dicts": "#999999",
    "hand-written lambda": "#E69F00",
    "closures": "#E69F00",
}
OTHERS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7")
GREY = "#808080"
NOTES = (", uvloop", ", in memory")
"""How tasks end that are in the table alone."""
TITLES = {
    "selectivity": ("A condition of three leaves, by the share of items that it selects", "selected, %", "ns per item"),
    "tree size": ("A condition by the number of its leaves, all of which are evaluated", "leaves", "ns per item"),
    "growth": ("One operation in memory, by the size of the table", "items in the table", "µs"),
}


def draw_all(suites: Suites, folder: Path) -> list[str]:
    """Draw what was measured, as SVG and PNG, and return the names of the charts."""
    pyplot = _load_pyplot()
    folder.mkdir(parents=True, exist_ok=True)
    drawn: list[str] = []
    for name, title in BARS.items():
        figures = suites[name].figures if name in suites else []
        found = [each for each in figures if isinstance(each, Measurement) and _is_shown(each)]
        if found:
            _draw_bars(pyplot, found, title, folder / name)
            drawn.append(name)
    curves = [each for suite in suites.values() for each in suite.figures if isinstance(each, Curve)]
    for chart in dict.fromkeys(curve.chart for curve in curves):
        name = chart.replace(" ", "-")
        _draw_curves(pyplot, [curve for curve in curves if curve.chart == chart], chart, folder / name)
        drawn.append(name)
    return drawn


def _is_shown(each: Measurement) -> bool:
    """Return whether it is in a chart: times that have rivals, and only the row that has a free map."""
    has_rivals = OURS in each.values and len(each.values) > 1
    return has_rivals and not each.more_is_better and not each.task.endswith((DECLARED, *NOTES))


BARS = {
    "codec": "Codec: time for one item of 9 attributes, dynamongo = 1",
    "memory": "Memory backends: time for one call, and memory used, dynamongo = 1",
    "wire": "DynamoDB backends: the client's processor time for one call, dynamongo = 1",
    "async": "Awaited calls: the client's processor time for one call, dynamongo = 1",
    "traced": "Through boto3: processor time for one call, dynamongo = 1",
    "cold": "Whole processes, over a bare Python, dynamongo = 1",
}


def _load_pyplot() -> Any:
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "dynamongo",
            "font.size": 10,
            "text.color": GREY,
            "axes.edgecolor": GREY,
            "axes.labelcolor": GREY,
            "axes.titlecolor": GREY,
            "xtick.color": GREY,
            "ytick.color": GREY,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    return importlib.import_module("matplotlib.pyplot")


def _draw_bars(pyplot: Any, found: Sequence[Measurement], title: str, path: Path) -> None:
    """Draw a group of bars per task, each as a multiple of ours, on a logarithmic scale."""
    rows = _lay_out(found)
    figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.17 * max(position for _, position, _ in rows)))
    for name in dict.fromkeys(name for name, _, _ in rows):
        own = [(position, ratio) for each, position, ratio in rows if each == name]
        positions, ratios = zip(*own, strict=True)
        bars = axes.barh(positions, ratios, 0.9, label=name, color=COLOURS.get(name))
        axes.bar_label(
            bars,
            [f"{ratio:,.2g}" if ratio < 10 else f"{ratio:,.0f}" for ratio in ratios],
            padding=2,
            fontsize=7,
            color=GREY,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(_plain)
    axes.xaxis.set_minor_formatter(_plain_if_first)
    axes.margins(x=0.12, y=0.01)
    middles = [position + (len(each.values) - 1) / 2 for each, position in zip(found, _starts(found), strict=True)]
    axes.set_yticks(middles, [each.task for each in found])
    axes.invert_yaxis()
    axes.set_xlabel("as a multiple of dynamongo's (above 1: more than dynamongo)")
    axes.axvline(1, color=GREY, linewidth=0.8)
    axes.set_title(title, loc="left", fontsize=11)
    _save(pyplot, figure, axes, path)


def _starts(found: Sequence[Measurement]) -> list[float]:
    """Return where the group of each task starts: its bars stand side by side, and a gap follows."""
    return list(itertools.accumulate((len(each.values) + 0.7 for each in found[:-1]), initial=0.0))


def _lay_out(found: Sequence[Measurement]) -> list[tuple[str, float, float]]:
    """Return each bar: its side, its position, and its multiple of ours."""
    return [
        (name, start + place, value / each.values[OURS])
        for each, start in zip(found, _starts(found), strict=True)
        for place, (name, value) in enumerate(each.values.items())
    ]


def _draw_curves(pyplot: Any, curves: Sequence[Curve], chart: str, path: Path) -> None:
    title, x_label, y_label = TITLES.get(chart, (chart, "", ""))
    figure, axes = pyplot.subplots(figsize=(8, 4.4))
    for place, curve in enumerate(curves):
        x, y = zip(*curve.points, strict=True)
        colour = COLOURS.get(curve.label, OTHERS[place % len(OTHERS)])
        axes.plot(x, y, marker="os^Dv"[place % 5], label=curve.label, color=colour)
    if chart == "growth":
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(_plain)
    if chart != "selectivity":
        axes.set_yscale("log")
    if chart == "tree size":
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_major_formatter(_plain)
    axes.yaxis.set_minor_formatter(_plain_if_first)
    if chart == "selectivity":
        axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", color=GREY, alpha=0.25)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title, loc="left", fontsize=11)
    _save(pyplot, figure, axes, path)


def _plain(value: float, _: object = None) -> str:
    return f"{value:,.10g}"


def _plain_if_first(value: float, _: object = None) -> str:
    """Label only the minor ticks 2 and 5 of a logarithmic scale."""
    return f"{value:,g}" if f"{value:e}"[0] in "25" else ""


def _save(pyplot: Any, figure: Any, axes: Any, path: Path) -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    for suffix in ("svg", "png"):
        metadata = {"Date": None} if suffix == "svg" else None
        figure.savefig(
            path.with_suffix(f".{suffix}"), bbox_inches="tight", transparent=True, dpi=130, metadata=metadata
        )
    pyplot.close(figure)
