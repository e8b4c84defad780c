"""Binance: `GET /fapi/v3/account` (or v2), and options of `GET /eapi/v1/position` with `/eapi/v1/marginAccount`.

Shapes, read 2026-11-22: https://developers.binance.com/docs/derivatives/usds-margined-futures/account and
https://developers.binance.com/docs/derivatives/option. Amounts are decimal strings.

- `positionAmt` is negative for a short; in hedge mode a symbol has a LONG and a SHORT row, which are added up here.
- v3 has no entry prices: positions then enter at the mark, their profit so far being in the wallet. Either way the
  wallet is what makes the cross account worth crossWalletBalance + crossUnPnl at the response's own marks
  (notional = positionAmt·mark).
- An isolated position has a wallet of its own and is left out, as are positions in another quote: without multi-assets
  mode each quote is an account of its own.
- Other assets of the futures wallet are collateral in multi-assets mode only (`multi_assets`), which v2 says and v3
  shows: its totals are USDT's alone, or all assets' in dollars.
- `binance_totals.py` holds the rows against the assets' own totals. Coin-margined contracts, portfolio margin and the
  credits trading mode (BNFCR) are refused.
- Options are paid in full when traded, so they enter at price zero; their account is worth its `equity`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from ...kernel.arguments import FLAG, TEXT, many, maybe, takes
from ..files.portfolio import Amount, Position
from ..files.quantity import rounded_decimal
from .binance_totals import Row, check_assets, check_mode, futures_rows
from .checks import OPTION, must_agree, must_profit, total
from .naming import NAMING, Naming, Ticker
from .portfolio import Imported, imported, size_of, value_of
from .response import RESPONSE, Response

__all__ = ["import_binance"]

_OPTION_ROUNDING = Fraction(1, 50_000)  # of the notional; the venue's own example is off by half as much
_MARK_PLACES = 12  # of a mark that is worked out; what is rounded off is in the wallet


@takes(
    state=RESPONSE,
    account=TEXT,
    quote=TEXT,
    naming=NAMING,
    multi_assets=FLAG,
    options=maybe(many("two Responses", Response)),
)
def import_binance(
    state: Response,
    *,
    account: str,
    quote: str = "USDT",
    naming: Naming | None = None,
    multi_assets: bool = False,
    options: tuple[Response, Response] | None = None,
) -> Imported:
    """Return the cross account of a futures response; `options` are its option positions and their margin account.

    Raises FileError.
    """
    naming = naming or Naming()
    notes: list[str] = []
    assets = _assets(state)
    if quote not in assets:
        raise state["assets"].error(f"has no {quote}", "missing-asset", "--quote ASSET")
    rows = futures_rows(state, assets.keys())
    check_mode(state, assets, multi_assets=multi_assets)
    check_assets(assets, rows)
    _left_out(rows, quote, assets, notes, multi_assets=multi_assets)
    cross = [row for row in rows if row.quote == quote and not row.isolated]
    wallet = assets[quote]["crossWalletBalance"].exactly() + assets[quote]["crossUnPnl"].exactly()
    held, cash = _futures(cross, wallet, naming, state.file)
    if cross and not any("entryPrice" in row.entry for row in cross):
        notes.append("the response has no entry prices: profit counts from the mark")
    collateral = _collateral(assets, quote, naming) if multi_assets else []
    if options is not None:
        more, settled = _options(*options, quote, naming)
        held, cash = held + more, cash + settled
    return imported(
        state.file, cash, account=account, naming=naming, collateral=collateral, positions=held, notes=notes
    )


def _assets(state: Response) -> dict[str, Response]:
    """Return the rows of the assets by name. Raises FileError when one has two."""
    assets: dict[str, Response] = {}
    for entry in state["assets"].items():
        if assets.setdefault(entry["asset"].text(), entry) is not entry:
            raise entry["asset"].error("has a row already", "duplicate", "save the answer again, whole")
    return assets


def _futures(rows: list[Row], wallet: Fraction, naming: Naming, file: str) -> tuple[list[Position], Fraction]:
    """Return the positions, a symbol's sides added up, and the cash that makes them worth the wallet at the marks."""
    sizes: dict[Ticker, tuple[Fraction, Decimal, Fraction]] = {}  # size, and the entry price and size of the larger row
    cash = wallet
    for row in rows:
        entered = _entered(row)
        name, size, cash = naming.contract(row.entry["symbol"], row.quote), row.size, cash - row.value
        before, price, largest = sizes.get(name, (Fraction(0), entered, Fraction(0)))
        if abs(size) > largest:
            price, largest = entered, abs(size)
        sizes.pop(name, None)
        sizes[name] = (before + size, price, largest)
    held = []
    for name, (size, price, _) in sizes.items():
        cash += size * Fraction(price)
        if size:
            held.append(Position(name, value_of(size, "the size", file), price))
    return held, cash


def _entered(row: Row) -> Decimal:
    """Return a row's entry price; where the response has none, the mark that its notional was worked out at."""
    if "entryPrice" in row.entry:
        return row.entry["entryPrice"].number()
    return rounded_decimal(row.value / row.size, _MARK_PLACES)


def _left_out(
    rows: list[Row], quote: str, assets: Mapping[str, Response], notes: list[str], *, multi_assets: bool
) -> None:
    """Note what is an account of its own; refuse to leave out what backs this one, or is backed by it."""
    isolated = sum(row.isolated for row in rows)
    others = [row for row in rows if row.quote != quote and not row.isolated]
    if others and multi_assets:
        raise (
            others[0]
            .entry["symbol"]
            .error(f"is not quoted in {quote}, and in multi-assets mode all quotes are one account", "mode")
        )
    if isolated:
        notes.append(f"{isolated} isolated positions left out: each is an account of its own")
    if others:
        notes.append(f"{len(others)} positions left out: they are not quoted in {quote}")
    unused = sum(
        bool(entry["crossWalletBalance"].number())
        for name, entry in assets.items()
        if name != quote and not multi_assets
    )
    if unused:
        notes.append(f"{unused} other assets left out: without multi-assets mode they back nothing in {quote}")
    symbols: dict[str, set[str]] = {}
    for row in rows:
        symbols.setdefault(row.entry["symbol"].text(), set()).add(row.side)
    if any({"LONG", "SHORT"} <= sides for sides in symbols.values()):
        notes.append("long and short of one symbol (hedge mode) are added up")


def _collateral(assets: Mapping[str, Response], quote: str, naming: Naming) -> list[Amount]:
    """Return the other assets of a multi-assets wallet."""
    held = []
    for name, entry in assets.items():
        wallet = entry["crossWalletBalance"]
        if name == quote or not wallet.number():
            continue
        if wallet.number() < 0:
            raise wallet.error("is negative: only the quote can be owed", "mismatch")
        held.append(Amount(naming.asset(entry["asset"]), wallet.number()))
    return held


def _options(positions: Response, account: Response, quote: str, naming: Naming) -> tuple[list[Position], Fraction]:
    """Return the option positions, and the cash beside them: the account's equity less their value at the mark."""
    held, profits, gross, value = [], [], Fraction(0), Fraction(0)
    for entry in positions.items():
        entry.understood(())
        size = size_of(entry["quantity"])
        if size == 0:
            continue
        size = _signed(entry, size)
        if "quoteAsset" in entry and entry["quoteAsset"].text() != quote:
            raise entry["quoteAsset"].error(f"is not {quote}", "mismatch", "--quote ASSET")
        mark = entry["markPrice"].number()
        worth = Fraction(size) * Fraction(mark)
        if "markValue" in entry and abs(abs(entry["markValue"].exactly()) - abs(worth)) > abs(worth) * _OPTION_ROUNDING:
            raise entry["markValue"].error("is not the quantity at the mark: its unit is another", "mismatch")
        must_profit(
            entry["unrealizedPNL"], size, mark, entry["entryPrice"].number(), relative=_OPTION_ROUNDING, share=OPTION
        )
        profits.append(entry["unrealizedPNL"].exactly())
        value, gross = value + worth, gross + abs(worth)
        held.append(Position(naming.asset(entry["symbol"]), size, Decimal(0)))
    return held, _equity(account, quote, total(profits), gross) - value


def _signed(entry: Response, size: Decimal) -> Decimal:
    """Return an option's size with its side's sign; a short's may come with a minus or without."""
    side = entry["side"]
    if side.text() not in ("LONG", "SHORT"):
        raise side.error("must be LONG or SHORT")
    if side.text() == "LONG" and size < 0:
        raise entry["quantity"].error("is negative although the side is LONG", "mismatch")
    return size if side.text() == "LONG" else -abs(size)


def _equity(account: Response, quote: str, profit: Fraction, gross: Fraction) -> Fraction:
    """Return what an option account is worth in its quote, nothing being in another and its profit the positions'."""
    found = None
    for entry in account["asset"].items():
        entry.understood({"marginBalance", "equity", "adjustedEquity", "locked"})
        if entry["asset"].text() != quote:
            entry.nothing("equity", "marginBalance", says=f"is not zero, and not in {quote}")
        else:
            found = entry
    if found is None:
        raise account["asset"].error(f"has no {quote}", "missing-asset", "--quote ASSET")
    if "unrealizedPNL" in found:
        slack = Fraction(1, 100) + gross * _OPTION_ROUNDING
        must_agree(
            found["unrealizedPNL"], profit, gross, "is not what the option positions say: some are missing", slack=slack
        )
        if "marginBalance" in found:
            whole = found["marginBalance"].exactly() + found["unrealizedPNL"].exactly()
            must_agree(found["equity"], whole, abs(whole), "is not marginBalance plus unrealizedPNL")
    return found["equity"].exactly()
