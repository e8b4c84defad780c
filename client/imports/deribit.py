"""Deribit: the answers of `private/get_positions` and `private/get_account_summary` (or `get_account_summaries`).

Shapes, read 2026-11-22: https://docs.deribit.com/api-reference/account-management/private-get_positions.md and
private-get_account_summary.md. Numbers stand bare (1.5, not "1.5") and are kept to the last digit. `size` is signed,
and of options and linear futures in the base currency.

- Linear instruments (BTC_USDC-PERPETUAL) are settled in the currency behind the underscore, all others in their coin.
- Options are paid in full when traded and so enter at price zero. `equity` of a currency is what everything settled in
  it is worth; less its options at the mark and its futures since they were entered, that is the wallet.
- The quote's wallet is cash; a coin's is collateral, or debt when it is negative.
- Inverse futures are refused: their profit in money is not their size times a price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from ..files.portfolio import Amount, Position
from .naming import Naming
from .portfolio import Imported, imported, value_of
from .response import Response

__all__ = ["import_deribit"]


def import_deribit(
    positions: Response,
    summaries: Iterable[Response],
    *,
    account: str,
    quote: str = "USDC",
    naming: Naming | None = None,
) -> Imported:
    """Return the account of a list of positions and the summaries of its currencies. Raises FileError."""
    naming = naming or Naming()
    held: list[Position] = []
    value: dict[str, Fraction] = {}  # by currency: options at the mark, futures since they were entered
    for entry in _result(positions).items():
        size, kind, name = entry["size"].number(), entry["kind"], entry["instrument_name"]
        if kind.text() not in ("option", "future"):
            raise kind.error("must be option or future: combinations are listed by their legs")
        if size == 0:
            continue
        _same_side(entry, size)
        currency, linear = _settled_in(name)
        if kind.text() == "future" and not linear:
            raise name.error("is an inverse future: its profit is not its size times a price", "inverse")
        entered = Decimal(0) if kind.text() == "option" else entry["average_price"].number()
        worth = Fraction(size) * (Fraction(entry["mark_price"].number()) - Fraction(entered))
        value[currency] = value.get(currency, Fraction(0)) + worth
        held.append(Position(naming.asset(name), size, entered))
    cash = Fraction(0)
    collateral: list[Amount] = []
    debt: list[Amount] = []
    seen: set[str] = set()
    for summary in _each(summaries):
        currency = summary["currency"].text()
        if currency in seen:
            raise summary["currency"].error("has a summary already", "duplicate")
        seen.add(currency)
        wallet = Fraction(summary["equity"].number()) - value.pop(currency, Fraction(0))
        if currency == quote:
            cash += wallet
        elif wallet:
            amount = Amount(naming.asset(summary["currency"]), value_of(abs(wallet), "the amount", summary.file))
            (collateral if wallet > 0 else debt).append(amount)
    if value:
        raise positions.error(
            f"has positions settled in {min(value)}, whose summary is missing", "missing-summary", "--summary FILE"
        )
    return imported(positions.file, cash, account=account, collateral=collateral, debt=debt, positions=held)


def _result(response: Response) -> Response:
    if "result" in response:
        return response["result"]
    return response


def _each(summaries: Iterable[Response]) -> Iterator[Response]:
    """Return one summary a currency, whichever method they come from."""
    for summary in summaries:
        result = _result(summary)
        if "summaries" in result:
            yield from result["summaries"].items()
        else:
            yield result


def _same_side(entry: Response, size: Decimal) -> None:
    direction = entry["direction"]
    if direction.text() not in ("buy", "sell"):
        raise direction.error("must be buy or sell")
    if (direction.text() == "sell") != (size < 0):
        raise entry["size"].error("contradicts the direction", "mismatch")


def _settled_in(name: Response) -> tuple[str, bool]:
    """Return the currency an instrument is settled in, and whether it is linear in it."""
    base, underscore, currency = name.text().partition("-")[0].partition("_")
    return (currency, True) if underscore else (base, False)
