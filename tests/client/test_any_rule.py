"""What the explainer does for rules it knows nothing of, held against what it knows of cross margin.

A breach price searched for, a scenario or a comparison that is off would be believed: no closed form stands beside it.
"""

import json
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed

from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client import Session
from zkmargin.client.families import cross_margin
from zkmargin.client.margin import trades
from zkmargin.client.margin.distances import distances
from zkmargin.client.margin.report import breach_cell
from zkmargin.client.margin.root_search import first_zero
from zkmargin.client.margin.scenarios import MOVES, scenarios
from zkmargin.client.margin.shocked import Moves
from zkmargin.client.margin.terms import terms
from zkmargin.client.margin.trades import largest_trade
from zkmargin.kernel.errors import FileError, InputError

from .accounts import account, files
from .conftest import SEED


@pytest.fixture
def unknown(monkeypatch):
    """Make cross margin a rule of which nothing is known, and return what puts its flags back."""
    flagged = cross_margin.FILES
    plain = replace(flagged, separable=False, tiered=False)

    def known(yes):
        monkeypatch.setattr(cross_margin, "FILES", flagged if yes else plain)

    known(False)
    return known


def over_drawn(tmp_path_factory, check, most):
    @hypothesis_seed(SEED)
    @settings(max_examples=most)
    @given(drawn=account)
    def each(drawn):
        parameters, tables, held, holdings = files(tmp_path_factory.mktemp("drawn"), drawn)
        check(parameters, tables, held, evaluate(tables.schema, holdings, tables.market, tables.initial))

    each()


def test_a_breach_price_searched_for_is_the_one_in_closed_form(tmp_path_factory, unknown, say):
    same = none = beyond = 0

    def check(parameters, _tables, _held, result):
        nonlocal same, none, beyond
        for slot, size in enumerate(result.holdings.sizes):
            if not size or result.surplus < 0:
                continue
            unknown(True)
            exact = breach_cell(result, slot)
            unknown(False)
            found = breach_cell(result, slot)
            if exact is None or exact < 1:
                none += 1
                assert found is None or found < 1
            elif found is None:
                beyond += 1  # only between the last whole cell and the end of the range
                assert exact > result.schema.cells("market")[slot].maximum
            else:
                same += 1
                assert abs(found - exact) <= 1  # both lie between the same two cells

    over_drawn(tmp_path_factory, check, 60)
    say(f"breach prices: {same} equal, {none} none, {beyond} at the end")
    assert min(same, none) > 8


def test_distances_searched_for_are_zeros_and_none_is_missed(tmp_path_factory, unknown, say):
    found = 0

    def check(parameters, _tables, _held, result):
        nonlocal found
        if result.surplus < 0:
            return
        unknown(True)
        exact = {(row.kind, row.name): row for row in distances(parameters, result)}
        unknown(False)
        moves = Moves(parameters, result)
        for row in distances(parameters, result):
            moved = [price for price in moves.prices if row.kind == "market" or price.name == row.name]
            moved = [price for price in moved if row.kind in ("market", price.kind)]
            coarsest = max(Fraction(1, int(result.cells["market"][price.place])) for price in moved)
            for searched, closed in (
                (row.fall, exact[row.kind, row.name].fall),
                (row.rise, exact[row.kind, row.name].rise),
            ):
                if searched is not None:
                    found += 1
                    parts = (1 + searched) * 10**6
                    sides = [moves.at(moved, Fraction(side, 10**6)).surplus for side in (floor(parts), ceil(parts))]
                    assert sides[0] * sides[1] <= 0 or 0 in sides
                if closed is not None and coarsest < Fraction(1, 10**4) and Fraction(-99, 100) < closed < 10:
                    assert searched is not None

    over_drawn(tmp_path_factory, check, 100)
    say(f"distances searched for: {found}")
    assert found > 8


def test_terms_of_a_rule_that_is_a_sum_leave_nothing_held_together(tmp_path_factory, unknown):
    def check(parameters, _tables, held, result):
        for portfolio in (None, held):
            unknown(True)
            expected = terms(parameters, result, portfolio)
            unknown(False)
            found = terms(parameters, result, portfolio)
            assert [(t.equity, t.requirement, t.amount, t.value) for t in found] == [
                (t.equity, t.requirement, t.amount, t.value) for t in expected
            ]

    over_drawn(tmp_path_factory, check, 40)


def test_a_report_without_positions_requirements_says_so_and_adds_up(folder, unknown):
    session = Session.load(folder / "parameters.json")
    made = session.check(folder / "portfolio.json", folder / "market.json")
    assert all(leg.requirement is None for leg in made.legs)
    assert all(leg["requirement"] is None for leg in made.as_json()["legs"])
    unknown(True)
    known = session.check(folder / "portfolio.json", folder / "market.json")
    assert (made.equity, made.requirement, made.surplus_units) == (known.equity, known.requirement, known.surplus_units)
    assert [(leg.notional, leg.unrealised) for leg in made.legs] == [
        (leg.notional, leg.unrealised) for leg in known.legs
    ]


def test_the_largest_trade_searched_for_is_the_one_in_closed_form(tmp_path_factory, say):
    same = 0

    def check(parameters, _tables, _held, result):
        nonlocal same
        for slot in parameters.listed:
            for direction in (1, -1):
                closed = largest_trade(result, slot, direction)
                widest = trades._widest(result, slot, direction)
                if result.surplus >= 0:  # an account that falls short may fit at more than one stretch of sizes
                    assert trades._walked(result, slot, direction, widest) == closed
                    same += 1

    over_drawn(tmp_path_factory, check, 50)
    say(f"largest trades: {same} equal")
    assert same > 20


def test_scenarios_are_the_profit_of_the_moved_account(tmp_path_factory, say):
    rows = 0

    def check(parameters, _tables, _held, result):
        nonlocal rows
        made = scenarios(parameters, result)
        moves = Moves(parameters, result)
        assert (made.kind, made.measure) == ("moves", "equity")
        for row in made.rows:
            rows += 1
            assert row.profit == sum(row.holdings, Fraction(0))  # a rule that is a sum, and fewer than are shown
            there = moves.at(moves.prices, 1 + Fraction(int(row.name.split()[0]), 100))
            units = 10**8 * result.scale
            assert row.surplus == Fraction(there.surplus, units)
            assert row.profit == Fraction(there.equity - result.equity, units)
        if made.rows:
            assert made.worst.profit == min(row.profit for row in made.rows)

    over_drawn(tmp_path_factory, check, 30)
    say(f"scenarios: {rows} rows")
    assert rows > 40


def test_a_comparison_adds_up_and_names_what_differs(folder, tmp_path):
    other = json.loads((folder / "parameters.json").read_text())
    other["venue"], market = "elsewhere", json.loads((folder / "market.json").read_text())
    market["venue"] = "elsewhere"
    for tier in other["instruments"][1]["tiers"]:
        tier["initial_rate"] = tier["maintenance_rate"] = "1/8"
    other["instruments"][0]["name"] = market["instruments"][0]["name"] = "XBT-PERP"
    (tmp_path / "other.json").write_text(json.dumps(other))
    (tmp_path / "other-market.json").write_text(json.dumps(market))
    here, there = Session.load(folder / "parameters.json"), Session.load(tmp_path / "other.json")
    ask = (folder / "portfolio.json", folder / "market.json", there, tmp_path / "other-market.json")
    with pytest.raises(FileError) as refused:
        here.compare(*ask)
    assert refused.value.code == "unknown-instrument"
    made = here.compare(*ask, names={"BTC-PERP": "XBT-PERP"})
    assert made.surplus != 0
    assert sum(row.surplus for row in made.holdings) == made.surplus == sum(row.surplus for row in made.parts)
    assert [row.name for row in made.holdings if row.surplus] == ["ETH-PERP"]
    assert made.names == ("hyperliquid (cross-margin)", "elsewhere (cross-margin)")
    document = made.as_json()
    assert document["holdings"][0]["difference"] == document["difference"]
    with pytest.raises(InputError):
        here.compare(Session.load(folder / "parameters.json"), *ask[1:])


def test_compare_on_the_command_line(zkmargin, folder):
    options = ["--market", folder / "market.json", "--parameters", folder / "parameters-small.json"]
    same = ["--compare", folder / "parameters-small.json", "--compare-market", folder / "market.json"]
    made = zkmargin("explain", folder / "portfolio-small.json", *options, *same, "--json").json
    assert (made["compare"]["difference"], made["compare"]["there"]["rule"]) == ("0", "cross-margin")
    assert [row["name"] for row in made["scenarios"]["rows"]] == [f"{percent:+d} %" for percent in MOVES]
    told = zkmargin("explain", folder / "portfolio-small.json", *options, *same).out
    assert "No holding differs" in told
    assert "If all prices moved together" in told
    for wrong in (same[:2], same[2:], ["--rename", "A=B"]):
        refused = zkmargin("explain", folder / "portfolio-small.json", *options, *wrong, "--json")
        assert (refused.code, refused.json["error"]["code"]) == (2, "usage")


def test_a_zero_is_found_wherever_it_is():
    for zero in (0, 1, 2, 63, 64, 65, 1000, 12345):
        for start in (1000, 12345, 10**6):

            def value(x, zero=zero):
                return Fraction(x - zero) + Fraction(1, 3)

            found = first_zero(value, start, 0) if zero <= start else first_zero(value, start, 10**7)
            expected = zero - Fraction(1, 3)
            assert found == expected if expected > 0 else found is None
    assert first_zero(lambda x: Fraction(1), 5, 10**9) is None
    for end in (101, 150, 1000):  # beyond, nothing answers
        assert first_zero(lambda x, end=end: Fraction(140 - x) if x < end else None, 100, 10**9) == (
            140 if end > 140 else None
        )
    assert first_zero(lambda x: None, 5, 10**9) is None
    assert first_zero(lambda x: Fraction(x - 5), 5, 10**9) == 5
