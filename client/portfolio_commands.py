"""The commands about a portfolio itself: explain its margin, import it from a venue's own response."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from .imports import Imported

__all__ = ["register"]

State = Annotated[Path, typer.Argument(metavar="STATE.json", help="The response, saved as it came.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The portfolio file to write, mode 0600.")]
Account = Annotated[str | None, typer.Option(help="What to call the account.")]
Suffix = Annotated[str, typer.Option(help="Appended to a coin, it names the coin's perpetual.")]
Rename = Annotated[list[str] | None, typer.Option(metavar="OLD=NEW", help="Another name; may be repeated.")]
Steps = Annotated[
    Path | None,
    typer.Option("--parameters", "-p", help="Round collateral down and debt up to these parameters' steps."),
]
Dated = Annotated[
    str | None, typer.Option("--as-of", help="When the response was made, where it does not say: its file's date.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(explain)
    venues = typer.Typer(
        help="Make a portfolio file of a venue's own response.", no_args_is_help=True, rich_markup_mode=None
    )
    for name, command in (("hyperliquid", hyperliquid), ("dydx", dydx), ("aave", aave), ("csv", csv_)):
        venues.command(name)(command)
    app.add_typer(venues, name="import")


def explain(
    portfolio: Annotated[Path, typer.Argument(help="portfolio.json or .csv")],
    *,
    market: Annotated[Path, typer.Option("--market", "-m", help="The venue's prices: market.json.")],
    parameters: Annotated[Path, typer.Option("--parameters", "-p", help="The venue's parameters: parameters.json.")],
    margin: Annotated[str, typer.Option(help="initial or maintenance.")] = "maintenance",
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
    from ..kernel.errors import InputError
    from .explain_view import show_explanation
    from .imports.naming import Naming
    from .output import answer
    from .scenario_view import show_comparison
    from .session import Session

    if (compare is None) != (compare_market is None) or (rename and compare is None):
        raise InputError("--compare and --compare-market are given together, --rename with them", code="usage")
    session, trades = Session.load(parameters), tuple(what_if or ())
    compared = None
    if compare is not None and compare_market is not None:
        names = Naming.of("", rename or ()).renamed
        other = Session.load(compare)
        compared = session.compare(portfolio, market, other, compare_market, margin=margin, names=names, what_if=trades)
        explanation = compared.here
    else:
        explanation = session.explain(portfolio, market, margin=margin, what_if=trades)
    document: dict[str, Any] = explanation.as_json()
    if compared is not None:
        document["compare"] = compared.as_json()
    if plot is not None:
        from .plot import draw

        draw(explanation, plot)
        document["picture"] = str(plot)

    def show(console: Console) -> None:
        if compared is not None:
            show_comparison(console, compared)
        show_explanation(console, explanation)

    return answer(document, show)


def hyperliquid(
    state: State,
    *,
    output: Output,
    spot: Annotated[Path | None, typer.Option(help="Its spotClearinghouseState: balances as collateral.")] = None,
    isolated: Annotated[str | None, typer.Option(metavar="COIN", help="One isolated position's account.")] = None,
    account: Account = None,
    suffix: Suffix = "-PERP",
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a clearinghouseState: the cross account, or one isolated position."""
    from .imports import Naming, Response, import_hyperliquid

    made = import_hyperliquid(
        Response.load(state),
        account=account or state.stem,
        naming=Naming.of(suffix, rename or ()),
        spot=None if spot is None else Response.load(spot),
        isolated=isolated,
    )
    return _write(made, state, output, parameters, as_of)


def dydx(
    state: State,
    *,
    output: Output,
    account: Account = None,
    suffix: Suffix = "-PERP",
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a dYdX v4 subaccount, as the indexer answers it."""
    from .imports import Naming, Response, import_dydx

    made = import_dydx(Response.load(state), account=account, naming=Naming.of(suffix, rename or ()))
    return _write(made, state, output, parameters, as_of)


def aave(
    state: State,
    *,
    output: Output,
    account: Account = None,
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a user's Aave v3 reserves: formatUserSummary, UiPoolDataProvider with its reserves, or the subgraph."""
    from .imports import Naming, Response, import_aave

    naming = Naming.of("", rename or ())
    made = import_aave(Response.load(state), account=account or state.stem, naming=naming)
    return _write(made, state, output, parameters, as_of)


def csv_(
    state: Annotated[Path, typer.Argument(metavar="STATE.csv", help="Columns kind, name, amount, entry_price.")],
    *,
    output: Output,
    account: Account = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a CSV with the columns kind, name, amount, entry_price; nothing in it is unsettled."""
    from .imports import import_csv

    return _write(import_csv(state, account), state, output, parameters, as_of)


def _write(made: Imported, state: Path, output: Path, parameters: Path | None, as_of: str | None) -> int:
    """Write the portfolio file and say how many rows it has; amounts are not for the terminal."""
    from ..kernel.errors import InputError
    from ..kernel.files import write_file
    from .files import load_parameters
    from .imports import rounded_to_steps
    from .output import answer, note

    if output.exists() and output.samefile(state):
        raise InputError("the output is the response itself", code="usage", file=str(output))
    if parameters is not None:
        made = rounded_to_steps(made, load_parameters(parameters))
    write_file(output, made.file_bytes(_date(as_of, state)))
    held = made.portfolio
    counts = {"positions": len(held.positions), "collateral": len(held.collateral), "debt": len(held.debt)}
    document = {"ok": True, "files": {"portfolio": str(output)}, **counts, "notes": list(made.notes)}
    for line in made.notes:
        note(f"note: {line}")
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    return answer(document, lambda console: console.print(f"{text} written to {output}", markup=False))


def _date(text: str | None, state: Path) -> datetime:
    """Return the time an option says, by default the file's own. Raises InputError."""
    from ..kernel.errors import InputError

    if text is None:
        return datetime.fromtimestamp(int(state.stat().st_mtime), UTC)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise InputError('--as-of must be a time in UTC such as "2026-11-20T16:00:00Z"', code="usage") from None
