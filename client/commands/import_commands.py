"""The commands that make a portfolio file of a venue's own response."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..views.help import Grouped

if TYPE_CHECKING:
    from ..imports import Imported

__all__ = ["register"]

State = Annotated[Path, typer.Argument(metavar="STATE.json", help="The response, saved as it came.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The portfolio file to write, mode 0600.")]
Account = Annotated[str | None, typer.Option(help="What to call the account.")]
Suffix = Annotated[str, typer.Option(help="Appended to a coin, it names the coin's perpetual.")]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="Another name; OLD as the venue prints it, as it is made here, or SYMBOL@address. May be repeated.",
    ),
]
Steps = Annotated[
    Path | None,
    typer.Option("--parameters", "-p", help="Round collateral down and debt up to these parameters' steps."),
]
Dated = Annotated[
    str | None, typer.Option("--as-of", help="When the response was made, where it does not say: its file's date.")
]
Quote = Annotated[str, typer.Option(help="The asset that cash is in.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    venues = typer.Typer(cls=Grouped, help="Make a portfolio file of a venue's own response.", rich_markup_mode=None)
    for command in (hyperliquid, dydx, aave, derive, deribit, binance):
        venues.command()(command)
    venues.command("csv")(csv_)
    venues.command("market")(market)
    app.add_typer(venues, name="import")


def hyperliquid(
    state: State,
    *,
    output: Output,
    spot: Annotated[
        Path | None, typer.Option(help="Its spotClearinghouseState: balances as collateral, a unified account's cash.")
    ] = None,
    isolated: Annotated[str | None, typer.Option(metavar="COIN", help="One isolated position's account.")] = None,
    mode: Annotated[
        str | None, typer.Option(metavar="MODE", help="Its userAbstraction, where the answers leave it open.")
    ] = None,
    account: Account = None,
    suffix: Suffix = "-PERP",
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a clearinghouseState: the cross account, or one isolated position."""
    from ..imports import Naming, Response, import_hyperliquid

    made = import_hyperliquid(
        Response.load(state),
        account=account or state.stem,
        naming=Naming.of(suffix, rename or ()),
        spot=None if spot is None else Response.load(spot),
        isolated=isolated,
        mode=mode,
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
    from ..imports import Naming, Response, import_dydx

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
    from ..imports import Naming, Response, import_aave

    naming = Naming.of("", rename or ())
    response = Response.load(state)
    made = import_aave(response, account=account or state.stem, naming=naming, now=_date(as_of, state))
    return _write(made, state, output, parameters, as_of)


def derive(
    state: State,
    *,
    output: Output,
    account: Account = None,
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a Derive subaccount: private/get_subaccount, standard or portfolio margin."""
    from ..imports import Naming, Response, import_derive

    made = import_derive(Response.load(state), account=account, naming=Naming.of("", rename or ()))
    return _write(made, state, output, parameters, as_of)


def deribit(
    state: State,
    *,
    output: Output,
    summary: Annotated[
        list[Path], typer.Option(help="private/get_account_summary of each currency, or get_account_summaries once.")
    ],
    quote: Quote = "USDC",
    account: Account = None,
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import Deribit positions: private/get_positions, with the summaries of their currencies."""
    from ..imports import Naming, Response, import_deribit

    made = import_deribit(
        Response.load(state),
        [Response.load(path) for path in summary],
        account=account or state.stem,
        quote=quote,
        naming=Naming.of("", rename or ()),
    )
    return _write(made, state, output, parameters, as_of)


def binance(
    state: State,
    *,
    output: Output,
    options: Annotated[Path | None, typer.Option(help="Option positions: /eapi/v1/position.")] = None,
    options_account: Annotated[Path | None, typer.Option(help="Their account: /eapi/v1/marginAccount.")] = None,
    multi_assets: Annotated[
        bool, typer.Option("--multi-assets", help="Other assets of the futures wallet are collateral.")
    ] = False,
    quote: Quote = "USDT",
    account: Account = None,
    suffix: Suffix = "-PERP",
    rename: Rename = None,
    parameters: Steps = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Import a Binance futures account, /fapi/v3/account or v2, and its options if asked."""
    from ...kernel.errors import InputError
    from ..imports import Naming, Response, import_binance

    if (options is None) != (options_account is None):
        raise InputError("--options and --options-account are given together", code="usage")
    made = import_binance(
        Response.load(state),
        account=account or state.stem,
        quote=quote,
        naming=Naming.of(suffix, rename or ()),
        multi_assets=multi_assets,
        options=(Response.load(options), Response.load(options_account)) if options and options_account else None,
    )
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
    from ..imports import import_csv

    return _write(import_csv(state, account), state, output, parameters, as_of)


def market(
    venue: Annotated[str, typer.Argument(metavar="VENUE", help="hyperliquid, dydx, aave, derive, deribit or binance")],
    responses: Annotated[
        list[Path], typer.Argument(metavar="RESPONSE.json...", help="Its prices, saved as they came.")
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The market file to write.")],
    parameters: Annotated[Path, typer.Option("--parameters", "-p", help="What needs a price: the parameter file.")],
    number: Annotated[int | None, typer.Option("--round", help="The round's number; by default its unix time.")] = None,
    suffix: Suffix = "-PERP",
    rename: Rename = None,
    as_of: Dated = None,
    json_: Json = False,
) -> int:
    """Make the market file that a parameter file needs, of a venue's own public prices."""
    from ...kernel.errors import InputError
    from ...kernel.files import write_file
    from ..files.loading import load_parameters
    from ..files.outputs import check_output, json_file
    from ..imports import MARKETS, Naming, Response, import_market
    from .output import answer

    if venue not in MARKETS:
        raise InputError(f"the venue must be one of {', '.join(MARKETS)}", code="usage")
    listed = load_parameters(parameters)
    kind = json_file(f"a market of {listed.venue}", "zkmargin/market/1", venue=listed.venue)
    replaced = check_output(output, kind, inputs=(*responses, parameters))
    made, content = import_market(
        venue,
        [Response.load(path) for path in responses],
        listed,
        as_of=_date(as_of, responses[0]),
        number=number,
        naming=Naming.of(suffix, rename or ()),
    )
    write_file(output, content, mode=0o644)
    counts = {"instruments": len(made.instruments), "assets": len(made.assets)}
    document = {"ok": True, "files": {"market": str(output)}, "round": made.round, **counts, **_replaced(replaced)}
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    return answer(document, lambda console: console.print(f"{text} written to {output}{_over(replaced)}"))


def _replaced(files: list[str]) -> dict[str, list[str]]:
    return {"replaced": files} if files else {}


def _over(files: list[str]) -> str:
    return ", over an older one" if files else ""


def _write(made: Imported, state: Path, output: Path, parameters: Path | None, as_of: str | None) -> int:
    """Write the portfolio file and say how many rows it has; amounts are not for the terminal."""
    from ...kernel.files import write_file
    from ..files.loading import load_parameters
    from ..files.outputs import check_output, json_file
    from ..imports import rounded_to_steps
    from .output import answer, note

    account = made.portfolio.account
    kind = json_file(f"a portfolio of the account {account}", "zkmargin/portfolio/1", account=account)
    replaced = check_output(output, kind, inputs=(state,) if parameters is None else (state, parameters))
    if parameters is not None:
        made = rounded_to_steps(made, load_parameters(parameters))
    write_file(output, made.file_bytes(_date(as_of, state)))
    held = made.portfolio
    counts = {"positions": len(held.positions), "collateral": len(held.collateral), "debt": len(held.debt)}
    document = {"ok": True, "files": {"portfolio": str(output)}, **counts, "notes": list(made.notes)}
    document |= _replaced(replaced)
    for line in made.notes:
        note(f"note: {line}")
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    return answer(document, lambda console: console.print(f"{text} written to {output}{_over(replaced)}"))


def _date(text: str | None, state: Path) -> datetime:
    """Return the time an option says, by default the file's own. Raises InputError."""
    from ...kernel.errors import InputError

    if text is None:
        return datetime.fromtimestamp(int(state.stat().st_mtime), UTC)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise InputError('--as-of must be a time in UTC such as "2026-11-20T16:00:00Z"', code="usage") from None
