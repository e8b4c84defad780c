"""The commands about a portfolio itself: explain its margin, import it from a venue's own response."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(explain)


def explain(
    portfolio: Annotated[Path, typer.Argument(help="portfolio.json or .csv")],
    market: Annotated[Path, typer.Option("--market", "-m", help="The venue's prices: market.json.")],
    parameters: Annotated[Path, typer.Option("--parameters", "-p", help="The venue's parameters: parameters.json.")],
    margin: Annotated[str, typer.Option(help="initial or maintenance.")] = "maintenance",
    what_if: Annotated[
        list[str] | None, typer.Option("--what-if", metavar="TRADE", help='Such as "ETH-PERP +5"; may be repeated.')
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw it: a .png or .svg file.")] = None,
    json_: Json = False,
) -> int:
    """Show what eats the surplus, how far every price is from a breach, what trades would do, and what a proof shows."""
    from .explain import explain as explained
    from .explain_view import show_explanation
    from .output import answer
    from .portfolio import load_portfolio, to_holdings
    from .session import Session

    session = Session.load(parameters)
    tables = session.tables(market)
    held = load_portfolio(portfolio)
    holdings = to_holdings(held, session.parameters, tables)
    explanation = explained(
        session.parameters, tables, holdings, margin=margin, portfolio=held, trades=tuple(what_if or ())
    )
    document: dict[str, Any] = explanation.as_json()
    if plot is not None:
        from .plot import draw

        draw(explanation, plot)
        document["picture"] = str(plot)
    return answer(document, lambda console: show_explanation(console, explanation))
