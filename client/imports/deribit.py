"""Deribit: the answers of `private/get_positions` and `private/get_account_summary` (or `get_account_summaries`).

Shapes, read 2026-11-22: https://docs.deribit.com/api-reference/account-management/private-get_positions.md and
private-get_account_summary.md. Numbers stand bare (1.5, not "1.5") and are kept to the last digit.

- An option's `size` is in its base currency, signed. A future's may be in the currency that it is quoted in, so its
  base amount is taken from `size_currency`. Each row's size × (mark − average) must be its `total_profit_loss`.
- Linear instruments (BTC_USDC-PERPETUAL) are settled in the currency behind the underscore, all others in their coin.
- Options are paid in full when traded and so enter at price zero. `equity` of a currency is what everything settled in
  it is worth; less its options at the mark and its futures since they were entered, that is the wallet.
- The quote's wallet is cash; a coin's is collateral, or debt when it is negative.
- Inverse futures are refused: their profit in money is not their size times a price.
- `deribit_summaries.py` says when the summaries are of one account, and all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from ...kernel.arguments import TEXT, many, takes
from ..files.portfolio import Amount, Position
from .checks import OPTION, must_profit, price_slack
from .deribit_summaries import Book, Books, Summaries
from .naming import NAMING, Naming
from .portfolio import Imported, imported, size_of, value_of
from .response import RESPONSE, Response

__all__ = ["import_deribit"]

_PERCENT = Fraction(1, 100)
_ROW = {"interest_value"}
_SIGNS = {"buy": 1, "sell": -1}


@takes(
    positions=RESPONSE,
    summaries=many("a list of Responses", Response),
    account=TEXT,
    quote=TEXT,
    naming=NAMING,
)
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
    books = Books()
    for entry in positions.inside("result").items():
        entry.understood(_ROW)
        size, kind, name = entry["size"].number(), entry["kind"], entry["instrument_name"]
        if kind.text() not in ("option", "future"):
            raise kind.error("must be option or future: combinations are listed by their legs")
        if size == 0:
            entry.nothing("size_currency", says="is not zero although the size is")
            continue
        if (name.text().rpartition("-")[2] in ("C", "P")) != (kind.text() == "option"):
            raise kind.error("is not what the instrument's name says", "mismatch")
        currency, base, linear = _settled_in(name)
        if kind.text() == "future" and not linear:
            _sign(entry, entry["size"])
            raise name.error("is an inverse future: its profit is not its size times a price", "inverse")
        book = books.of(currency)
        if "index_price" in entry:
            books.prices[base] = entry["index_price"].exactly()
        if kind.text() == "option":
            coins, entered = _option(entry, book), Decimal(0)
        else:
            coins, entered = _future(entry, book), entry["average_price"].number()
        held.append(Position(naming.asset(name), coins, entered))
    cash = Fraction(0)
    collateral: list[Amount] = []
    debt: list[Amount] = []
    for summary in Summaries(summaries, books, positions).each():
        wallet = summary["equity"].exactly() - books.of(summary["currency"].text()).value
        if summary["currency"].text() == quote:
            cash += wallet
        elif wallet:
            amount = Amount(naming.asset(summary["currency"]), value_of(abs(wallet), "the amount", summary.file))
            (collateral if wallet > 0 else debt).append(amount)
    return imported(
        positions.file, cash, account=account, naming=naming, collateral=collateral, debt=debt, positions=held
    )


def _option(entry: Response, book: Book) -> Decimal:
    """Return an option's size, in coins, and add it to its currency's book."""
    size, mark = size_of(entry["size"]), entry["mark_price"].number()
    _sign(entry, entry["size"])
    must_profit(_profit(entry), size, mark, entry["average_price"].number(), share=OPTION)
    worth = Fraction(size) * Fraction(mark)
    book.value += worth
    book.options += worth
    book.gross += abs(worth)
    book.rounding += abs(Fraction(size)) * price_slack(mark, OPTION)
    book.moves(_index(entry), None)
    return size


def _future(entry: Response, book: Book) -> Decimal:
    """Return a linear future's size, in coins whatever `size` is counted in, and add it to its currency's book.

    Older answers have no `size_currency`: then `size` is in coins where its profit shows that.
    """
    amount = entry["size_currency" if "size_currency" in entry or not _profit(entry).number() else "size"]
    size, mark, average = size_of(amount), entry["mark_price"].number(), entry["average_price"].number()
    _sign(entry, entry["size"])
    _sign(entry, amount)
    said, coins = entry["size"].exactly(), Fraction(size)
    prices = [Fraction(1), Fraction(mark), Fraction(average)]
    if "index_price" in entry:
        prices.append(entry["index_price"].exactly())
    if all(abs(said - coins * price) > abs(coins * price) * _PERCENT for price in prices):
        raise entry["size"].error("is neither size_currency nor what that is worth", "mismatch")
    must_profit(_profit(entry), size, mark, average)
    book.value += coins * (Fraction(mark) - Fraction(average))
    book.futures += 1
    book.moves(_index(entry), coins)
    return size


def _profit(entry: Response) -> Response:
    """Return what the position gained since it was entered."""
    return entry["total_profit_loss" if "total_profit_loss" in entry else "floating_profit_loss"]


def _sign(entry: Response, size: Response) -> None:
    """Refuse a size whose sign is not the direction's."""
    direction = entry["direction"]
    if direction.text() not in _SIGNS:
        raise direction.error("must be buy or sell")
    if size.number() * _SIGNS[direction.text()] <= 0:
        raise size.error("contradicts the direction", "mismatch")


def _index(entry: Response) -> str:
    """Return the price index that an instrument follows, as summaries call it: btc_usdc, or btc_usd of coin-settled."""
    currency, base, linear = _settled_in(entry["instrument_name"])
    return f"{base}_{currency if linear else 'USD'}".lower()


def _settled_in(name: Response) -> tuple[str, str, bool]:
    """Return the currency an instrument is settled in, its base, and whether it is linear in that currency."""
    base, underscore, currency = name.text().partition("-")[0].partition("_")
    return (currency, base, True) if underscore else (base, base, False)
