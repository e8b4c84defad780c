"""The command about a portfolio itself: explain its margin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..views.help import LEVELS

if TYPE_CHECKING:
    from rich.console import Console

    from ...circuits.model import Opening
    from ..files.portfolio import Portfolio

__all__ = ["Holdings", "OpeningFile", "held", "register"]

Holdings = Annotated[
    Path | None, typer.Argument(metavar="[PORTFOLIO]", help="JSON, CSV or an opening; - reads it from stdin.")
]
OpeningFile = Annotated[Path | None, typer.Option("--opening", help="Holdings from this opening instead.")]

Rename = Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Another name; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(explain)


def held(portfolio: Path | None, opening: Path | None) -> Portfolio | Opening:
    """Return what a command's account holds: of a file, of stdin, of an opening. Raises InputError, FileError."""
    from ...kernel.errors import InputError
    from ..files.portfolio import portfolio_from_stdin
    from ..secrets.openings import load_held, load_opening

    if (portfolio is None) == (opening is None):
        raise InputError("give a portfolio or --opening, one of them", code="usage")
    if portfolio is None or opening is not None:
        return load_opening(opening or Path())
    return portfolio_from_stdin() if str(portfolio) == "-" else load_held(portfolio)


def explain(
    portfolio: Holdings = None,
    *,
    market: Annotated[Path, typer.Option("--market", "-m", help="The venue's prices: market.json.")],
    parameters: Annotated[Path, typer.Option("--parameters", "-p", help="The venue's parameters: parameters.json.")],
    opening: OpeningFile = None,
    margin: Annotated[str, typer.Option(metavar=LEVELS, help="The level that is to be met.")] = "maintenance",
    what_if: Annotated[
        list[str] | None, typer.Option("--what-if", metavar="TRADE", help='Such as "ETH-PERP +5"; may be repeated.')
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw it: a .png or .svg file.")] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="PARAMETERS", help="Another venue's or rule's parameters.")
    ] = None,
    compare_market: Annotated[Path | None, typer.Option("--compare-market", help="The other side's market.")] = None,
    rename: Rename = None,
    json_: Json = False,
) -> int:
    """Show what eats the surplus, how far a breach is, what trades would do, and what a proof would make public.

    With --compare: why another venue or rule asks another margin of the same portfolio. --rename says what a name is
    called there.
    """
    from ...kernel.errors import InputError
    from ..files.outputs import PICTURE, check_output
    from ..files.tables import as_level
    from ..imports.naming import Naming
    from ..session import Session
    from ..views.explain import show_explanation
    from ..views.scenarios import show_comparison
    from .output import answer

    if (compare is None) != (compare_market is None) or (rename and compare is None):
        raise InputError("--compare and --compare-market are given together, --rename with them", code="usage")
    pictures = [] if plot is None else check_output(plot, PICTURE)
    session, trades, level = Session.load(parameters), tuple(what_if or ()), as_level(margin)
    account, compared = held(portfolio, opening), None
    if compare is not None and compare_market is not None:
        names = Naming.of("", rename or ()).renamed
        other = Session.load(compare)
        compared = session.compare(account, market, other, compare_market, margin=level, names=names, what_if=trades)
        explanation = compared.here
    else:
        explanation = session.explain(account, market, margin=level, what_if=trades)
    document: dict[str, Any] = explanation.as_json()
    if compared is not None:
        document["compare"] = compared.as_json()
    if plot is not None:
        from ..views.plot import draw

        draw(explanation, plot)
        document["picture"] = str(plot)

    def show(console: Console) -> None:
        if compared is not None:
            show_comparison(console, compared)
        show_explanation(console, explanation)
        if plot is not None:
            console.print(f"\npicture written to {plot}, mode 0600{', over an older one' if pictures else ''}")

    return answer(document, show)
