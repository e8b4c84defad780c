"""A distance to breach of options that moves the wrong prices would be off where it matters most."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.circuits.model import Holdings
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client import Session
from zkmargin.client.files.rule_files import family_files
from zkmargin.client.margin.scenarios import MOVES
from zkmargin.client.margin.shocked import Moves

from ..test_examples import EXAMPLES

RULES = ("derive-pmrm2", "derive-srm")


def times(text, factor):
    """Return a written price multiplied, to eighteen places."""
    value = Fraction(text) * factor
    return format(Decimal(round(value * 10**18)).scaleb(-18), "f")


def moved(rule, market, parameters, factor, names):
    """Return a market file with underlyings moved, by editing the file alone."""
    market = json.loads(json.dumps(market))
    if rule == "derive-srm":
        perps = {perp["name"] for perp in parameters["perpetuals"] if perp["underlying"] in names}
        for feed in market["spots"]:
            feed["price"] = times(feed["price"], factor if feed["name"] in names else 1)
        for feed in market["perpetuals"]:
            feed["price"] = times(feed["price"], factor if feed["name"] in perps else 1)
        for feed in market["expiries"]:
            feed["forward"] = times(feed["forward"], factor if feed["underlying"] in names else 1)
        return market
    for feed in (market["spot"], market["perpetual"]):
        feed["price"] = times(feed["price"], factor)
    moving = {asset["name"] for asset in parameters["assets"] if asset["cancels_risk"]}
    for asset in market["assets"]:
        asset["price"] = times(asset["price"], factor if asset["name"] in moving else 1)
    for feed in market["expiries"]:
        fixed = Fraction(feed["forward_fixed"])
        feed["forward"] = times((Fraction(feed["forward"]) - fixed) * factor + fixed, 1)
    return market


@pytest.fixture(params=RULES)
def case(request, tmp_path):
    folder = EXAMPLES.parent / request.param
    market = json.loads((folder / "market.json").read_text())
    parameters = json.loads((folder / "parameters-small.json").read_text())
    portfolio = json.loads((folder / "portfolio-small.json").read_text())
    session = Session.load(folder / "parameters-small.json")

    def surplus(factor, names, cash="0"):
        (tmp_path / "market.json").write_text(json.dumps(moved(request.param, market, parameters, factor, names)))
        more = format(Decimal(portfolio["cash"]) + Decimal(cash), "f")
        (tmp_path / "portfolio.json").write_text(json.dumps(portfolio | {"cash": more}))
        return session.check(tmp_path / "portfolio.json", tmp_path / "market.json").surplus

    return request.param, session, surplus, tmp_path


def names_of(row, session):
    underlyings = family_files(session.parameters.rule).underlyings(session.parameters)
    return set(underlyings) if row.kind == "market" else {row.name}


def test_the_surplus_changes_sign_at_the_move_that_the_explainer_names(case, say):
    _, session, surplus, folder = case
    found = 0
    for drawn in ("0", "-25000", "-36000", "-150000", "-180000", "-300000"):
        surplus(Fraction(1), set(), drawn)  # writes the files
        shown = session.explain(folder / "portfolio.json", folder / "market.json")
        met = shown.report.ok
        for row in shown.distances:
            for move in (row.fall, row.rise):
                if move is None or abs(move) < Fraction(1, 1000):
                    continue
                found += 1
                names = names_of(row, session)
                assert (surplus(1 + move * Fraction(99, 100), names, drawn) >= 0) is met
                step = Fraction(2, 10**4) * (1 if move > 0 else -1)
                assert (surplus(1 + move - step, names, drawn) >= 0) is met
                assert (surplus(1 + move + step, names, drawn) >= 0) is not met
    say(f"{session.parameters.rule}: {found} distances")
    assert found > 2


def test_scenario_rows_are_what_a_moved_file_says(case):
    rule, session, surplus, folder = case
    surplus(Fraction(1), set())
    shown = session.explain(folder / "portfolio.json", folder / "market.json")
    if rule == "derive-pmrm2":
        assert shown.scenarios.kind == "rule"
        assert shown.scenarios.worst.name == "spot -18 %, vol up"
        return
    assert (shown.scenarios.kind, shown.scenarios.measure) == ("moves", "surplus")
    everything = names_of(shown.distances[0], session)
    for percent, row in zip(MOVES, shown.scenarios.rows, strict=True):
        there = surplus(1 + Fraction(percent, 100), everything)
        assert row.surplus == Fraction(there)
        assert row.profit == Fraction(there) - Fraction(shown.report.surplus)


def test_an_options_notional_is_its_size_at_spot(case):
    rule, session, surplus, folder = case
    surplus(Fraction(1), set())
    market = json.loads((folder / "market.json").read_text())
    spots = {"ETH": market["spot"]} if rule == "derive-pmrm2" else {feed["name"]: feed for feed in market["spots"]}
    sizes = {row["instrument"]: row["size"] for row in json.loads((folder / "portfolio.json").read_text())["positions"]}
    options = [
        leg
        for leg in session.check(folder / "portfolio.json", folder / "market.json").legs
        if leg.name[-2:] in ("-C", "-P")
    ]
    assert len(options) > 2
    for leg in options:
        assert Fraction(leg.notional) == abs(Fraction(sizes[leg.name])) * Fraction(spots[leg.name[:3]]["price"])


def test_without_the_market_there_is_nothing_to_move(case):
    session = case[1]
    tables = session.tables(EXAMPLES.parent / session.parameters.rule / "market.json")
    result = evaluate(tables.schema, Holdings.empty(tables.schema.shape), tables.market, tables.initial)
    assert Moves(session.parameters, result).prices == ()
