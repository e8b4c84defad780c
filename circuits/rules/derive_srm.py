"""Derive's standard margin, SRM: options by expiry at the better of two margins, perpetuals, base assets.

    surplus = cash + perpetuals + base assets at their factors − perpetuals' margin − Σ expiries' margin − penalties
    margin of an expiry = min(sum of its short options' own margins, most that its options can lose)

after the venue's code (derivexyz/v2-core, src/risk-managers/StandardManager.sol, commit 7736900, read 2026-11-22).
Initial and maintenance margin are this rule under two parameter tables; `initial` is 1 in the one and 0 in the other
and turns on what only initial margin asks: more of a short option, penalties for doubted feeds and for a lost peg.

What an expiry can lose is looked at, as the venue does, at zero and at every strike up to the highest at which
something is held, however little; calls sold beyond those bought are charged at the forward besides.
"""

from __future__ import annotations

from ..language.language import (
    DIMENSIONLESS,
    Constant,
    Expression,
    absolute,
    exact,
    in_units,
    increase,
    maximum,
    minimum,
    positive,
)
from ..language.sums import add
from ..model import Shape
from .derive_pmrm2_schema import Strike
from .derive_srm_schema import derive_srm_schema, expiry_strikes
from .family import Account, Family, TableView

__all__ = ["DERIVE_SRM"]


class Book:
    """An account beside its tables, as the formulas below want it."""

    def __init__(self, account: Account, market: TableView, parameters: TableView) -> None:
        """Keep all three and count perpetuals, expiries and strikes."""
        self.account, self.market, self.parameters = account, market, parameters
        perps, expiries = len(market.column("perp_spot").row()), len(market.column("spot").row())
        self.perps = account.positions[:perps]
        self.expiries = expiry_strikes(perps, expiries, (len(account.positions) - perps) // 2)

    def calls(self, strike: Strike) -> Expression:
        """Return the calls held at a strike, in lots."""
        return self.account.positions[strike.call].size

    def puts(self, strike: Strike) -> Expression:
        """Return the puts held at a strike, in lots."""
        return self.account.positions[strike.put].size

    def lots(self, strike: Strike) -> Expression:
        """Return how many options are held or owed at a strike."""
        return absolute(self.calls(strike)) + absolute(self.puts(strike))

    def short(self, expiry: int) -> Expression:
        """Return how many options of an expiry are owed."""
        return add(positive(-self.calls(k)) + positive(-self.puts(k)) for k in self.expiries[expiry])


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash, perpetuals at their price, base assets at their factors; options count in the requirement."""
    return add(worth(Book(account, market, parameters)).values())


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return what perpetuals, each expiry's options, doubts and a lost peg demand."""
    return add(demands(Book(account, market, parameters)).values())


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus."""
    book = Book(account, market, parameters)
    return worth(book) | {name: -part for name, part in demands(book).items()}


def worth(book: Book) -> dict[str, Expression]:
    """Return what the account is worth, kind by kind."""
    price, funding = book.market.column("price"), book.market.column("funding")
    asset_price, factor = book.market.column("asset_price"), book.parameters.column("factor")
    return {
        "cash": book.account.cash,
        "perpetuals": add(perp.size * (price[perp] - funding[perp]) for perp in book.perps),
        "base assets": add(a.amount * asset_price[a] * factor[a] for a in book.account.collateral),
    }


def demands(book: Book) -> dict[str, Expression]:
    """Return the requirement part by part; an expiry's part is never negative."""
    price, rate = book.market.column("price"), book.parameters.column("perp_rate")
    charge, closed = book.parameters.column("strike_charge"), book.parameters.column("perp_charge")
    strikes = [strike for group in book.expiries for strike in group]
    options = {
        f"options of expiry {expiry}": minimum(isolated(book, expiry), most_lost(book, expiry))
        for expiry in range(len(book.expiries))
    }
    return {
        "perpetuals' margin": add(absolute(perp.size) * price[perp] * rate[perp] for perp in book.perps),
        **options,
        "penalties": book.parameters["initial"] * penalties(book),
        "closed slots": add(absolute(perp.size) * closed[perp] for perp in book.perps)
        + add(book.lots(strike) * charge[strike.number] for strike in strikes),
    }


def isolated(book: Book, expiry: int) -> Expression:
    """Return the sum of what each short option demands by itself; what is owned neither demands nor helps."""
    market, initial = book.market, book.parameters["initial"]
    total = []
    for strike in book.expiries[expiry]:
        for column, held in (("call", book.calls(strike)), ("put", book.puts(strike))):
            charge, more = (market.column(f"{column}_{word}")[strike.number] for word in ("charge", "more"))
            total.append(positive(-held) * (charge + initial * more))
    return add(total)


def most_lost(book: Book, expiry: int) -> Expression:
    """Return the most that an expiry's options pay out at zero and at strikes, and the charge of unpaired calls.

    Between strikes the payout is straight, so it follows from strike to strike: what calls below and puts above it gain
    or lose on the way.
    """
    group, price = book.expiries[expiry], book.market.column("strike")
    payout = add(book.puts(strike) * price[strike.number] for strike in group)  # at zero
    worst = positive(-payout)
    for place, strike in enumerate(group):
        here = price[strike.number]
        step = increase(here, price[group[place - 1].number]) if place else here
        gained = add([*(book.calls(k) for k in group[:place]), *(-book.puts(k) for k in group[place:])])
        payout = payout + gained * step
        worst = maximum(worst, reached(book, group[place:]) * exact(positive(-payout)))
    calls = add(book.calls(strike) for strike in group)
    unpaired = positive(-calls) * book.market.column("forward")[expiry] * book.parameters.column("unpaired")[expiry]
    return worst + unpaired


def reached(book: Book, strikes: tuple[Strike, ...]) -> Expression:
    """Return 1 where anything is held at these strikes, else 0: the venue looks no further than what is held."""
    return minimum(Constant(1, DIMENSIONLESS), in_units(add(book.lots(strike) for strike in strikes)))


def penalties(book: Book) -> Expression:
    """Return shares of notionals: of what is owed and of perpetuals off the peg; of those and base assets in doubt."""
    market, off = book.market, book.market["depeg"]
    spot, doubt = market.column("spot"), market.column("doubt")
    perp_spot, perp_doubt = market.column("perp_spot"), market.column("perp_doubt")
    asset_price, asset_doubt = market.column("asset_price"), market.column("asset_doubt")
    return add(
        [
            *(book.short(e) * spot[e] * (off + doubt[e]) for e in range(len(book.expiries))),
            *(absolute(perp.size) * perp_spot[perp] * (off + perp_doubt[perp]) for perp in book.perps),
            *(a.amount * asset_price[a] * asset_doubt[a] for a in book.account.collateral),
        ]
    )


DERIVE_SRM = Family(
    "derive-srm",
    derive_srm_schema,
    equity,
    requirement,
    parts=parts,
    trial=Shape(9, 1, 0, None, (("perps", 1), ("expiries", 2), ("strikes", 4))),
)
