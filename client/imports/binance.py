"""Binance: `GET /fapi/v3/account` (or v2), and options of `GET /eapi/v1/position` with `/eapi/v1/marginAccount`.

Shapes, read 2026-11-22: https://developers.binance.com/docs/derivatives/usds-margined-futures/account and
https://developers.binance.com/docs/derivatives/option. Amounts are decimal strings.

- `positionAmt` is negative for a short; in hedge mode a symbol has a LONG and a SHORT row, which are added up here.
- v3 has no entry prices: positions then enter at the mark, their profit so far being in the wallet. Either way the
  wallet is what makes the cross account worth crossWalletBalance + crossUnPnl at the response's own marks
  (notional = positionAmt·mark).
- An isolated position has a wallet of its own and is left out, as are positions in another quote.
- Other assets of the futures wallet are collateral in multi-assets mode only (`multi_assets`).
- Options are paid in full when traded, so they enter at price zero; their account is worth its `equity`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from ..files.portfolio import Amount, Position
from ..files.quantity import rounded_decimal
from .naming import Naming
from .portfolio import Imported, imported, value_of
from .response import Response

__all__ = ["import_binance"]

_MARK_PLACES = 12  # of a mark that is worked out; what is rounded off is in the wallet


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
    rows = list(_cross(state, quote, notes))
    cash, collateral = _wallet(state, quote, naming, multi_assets=multi_assets)
    sizes: dict[str, tuple[Fraction, Fraction, Decimal]] = {}  # size, value, and the entry price of the larger row
    for entry in rows:
        size, value = Fraction(entry["positionAmt"].number()), Fraction(entry["notional"].number())
        if (size < 0) != (value < 0):
            raise entry["notional"].error("has another sign than positionAmt", "mismatch")
        entered = entry["entryPrice"].number() if "entryPrice" in entry else rounded_decimal(value / size, _MARK_PLACES)
        name = naming.contract(entry["symbol"], quote)
        before = sizes.get(name)
        if before is not None:
            entered = entered if abs(size) > abs(before[0]) else before[2]
            size, value = size + before[0], value + before[1]
        sizes[name] = (size, value, entered)
    if rows and not any("entryPrice" in entry for entry in rows):
        notes.append("the response has no entry prices: profit counts from the mark")
    held = []
    for name, (size, value, entered) in sizes.items():
        cash -= value - size * Fraction(entered)
        if size:
            held.append(Position(name, value_of(size, "the size", state.file), entered))
    if options is not None:
        more, settled = _options(*options, quote, naming)
        held, cash = held + more, cash + settled
    return imported(state.file, cash, account=account, collateral=collateral, positions=held, notes=notes)


def _cross(state: Response, quote: str, notes: list[str]) -> Iterator[Response]:
    """Return the positions of the cross account in one quote, and note how many others there are."""
    isolated = elsewhere = 0
    for entry in state["positions"].items():
        if entry["positionAmt"].number() == 0:
            continue
        alone = entry["isolated"].flag() if "isolated" in entry else entry["isolatedWallet"].number() != 0
        if alone:
            isolated += 1
        elif not entry["symbol"].text().partition("_")[0].endswith(quote):
            elsewhere += 1
        else:
            yield entry
    if isolated:
        notes.append(f"{isolated} isolated positions left out: each is an account of its own")
    if elsewhere:
        notes.append(f"{elsewhere} positions left out: they are not quoted in {quote}")


def _wallet(state: Response, quote: str, naming: Naming, *, multi_assets: bool) -> tuple[Fraction, list[Amount]]:
    """Return what the cross account is worth in its quote, and the other assets where they stand for it."""
    cash, held, seen = Fraction(0), [], False
    for entry in state["assets"].items():
        wallet = entry["crossWalletBalance"]
        if entry["asset"].text() == quote:
            cash, seen = Fraction(wallet.number()) + Fraction(entry["crossUnPnl"].number()), True
        elif multi_assets and wallet.number():
            if wallet.number() < 0:
                raise wallet.error("is negative: only the quote can be owed", "mismatch")
            held.append(Amount(naming.asset(entry["asset"]), wallet.number()))
    if not seen:
        raise state["assets"].error(f"has no {quote}", "missing-asset", "--quote ASSET")
    return cash, held


def _options(positions: Response, account: Response, quote: str, naming: Naming) -> tuple[list[Position], Fraction]:
    """Return the option positions, and the cash beside them: the account's equity less their value at the mark."""
    held, value = [], Fraction(0)
    for entry in positions.items():
        size, side = abs(entry["quantity"].number()), entry["side"]
        if side.text() not in ("LONG", "SHORT"):
            raise side.error("must be LONG or SHORT")
        if size == 0:
            continue
        signed = size if side.text() == "LONG" else -size
        value += Fraction(signed) * Fraction(entry["markPrice"].number())
        held.append(Position(naming.asset(entry["symbol"]), signed, Decimal(0)))
    for entry in account["asset"].items():
        if entry["asset"].text() == quote:
            return held, Fraction(entry["equity"].number()) - value
    raise account["asset"].error(f"has no {quote}", "missing-asset", "--quote ASSET")
