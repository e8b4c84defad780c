"""Derive's portfolio margin, PMRM 2: options of one underlying by expiry, its perpetual, collateral, scenarios.

    surplus = mark + cash + span·(loss factor + peg) − contingencies
    span    = min(basis, every scenario's profit)

in the words of the venue's document and code (derivexyz/v2-core, src/risk-managers/PMRMLib_2.sol, commit 7736900,
read 2026-11-22). Initial and maintenance margin are this rule under two parameter tables: the venue adds the initial
share of each contingency to the maintenance share, so a rate here is what counts at its level; peg and doubt factors
are zero at maintenance. Prices under scenarios stand in the market table, made off chain from public data.

Differences from the venue, each on the careful side: confidence in the perpetual's price counts whether or not one is
held, and confidence in volatilities is the expiry's lowest. A short's discount is at least a long's, as wherever the
venue is used: the schema holds it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, reduce

from ..language.language import Expression, absolute, maximum, minimum, positive
from ..language.sums import add
from ..model import Shape
from .derive_pmrm2_schema import Strike, derive_pmrm2_schema, strikes_of
from .family import Account, Family, TableView

__all__ = ["DERIVE_PMRM2"]


class Book:
    """An account beside its tables, as the formulas below want it."""

    def __init__(self, account: Account, market: TableView, parameters: TableView) -> None:
        """Keep all three and count expiries and strikes."""
        self.account, self.market, self.parameters = account, market, parameters
        expiries = len(market.column("long_haircut").row())
        self.expiries = strikes_of(expiries, (len(account.positions) - 1) // 2)
        self.perp = account.positions[0].size

    def calls(self, strike: Strike) -> Expression:
        """Return the calls held at a strike, in lots."""
        return self.account.positions[strike.call].size

    def puts(self, strike: Strike) -> Expression:
        """Return the puts held at a strike, in lots."""
        return self.account.positions[strike.put].size

    def net(self, strike: Strike) -> Expression:
        """Return calls and puts together: what is naked when negative, and what a strike's row of puts is held of."""
        return self.calls(strike) + self.puts(strike)

    def lots(self, strike: Strike) -> Expression:
        """Return how many options are held or owed at a strike."""
        return absolute(self.calls(strike)) + absolute(self.puts(strike))

    def value(self, expiry: int, put: Callable[[Strike], Expression], forward: Expression, strike: str) -> Expression:
        """Return what an expiry's options are worth: calls and puts as puts, and the calls' forwards beside them."""
        strikes, paid = self.expiries[expiry], self.market.column(strike)
        calls = add(self.calls(k) for k in strikes)
        return add(self.net(k) * put(k) - self.calls(k) * paid[k.number] for k in strikes) + calls * forward

    def calm(self, row: str, expiry: int) -> Expression:
        """Return an expiry's value at today's volatility: `mark`, or with the forward `up` or `down`."""
        puts, forwards = self.market.column(f"{row}_put"), self.market.column(f"{row}_forward")
        return self.value(expiry, lambda k: puts[k.number], forwards[expiry], "mark_strike")

    @cached_property
    def marks(self) -> list[Expression]:
        """Return each expiry's mark."""
        return [self.calm("mark", expiry) for expiry in range(len(self.expiries))]

    def shocked(self, rows: str, expiry: int, scenario: int) -> Expression:
        """Return an expiry's value in a scenario, discounted by its sign: value − haircut·positive(value).

        The rows are discounted as a short is; what is worth something counts for less.
        """
        puts, forwards = self.market.column(f"{rows}put"), self.market.column(f"{rows}forward")
        value = self.value(expiry, lambda k: puts[k.number, scenario], forwards[expiry, scenario], "strike")
        return value - self.market.column("long_haircut")[expiry] * positive(value)

    def asset_value(self, slot: int) -> Expression:
        """Return what is held of a collateral asset, in money."""
        return self.account.collateral[slot].amount * self.market.column("asset_price")[slot]

    @cached_property
    def linear(self) -> Expression:
        """Return the money that moves with spot: the perpetual and collateral that cancels risk."""
        cancels = self.parameters.column("cancels")
        held = (self.asset_value(asset.slot) * cancels[asset.slot] for asset in self.account.collateral)
        return self.perp * self.market["perp_price"] + add(held)


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the mark to market: cash, perpetual, collateral in full, options."""
    return add(worth(Book(account, market, parameters)).values())


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return contingencies less what the worst scenario takes; span is never above zero."""
    book = Book(account, market, parameters)
    return add(contingencies(book).values()) - lost(book)


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus, in the order the venue's document has it."""
    book = Book(account, market, parameters)
    demanded = {f"{name} contingency": -part for name, part in contingencies(book).items()}
    return worth(book) | {"worst scenario": lost(book)} | demanded


def profits(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return the profit in each scenario that span is the least of."""
    book = Book(account, market, parameters)
    moved = {f"scenario {number}": profit for number, profit in enumerate(scenarios(book))}
    return moved | {f"skew {number}": profit for number, profit in enumerate(skews(book))} | {"basis": basis(book)}


def worth(book: Book) -> dict[str, Expression]:
    """Return what the account is worth, kind by kind."""
    return {
        "cash": book.account.cash,
        "perpetual": book.perp * (book.market["perp_price"] - book.market["funding.0"]),
        "collateral": add(book.asset_value(asset.slot) for asset in book.account.collateral),
        "options": add(book.marks),
    }


def lost(book: Book) -> Expression:
    """Return span·(loss factor + peg gap·peg factor), span the least of basis and scenarios."""
    factor = book.parameters["loss_factor"] + book.market["peg_gap"] * book.parameters["peg_factor"]
    return factor * reduce(minimum, [*scenarios(book), *skews(book)], basis(book))


def basis(book: Book) -> Expression:
    """Return −Σ expiries' worst loss of forwards up or down, times (add + mult·τ)."""
    factor = book.market.column("basis_factor")
    losses = (
        factor[expiry] * positive(maximum(mark - book.calm("up", expiry), mark - book.calm("down", expiry)))
        for expiry, mark in enumerate(book.marks)
    )
    return -add(losses)


def scenarios(book: Book) -> list[Expression]:
    """Return the profit in each scenario of spot and volatility."""
    moves, weights = book.parameters.column("move"), book.parameters.column("weight")
    mark, spread = add(book.marks), range(len(book.expiries))
    return [
        weights[s] * (book.linear * moves[s] + add(book.shocked("", e, s) for e in spread) - mark)
        for s in range(len(weights.row()))
    ]


def skews(book: Book) -> list[Expression]:
    """Return the profit in each skew scenario: every expiry loses what it moves, whichever way."""
    weights, spread = book.parameters.column("skew_weight"), range(len(book.expiries))

    return [
        -weights[s] * add(absolute(book.shocked("skew_", e, s) - book.marks[e]) for e in spread)
        for s in range(len(weights.row()))
    ]


def contingencies(book: Book) -> dict[str, Expression]:
    """Return what is demanded whatever the market does: a share of notionals and values, and doubt in feeds."""
    market, rates = book.market, book.parameters
    haircut, asset_doubt, doubt = rates.column("haircut"), market.column("asset_doubt"), market.column("doubt")
    strikes = [strike for group in book.expiries for strike in group]
    naked = add(positive(-book.net(strike)) for strike in strikes)
    assets = [asset.slot for asset in book.account.collateral]
    doubted = market["perp_doubt"] * absolute(book.perp) + add(doubt[k.expiry] * book.lots(k) for k in strikes)
    charge = rates.column("strike_charge")
    return {
        "perpetual": absolute(book.perp) * market["spot"] * rates["perp_rate"],
        "naked shorts": naked * market["spot"] * rates["naked_rate"],
        "collateral": add(book.asset_value(slot) * haircut[slot] for slot in assets),
        "oracle": (doubted * market["spot"] + add(book.asset_value(a) * asset_doubt[a] for a in assets))
        * rates["doubt_factor"],
        "closed slots": absolute(book.perp) * rates["perp_charge"]
        + add(book.lots(strike) * charge[strike.number] for strike in strikes),
    }


DERIVE_PMRM2 = Family(
    "derive-pmrm2",
    derive_pmrm2_schema,
    equity,
    requirement,
    parts=parts,
    scenarios=profits,
    trial=Shape(5, 1, 0, None, (("expiries", 2), ("strikes", 2), ("scenarios", 2), ("skews", 2))),
)
