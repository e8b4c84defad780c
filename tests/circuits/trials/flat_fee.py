"""A small rule, for tests to put something wrong into: positions at a price, a fee a lot."""

from zkmargin.circuits.language.language import MONEY, Constant, absolute
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.family import Family
from zkmargin.circuits.schema import Schema, holding_specs, unsigned


def flat_fee_schema(shape):
    slots = range(shape.positions)
    market = tuple(unsigned(f"market.price.{i}", "money/lot", 20) for i in slots)
    parameters = tuple(
        unsigned(f"parameters.charge.{i}", "money/lot", 20, levels="initial>=maintenance") for i in slots
    )
    holdings = holding_specs(shape, cash=40, size=16, amount=16)
    return Schema("flat-fee", shape, 8, holdings, (("market", market), ("parameters", parameters)))


def equity(account, market, parameters):
    total = account.cash
    for position in account.positions:
        total = total + position.size * market.column("price")[position]
    return total


def requirement(account, market, parameters):
    total = Constant(0, MONEY)
    for position in account.positions:
        total = total + absolute(position.size) * parameters.column("charge")[position]
    return total


FLAT_FEE = Family("flat-fee", flat_fee_schema, equity, requirement, trial=Shape(1, 0, 0))
