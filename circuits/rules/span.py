"""SPAN: risk arrays (16 scenarios as published), calendar and spot charges, credits, the short option minimum.

    risk of a commodity = max(scan + calendar + spot − credits, short option minimum)
    margin              = max(0, Σ risk − net option value) + exposure
    surplus             = cash + futures at market + collateral − margin

Scan is the largest loss of a commodity's positions over the published array, never below zero: a cell is what one lot
loses in one scenario, an extreme move already at the share that the clearing house covers. Positions of one commodity
offset each other fully in it, whatever their months, and the calendar charge takes that back: opposite deltas of two
months consume each other, one for one, nearest months first, each at the pair's rate. The first month is the delivery
month: its delta is charged once more, at one rate where a spread has consumed it and another where it stands alone.
Between commodities net deltas consume each other pair by pair in the list's order, so many deltas of either a spread;
n spreads, in hundredths rounded down, take n times the published amount off either leg's risk.

Variant: a credit is a fixed amount a spread and leg, say the credit rate times the scan range of the deltas in it. (The
weighted futures price risk of the clearing house's own software is a quotient of two hidden numbers.) The exposure
margin is the NSE's: a rate on futures at their price and on short options at the underlying's; other houses set it to
zero. Months are assigned to slots by delta cells, so a roll changes tables only. Credits make the surplus neither
concave nor convex.

Sources: CME Group, "Standard Portfolio Analysis of Risk" and McMillan, "Options as a Strategic Investment", 4th ed.,
pp. 668-670; NSE Clearing, "Equity derivatives: margins", for exposure margin and net option value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

from ...kernel.errors import InputError
from ..language.language import MONEY, Constant, Expression, Spread, absolute, dot, maximum, positive, spread_counts
from ..language.sums import add
from ..model import ASSET_BITS, CASH_BITS, FACTOR_BITS, FACTOR_SCALE, MONEY_DIGITS, PRICE_BITS, RATE_SCALE, Shape
from ..schema import Cell, Schema, holding_specs, signed, unsigned
from .family import Account, Family, Position, TableView

__all__ = ["SPAN", "calendar_pairs", "commodity_pairs", "slots_of", "span_schema"]

SIZE_BITS = 24  # contracts
LOT_BITS = 48  # a contract's price, its loss in a scenario, a charge
DELTA, DELTA_BITS = "1e-4 delta/lot", 28
RATIO, RATIO_BITS = "1e-2 delta/spread", 24
MOST_MONTHS = 3  # with three every order of priority is a numbering of the months


def slots_of(shape: Shape) -> tuple[range, ...]:
    """Return each commodity's position slots: spread evenly in order, the first commodities one more.

    Raises InputError (code "shape") unless every commodity has a slot, and one to three months.
    """
    count = shape["commodities"]
    if not 1 <= count <= shape.positions or not 1 <= shape["months"] <= MOST_MONTHS:
        raise InputError("every commodity needs a slot, and one to three months", code="shape")
    each, more = divmod(shape.positions, count)
    starts = [i * each + min(i, more) for i in range(count + 1)]
    return tuple(range(start, end) for start, end in pairwise(starts))


def calendar_pairs(months: int) -> list[tuple[int, int]]:
    """Return the pairs of months in the order they consume each other: neighbours first."""
    return [(first, first + apart) for apart in range(1, months) for first in range(months - apart)]


def commodity_pairs(commodities: int) -> list[tuple[int, int]]:
    """Return the pairs of commodities in the order they consume each other."""
    return list(combinations(range(commodities), 2))


@dataclass(frozen=True)
class Book:
    """An account beside its tables, as the formulas below want it."""

    account: Account
    market: TableView
    parameters: TableView

    @cached_property
    def shape(self) -> Shape:
        """Return the shape, read off the tables."""
        commodities = len(self.parameters.column("spot_outright").row())
        months = len(self.market.column("delta").row(0))
        scenarios = len(self.market.column("array").row(0))
        dimensions = (("commodities", commodities), ("months", months), ("scenarios", scenarios))
        return Shape(len(self.account.positions), len(self.account.collateral), 0, None, dimensions)

    @cached_property
    def commodities(self) -> list[list[Position]]:
        """Return the positions of each commodity."""
        return [[self.account.positions[slot] for slot in slots] for slots in slots_of(self.shape)]

    def worth(self, positions: Iterable[Position]) -> Expression:
        """Return positions at the market."""
        return add(position.size * self.market.column("price")[position] for position in positions)

    @cached_property
    def option_value(self) -> Expression:
        """Return the net option value: what options held are worth less what options written are."""
        option = self.parameters.column("option")
        return add(self.worth([position]) * option[position] for position in self.account.positions)

    def losses(self, positions: Sequence[Position]) -> list[Expression]:
        """Return what positions lose in each scenario."""
        array = self.market.column("array")
        return [add(p.size * array[p, scenario] for p in positions) for scenario in range(self.shape["scenarios"])]

    def deltas(self, commodity: int) -> list[Expression]:
        """Return a commodity's delta in each month."""
        delta = self.market.column("delta")
        months, positions = self.shape["months"], self.commodities[commodity]
        return [dot([p.size for p in positions], [delta[p, month] for p in positions]) for month in range(months)]

    def charges(self, commodity: int) -> Expression:
        """Return the calendar charge and the delivery month's."""
        rates = self.parameters.column("calendar").row(commodity)
        deltas = self.deltas(commodity)
        pairs = calendar_pairs(len(deltas))
        counts, left = spread_counts(deltas, [Spread(first, second) for first, second in pairs], kept=[0])
        calendar = add(count * rate for count, rate in zip(counts, rates, strict=True))
        alone = left[0].gross
        consumed = absolute(deltas[0]) - alone
        spread, outright = (self.parameters.column(f"spot_{kind}")[commodity] for kind in ("spread", "outright"))
        return calendar + consumed * spread + alone * outright

    @cached_property
    def credits(self) -> list[Expression]:
        """Return what each commodity's risk is less by, for spreads with others."""
        pairs = commodity_pairs(len(self.commodities))
        ratio, amount = self.parameters.column("ratio"), self.parameters.column("credit")
        net = [sum(deltas[1:], deltas[0]) for deltas in map(self.deltas, range(len(self.commodities)))]
        spreads = [Spread(*pair, first_ratio=ratio[k, 0], second_ratio=ratio[k, 1]) for k, pair in enumerate(pairs)]
        counts, _ = spread_counts(net, spreads)
        legs = [(pair[leg], counts[k] * amount[k, leg]) for k, pair in enumerate(pairs) for leg in (0, 1)]
        return [add(part for owner, part in legs if owner == each) for each in range(len(self.commodities))]

    def risk(self, commodity: int) -> Expression:
        """Return a commodity's risk: scan, charges and credits, at least the short option minimum."""
        positions, least = self.commodities[commodity], self.parameters.column("short_minimum")
        scan = maximum(*self.losses(positions), Constant(0, MONEY))
        minimum = add(positive(-p.size) * least[p] for p in positions)
        return maximum(scan + self.charges(commodity) - self.credits[commodity], minimum)

    def exposure(self, position: Position) -> Expression:
        """Return a position's exposure margin: of a future on either side, of an option where it is written."""
        rate, option = self.parameters.column("exposure_rate")[position], self.parameters.column("option")[position]
        exposed = absolute(position.size) - positive(position.size) * option
        return exposed * (self.market.column("exposure_price")[position] * rate)


def equity(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return cash, futures at the market, and collateral at its factor; options count in the margin."""
    return add(_worth(Book(account, market, parameters)).values())


def requirement(account: Account, market: TableView, parameters: TableView) -> Expression:
    """Return the margin, and the charge of slots that are not listed."""
    return add(_demanded(Book(account, market, parameters)).values())


def parts(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return what adds up to the surplus."""
    book = Book(account, market, parameters)
    return _worth(book) | {name: -part for name, part in _demanded(book).items()}


def profits(account: Account, market: TableView, parameters: TableView) -> dict[str, Expression]:
    """Return the account's profit in each scenario."""
    losses = Book(account, market, parameters).losses(account.positions)
    return {f"scenario {number}": -loss for number, loss in enumerate(losses, start=1)}


def _worth(book: Book) -> dict[str, Expression]:
    price, factor = book.market.column("asset_price"), book.parameters.column("factor")
    held = (asset.amount * price[asset] * factor[asset] for asset in book.account.collateral)
    futures = book.worth(book.account.positions) - book.option_value
    return {"cash": book.account.cash, "futures": futures, "collateral": add(held)}


def _demanded(book: Book) -> dict[str, Expression]:
    risk = add(book.risk(commodity) for commodity in range(len(book.commodities)))
    charge = book.parameters.column("charge")
    return {
        "risk less options": positive(risk - book.option_value),
        "exposure": add(book.exposure(position) for position in book.account.positions),
        "unlisted": add(absolute(p.size) * charge[p] for p in book.account.positions),
    }


def span_schema(shape: Shape) -> Schema:
    """Return the family's schema. Raises InputError (code "shape") for a shape that does not hang together."""
    shape.needs("commodities", "months", "scenarios")
    slots_of(shape)
    if not shape["scenarios"] or shape.debts:
        raise InputError("the rule needs scenarios and knows no debts", code="shape")
    holdings = holding_specs(shape, cash=CASH_BITS, size=SIZE_BITS, amount=ASSET_BITS)
    tables = (("market", _market_cells(shape)), ("parameters", _parameter_cells(shape)))
    return Schema("span", shape, MONEY_DIGITS, holdings, tables)


def _market_cells(shape: Shape) -> tuple[Cell, ...]:
    positions = range(shape.positions)
    return (
        *(_of_lot(f"market.price.{i}") for i in positions),
        *(_of_lot(f"market.exposure_price.{i}") for i in positions),
        *(
            signed(f"market.delta.{i}.{month}", DELTA, DELTA_BITS, slot=f"position {i}")
            for i in positions
            for month in range(shape["months"])
        ),
        *(
            signed(f"market.array.{i}.{scenario}", "money/lot", LOT_BITS, slot=f"position {i}")
            for i in positions
            for scenario in range(shape["scenarios"])
        ),
        *(unsigned(f"market.asset_price.{a}", "money/lot", PRICE_BITS) for a in range(shape.assets)),
    )


def _parameter_cells(shape: Shape) -> tuple[Cell, ...]:
    """Return what is the instruments', the commodities', the pairs' and the assets', in this order.

    A slot that is not listed is charged the most there is; a pair that is not listed takes more deltas a spread than
    anybody has.
    """
    positions, commodities = range(shape.positions), range(shape["commodities"])
    pairs, months = range(len(commodity_pairs(len(commodities)))), range(len(calendar_pairs(shape["months"])))
    dearer, most = {"levels": "initial>=maintenance"}, (1 << LOT_BITS) - 1
    far = (1 << RATIO_BITS) - 1
    return (
        *(unsigned(f"parameters.option.{i}", "", 1) for i in positions),
        *(_of_lot(f"parameters.short_minimum.{i}", **dearer) for i in positions),
        *(unsigned(f"parameters.exposure_rate.{i}", "1e-6", 20, maximum=RATE_SCALE, **dearer) for i in positions),
        *(_of_lot(f"parameters.charge.{i}", empty=most, **dearer) for i in positions),
        *(
            unsigned(f"parameters.calendar.{c}.{k}", "money/delta", LOT_BITS, **dearer)
            for c in commodities
            for k in months
        ),
        *(unsigned(f"parameters.spot_spread.{c}", "money/delta", LOT_BITS, **dearer) for c in commodities),
        *(unsigned(f"parameters.spot_outright.{c}", "money/delta", LOT_BITS, **dearer) for c in commodities),
        *(
            unsigned(f"parameters.ratio.{k}.{leg}", RATIO, RATIO_BITS, minimum=1, empty=far)
            for k in pairs
            for leg in (0, 1)
        ),
        *(
            unsigned(f"parameters.credit.{k}.{leg}", "money/spread", LOT_BITS, levels="initial<=maintenance")
            for k in pairs
            for leg in (0, 1)
        ),
        *(
            unsigned(f"parameters.factor.{a}", "1e-4", FACTOR_BITS, maximum=FACTOR_SCALE, levels="initial<=maintenance")
            for a in range(shape.collateral)
        ),
    )


def _of_lot(name: str, **more: object) -> Cell:
    return unsigned(name, "money/lot", LOT_BITS, slot=f"position {name.rpartition('.')[2]}", **more)


SPAN = Family(
    "span",
    span_schema,
    equity,
    requirement,
    parts=parts,
    scenarios=profits,
    trial=Shape(4, 1, 0, None, (("commodities", 2), ("months", 2), ("scenarios", 2))),
)
