"""Whether Deribit's summaries and positions are of one account, and all of it.

- With cross collateral (`margin_model` cross_…, or `cross_collateral_enabled`) all currencies back each other: all of
  them have to be there, as `get_account_summaries` lists them, or as `total_equity_usd` shows.
- Without, each currency is an account of its own, and only one may hold anything.
- `options_value` is what the options of the currency are worth. Positions and summaries are asked for one after the
  other, so marks may have moved by five percent. `equity` is the balance, the session's profit and the options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from .checks import money_slack, total
from .response import Response

__all__ = ["Book", "Books", "Summaries"]

_MOVED = Fraction(1, 20)
_ROUNDED = Fraction(5, 10**6)  # five numbers of six digits after the point
_DELTA = Fraction(1, 10**5)  # coins; deltas are printed with five digits or more
_DOLLARS = ("USDC", "USDT", "USDE", "USYC", "BUIDL")
_MODELS = ("cross_sm", "cross_pm", "segregated_sm", "segregated_pm")
_ALL = "save private/get_account_summaries, which has every currency"
_KNOWN = {
    "balance",
    "margin_balance",
    "equity",
    "total_equity_usd",
    "total_margin_balance_usd",
    "additional_reserve",
    "spot_reserve",
    "locked_balance",
    "summaries",
}


@dataclass(repr=False)
class Book:
    """The positions settled in one currency: their value, of it the options', and the rounding in that."""

    value: Fraction = Fraction(0)  # options at the mark, futures since they were entered
    options: Fraction = Fraction(0)
    gross: Fraction = Fraction(0)
    rounding: Fraction = Fraction(0)
    futures: int = 0
    deltas: dict[str, Fraction | None] = field(default_factory=dict)  # by index, in coins; None with options

    def moves(self, index: str, delta: Fraction | None) -> None:
        """Add what a position moves with an index; an option's delta is the venue's model, and None."""
        so_far = self.deltas.get(index, Fraction(0))
        self.deltas[index] = None if delta is None or so_far is None else so_far + delta


@dataclass(repr=False)
class Books:
    """The book of each currency, and index prices in dollars of coins that positions name."""

    books: dict[str, Book] = field(default_factory=dict)
    prices: dict[str, Fraction] = field(default_factory=dict)

    def of(self, currency: str) -> Book:
        """Return a currency's book."""
        return self.books.setdefault(currency, Book())


class Summaries:
    """The summaries of an account's currencies, however many answers they come in."""

    def __init__(self, answers: Iterable[Response], books: Books, positions: Response) -> None:
        """Take them apart. Raises FileError when a currency has two."""
        self._books, self._positions = books, positions
        self._whole = False
        self._rows: dict[str, Response] = {}
        for answer in answers:
            for row in self._apart(answer):
                row.understood(_KNOWN)
                currency = row["currency"]
                if currency.text() in self._rows:
                    raise currency.error("has a summary already", "duplicate")
                self._rows[currency.text()] = row

    def each(self) -> Iterator[Response]:
        """Return the summaries, one a currency, in accord with the positions. Raises FileError."""
        missing = self._books.books.keys() - self._rows.keys()
        if missing:
            currency = "".join(letter if letter.isprintable() else "?" for letter in min(missing)[:16])
            raise self._positions.error(
                f"has positions settled in {currency}, whose summary is missing",
                "missing-summary",
                "--summary FILE",
            )
        for currency, row in self._rows.items():
            _in_accord(row, self._books.of(currency))
        self._one_account()
        return iter(self._rows.values())

    def _apart(self, answer: Response) -> Iterator[Response]:
        result = answer.inside("result")
        if "summaries" in result:
            self._whole = True
            result.understood(_KNOWN)
            yield from result["summaries"].items()
        else:
            yield result

    def _one_account(self) -> None:
        rows = list(self._rows.values())
        models = [_crosses(row) for row in rows]
        if any(models):
            whole = self._adds_up(rows)
            if not (self._whole or whole):
                raise rows[0].error(
                    "is of an account whose currencies back each other, and some may be missing",
                    "missing-summary",
                    _ALL,
                )
            return
        holding = [row for row in rows if row["equity"].number() or self._books.of(row["currency"].text()).value]
        if len(holding) > 1 and False in models:
            raise holding[1]["equity"].error(
                "is another account's: without cross collateral currencies do not back each other",
                "several-accounts",
                "save positions and summary of one currency",
            )

    def _adds_up(self, rows: list[Response]) -> bool:
        """Whether the summaries make the whole account's equity in dollars, so that no currency is missing."""
        says = [row["total_equity_usd"] for row in rows if "total_equity_usd" in row]
        if not says:
            return False
        parts, known = [], True
        for row in rows:
            currency, equity = row["currency"].text(), row["equity"].exactly()
            if currency in _DOLLARS:
                parts.append(equity)
            elif currency in self._books.prices:
                parts.append(equity * self._books.prices[currency])
            elif equity:
                known = False
        if not known:
            return False
        if abs(says[0].exactly() - total(parts)) > total(abs(part) for part in parts) * _MOVED + 1:
            raise says[0].error("is not what the currencies add up to: some are missing", "mismatch", _ALL)
        return True


def _crosses(row: Response) -> bool | None:
    """Return whether a currency's account is backed by the others; None where the response does not say."""
    if "margin_model" in row:
        model = row["margin_model"]
        if model.text() not in _MODELS:
            raise model.error(f"must be one of {', '.join(_MODELS)}", "mode")
        return model.text().startswith("cross")
    if "cross_collateral_enabled" in row:
        return row["cross_collateral_enabled"].flag()
    return None


def _in_accord(row: Response, book: Book) -> None:
    """Refuse a summary of other positions than those that were handed in."""
    equity = row["equity"]
    if "options_value" in row:
        said = row["options_value"].number()
        if abs(Fraction(said) - book.options) > book.gross * _MOVED + book.rounding + money_slack(said):
            raise row["options_value"].error("is not what the options are worth: some are missing", "mismatch")
    elif "margin_balance" in row and not book.gross and not _crosses(row):  # with cross collateral, all currencies'
        _same(row["margin_balance"], equity, "is not the equity although there are no options")
    if "delta_total_map" in row:
        _deltas(row["delta_total_map"], book)
    if not book.futures:
        row.nothing("futures_session_upl", says="is not zero, but no future of the currency is in the positions")
    if "balance" in row:
        _made_of(row, book)


def _deltas(said: Response, book: Book) -> None:
    """Refuse a summary that moves with an index as its positions here do not: some future is missing."""
    if not isinstance(said.value, dict):
        raise said.error("must be an object", "wrong-type")
    for index, delta in zip(said.value, said.items(), strict=True):
        value, mine = delta.exactly(), book.deltas.get(index, Fraction(0))
        if mine is not None and abs(value - mine) > max(abs(value), abs(mine)) * _MOVED + _DELTA:
            raise delta.error("is not what the positions move with the index: some are missing", "mismatch")


def _made_of(row: Response, book: Book) -> None:
    """Refuse an equity that is made up of more than the balance, the session's profit and the options.

    equity = balance + session_rpl + futures_session_upl + options_value, each rounded by itself. Where the parts are
    not given, the equity is the balance when no position could make it another.
    """
    equity, balance = row["equity"].exactly(), row["balance"].exactly()
    if "futures_session_upl" in row and "options_value" in row:
        floating = row["futures_session_upl"].exactly() + row["options_value"].exactly()
    elif book.futures or book.gross:
        return
    else:
        floating = Fraction(0)
    settled = [row[key].exactly() for key in ("session_rpl", "futures_session_rpl") if key in row]
    wanted = [balance + floating + part for part in (Fraction(0), *settled)]
    if min(abs(equity - sum_) for sum_ in wanted) > _ROUNDED + (abs(balance) + abs(floating)) / 10**6:
        raise row["equity"].error(
            "is not the balance and what positions of the currency made of it: something in it is not known", "mismatch"
        )


def _same(said: Response, wanted: Response, says: str) -> None:
    slack = money_slack(said.number()) + money_slack(wanted.number()) + abs(wanted.exactly()) / 10**6
    if abs(said.exactly() - wanted.exactly()) > slack:
        raise said.error(says, "mismatch")
