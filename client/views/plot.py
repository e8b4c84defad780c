"""An explanation as a picture: a waterfall to the surplus, bars of the distances to breach, a heat map of scenarios.

Matplotlib is imported when a picture is drawn, without a screen. Floats are for pixels only. Colours are Okabe and
Ito's, which the colour-blind tell apart; every bar carries its number, so none is needed to read the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...kernel.errors import EnvironmentFault, InputError
from ...kernel.files import write_file
from ..margin.distances import Distance
from ..margin.explain import Explanation
from ..margin.terms import Term
from .explain import price_after
from .plot_heat import heat_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "Step", "draw", "picture", "steps"]

FORMATS = ("png", "svg")
_GAIN, _LOSS, _TOTAL, _GOOD, _LINE = "#0072B2", "#D55E00", "#4D4D4D", "#009E73", "#999999"
_SHOWN = 6  # bars of one kind; the smaller ones are drawn together
_ROWS = 14  # distances drawn, the nearest
_WIDEST = 100  # percent; what is farther is cut and says so
_FAR, _QUIET = "#BBBBBB", "#555555"


@dataclass(frozen=True, repr=False)
class Step:
    """One bar of the waterfall: from where to where in the quote; a total starts at zero."""

    label: str
    start: Fraction
    end: Fraction
    total: bool = False

    @property
    def change(self) -> Fraction:
        """Return the bar's signed length."""
        return self.end - self.start


def steps(explanation: Explanation) -> tuple[Step, ...]:
    """Return the waterfall from cash over equity to surplus; its bars add up exactly to the totals.

    Of a rule that names its parts, they are the bars.
    """
    bars: list[Step] = []
    level = Fraction(0)

    def add(label: str, change: Fraction) -> None:
        nonlocal level
        bars.append(Step(label, level, level + change))
        level += change

    if len(explanation.parts) > 2:
        for part in explanation.parts:
            if part.amount:
                add(part.name, part.amount)
        return (*bars, Step("surplus", Fraction(0), level, total=True))
    for kind, word in (
        ("cash", ""),
        ("position", "profit "),
        ("collateral", ""),
        ("debt", "owed "),
        ("together", ""),
        ("rounding", ""),
    ):
        group = [(term, term.equity) for term in explanation.terms if term.kind == kind and term.equity]
        for label, change in _largest(group, word, "other profit and loss" if kind == "position" else f"other {kind}"):
            add(_kind_label(kind, label), change)
    bars.append(Step("equity", Fraction(0), level, total=True))
    required = [(term, -term.requirement) for term in explanation.terms if term.requirement]
    for label, change in _largest(required, "margin of ", "margin of others"):
        add(label, change)
    bars.append(Step("surplus", Fraction(0), level, total=True))
    return tuple(bars)


def draw(explanation: Explanation, path: Path) -> None:
    """Write the picture to a .png or .svg file, readable by its owner only: it shows what is held.

    Raises InputError for another ending, EnvironmentFault when matplotlib is missing, FileError.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise InputError("a picture is a .png or a .svg file", code="picture", file=str(path))
    figure, buffer = picture(explanation), BytesIO()
    with _style():
        figure.savefig(buffer, format=ending, dpi=130, metadata=_undated(ending))
    write_file(path, buffer.getvalue())


def picture(explanation: Explanation) -> Figure:
    """Return the picture as a matplotlib figure on no screen. Raises EnvironmentFault when matplotlib is missing."""
    with _style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        bars, report = steps(explanation), explanation.report
        rows = [row for row in explanation.distances if row.nearest is not None][:_ROWS]
        upper, lower = max(4.5, 1.7 + 0.33 * max(len(bars), len(rows))), 0.28 * len(explanation.scenarios.rows)
        figure = Figure(figsize=(14, upper + (lower + 1 if lower else 0)), layout="constrained")
        FigureCanvasAgg(figure)
        halves = figure.subfigures(
            2 if lower else 1, 1, squeeze=False, height_ratios=[upper, lower + 1][: 2 if lower else 1]
        )
        left, *right = halves[0, 0].subplots(
            1, 2 if rows else 1, squeeze=False, width_ratios=(1.35, 1) if rows else None
        )[0]
        if lower:
            heat_map(halves[1, 0].subplots(), explanation.scenarios, report.unit)
        verdict = "met" if report.ok else "NOT met"
        title = (
            f"{report.margin.capitalize()} margin {verdict}: surplus {_money(Fraction(report.surplus))} {report.unit}"
        )
        figure.suptitle(f"{_printable(explanation.title)}\n{title}", fontsize=13, fontweight="bold")
        _waterfall(left, bars, report.unit)
        left_out = len(explanation.distances) - len(rows)
        for axes in right:
            _distances(axes, rows, ok=report.ok)
        if left_out:
            note = f"{left_out} prices are not drawn: no move of theirs alone does it, or a farther one"
            (right or [left])[0].set_xlabel(note, color=_QUIET, style="italic")
    return figure


def _style() -> AbstractContextManager[None]:
    """Return matplotlib's settings for the time of drawing. Raises EnvironmentFault when it is missing."""
    try:
        from matplotlib import rc_context
    except ImportError:
        raise EnvironmentFault(
            "matplotlib is missing", code="missing-library", hint="pip install 'zkmargin[plot]'"
        ) from None
    return rc_context({"font.size": 9, "svg.hashsalt": "zkmargin", "svg.fonttype": "none", "text.parse_math": False})


def _largest(group: Sequence[tuple[Term, Fraction]], word: str, others: str) -> list[tuple[str, Fraction]]:
    """Return labelled changes in their order, the smaller ones beyond the shown number added into one."""
    ranked = sorted(group, key=lambda entry: -abs(entry[1]))
    keep = _SHOWN if len(group) <= _SHOWN else _SHOWN - 1
    shown = [entry for entry in group if entry in ranked[:keep]]
    rest = [entry for entry in group if entry not in shown]
    labelled = [(f"{word}{term.name}", change) for term, change in sorted(shown, key=lambda entry: -abs(entry[1]))]
    if rest:
        labelled.append((f"{others} ({len(rest)})", sum((change for _, change in rest), Fraction(0))))
    return labelled


def _kind_label(kind: str, label: str) -> str:
    if kind == "cash":
        return f"cash {label}"
    return f"{label} as collateral" if kind == "collateral" and not label.startswith("other") else label


def _waterfall(axes: Axes, bars: Sequence[Step], unit: str) -> None:
    """Draw the bars from top to bottom, each beginning where the one above ended."""
    ends = [float(value) for bar in bars for value in (bar.start, bar.end)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    room = (high - low or 1.0) * 0.015
    for place, bar in enumerate(bars):
        color = _colour(bar)
        left, width = float(min(bar.start, bar.end)), float(abs(bar.change))
        axes.barh(place, width, left=left, height=0.72, color=color)
        text = _money(bar.end) if bar.total else _money(bar.change, signed=True)
        axes.text(
            left + width + room,
            place,
            text,
            va="center",
            ha="left",
            fontweight="bold" if bar.total else "normal",
            color="black",
        )
        if place + 1 < len(bars):
            level = float(bar.end)
            axes.plot([level, level], [place + 0.36, place + 0.64], color=_LINE, linewidth=0.8)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
    for label, bar in zip(axes.get_yticklabels(), bars, strict=True):
        label.set_fontweight("bold" if bar.total else "normal")
    axes.set_xlim(low - room * 2, high + (high - low or 1.0) * 0.17)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(f"From cash to surplus, in {unit}", fontsize=11)
    axes.xaxis.set_major_formatter(lambda value, _: _short(value))
    _plain(axes, bars)


def _distances(axes: Axes, rows: Sequence[Distance], *, ok: bool) -> None:
    """Draw the falls to the left and the rises to the right; what is beyond the edge is cut and greyed."""
    for place, row in enumerate(rows):
        for change in (row.fall, row.rise):
            if change is None:
                continue
            percent = float(change * 100)
            cut = max(-_WIDEST, min(_WIDEST, percent))
            near = _LOSS if change < 0 else _GAIN
            axes.barh(place, cut, height=0.72, color=near if cut == percent else _FAR)
            text = f"{percent:+,.1f} %".replace("-", "−") + (" →" if percent > _WIDEST else "")
            inside = abs(cut) > 70
            side = "left" if (cut < 0) == inside else "right"
            shift = 2.0 if side == "left" else -2.0
            axes.text(
                cut + shift,
                place,
                text,
                va="center",
                ha=side,
                color="white" if inside and cut == percent else "black",
            )
    axes.set_yticks(range(len(rows)), [_breach(row, ok=ok) for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row.kind == "market" else "normal")
    axes.set_xlim(-_WIDEST - 5, _WIDEST + 5)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title("Price move at which the surplus is zero" if ok else "Price move that would mend it", fontsize=11)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0f} %".replace("-", "−") if value else "0")
    _plain(axes, rows)


def _breach(row: Distance, *, ok: bool) -> str:
    """Return a price's name and where its nearest breach is."""
    name = row.name if row.kind != "asset" else f"{row.name} (asset)"
    price = price_after(row, row.nearest, ok=ok)
    return f"{name} → {price}" if price else name


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:120])


def _plain(axes: Axes, rows: Sequence[object]) -> None:
    """Take away what carries no information."""
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#E5E5E5", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _colour(bar: Step) -> str:
    if bar.label == "surplus":
        return _GOOD if bar.end >= 0 else _LOSS
    if bar.total:
        return _TOTAL
    return _GAIN if bar.change >= 0 else _LOSS


def _money(value: Fraction, *, signed: bool = False) -> str:
    """Return whole units of the quote where they matter, cents below ten thousand."""
    places = 0 if abs(value) >= 10_000 else 2
    sign = "+" if signed and value > 0 else "−" if value < 0 else ""
    return f"{sign}{float(abs(value)):,.{places}f}"


def _short(value: float) -> str:
    """Return an axis label: 1.5M, 200k."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def _undated(ending: str) -> dict[str, Any]:
    """Return metadata without a date, so that the same account draws the same bytes."""
    return {"Date": None} if ending == "svg" else {"Software": "zkmargin"}
