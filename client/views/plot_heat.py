"""The heat map of a picture: profit in each scenario, of the account and of the holdings that matter most.

Blue gains, orange loses, and every field carries its number, so no colour is needed to read it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ..margin.scenarios import Scenarios
from .grids import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["heat_map"]

_LONGEST = 14  # letters of a name on one line
_GAIN, _LOSS = (0, 114, 178), (213, 94, 0)  # Okabe and Ito's blue and vermilion


def heat_map(axes: Axes, scenarios: Scenarios, unit: str) -> None:
    """Draw scenarios from top to bottom, the account and its holdings from left to right; the worst is bold."""
    worst = scenarios.worst
    table = [[row.profit, *row.holdings] for row in scenarios.rows]
    account = max((abs(values[0]) for values in table), default=Fraction(0))
    single = max((abs(value) for values in table for value in values[1:]), default=Fraction(0))
    colours = [[_colour(value, single if i else account) for i, value in enumerate(values)] for values in table]
    axes.imshow(colours, aspect="auto", interpolation="nearest")
    for down, values in enumerate(table):
        for across, value in enumerate(values):
            deep = abs(value) > (single if across else account) * Fraction(3, 5)
            axes.text(
                across,
                down,
                short(value).replace("-", "−"),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if deep else "black",
                fontweight="bold" if scenarios.rows[down] is worst and across == 0 else "normal",
            )
    axes.set_xticks(range(1 + len(scenarios.names)), ["all", *map(_broken, scenarios.names)])
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(table)), [row.name for row in scenarios.rows])
    for label, row in zip(axes.get_yticklabels(), scenarios.rows, strict=True):
        label.set_fontweight("bold" if row is worst else "normal")
    axes.tick_params(length=0)
    axes.axvline(0.5, color="white", linewidth=4)
    for side in axes.spines.values():
        side.set_visible(False)
    gain = "Change of the surplus" if scenarios.measure == "surplus" else "Profit"
    what = f"{gain} if all prices moved together" if scenarios.kind == "moves" else "Profit in the rule's scenarios"
    axes.set_title(f"{what}, in {unit}: the account, then holdings alone", fontsize=11)


def _broken(name: str) -> str:
    """Return a long name on two lines, broken at the hyphen nearest to its middle."""
    hyphens = [place for place, letter in enumerate(name) if letter == "-"]
    if len(name) <= _LONGEST or not hyphens:
        return name
    after = 1 + min(hyphens, key=lambda place: abs(place - len(name) // 2))
    return f"{name[:after]}\n{name[after:]}"


def _colour(value: Fraction, most: Fraction) -> tuple[float, float, float]:
    """Return white at zero, full blue at the largest gain, full vermilion at the largest loss."""
    share = float(abs(value) / most) if most else 0.0
    red, green, blue = (1 - share * (1 - part / 255) for part in (_GAIN if value >= 0 else _LOSS))
    return red, green, blue
