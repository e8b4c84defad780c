"""An explanation that does not add up, or a distance that is not exact, would send its reader into a liquidation."""

import copy
import json
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed

from zkmargin.circuits.statements.engine import Evaluation, evaluate
from zkmargin.circuits.statements.margin import public_names
from zkmargin.client.commands.app import run
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.client.margin.distances import distances, nearest_zeros
from zkmargin.client.margin.explain import explain
from zkmargin.client.margin.report import breach_cell
from zkmargin.client.margin.terms import exact, money, terms
from zkmargin.client.margin.trades import Trade, largest_trade, parse_trade, traded
from zkmargin.kernel.errors import InputError

from ..accounts import account, files
from ..conftest import SEED

LEVELS = ("initial", "maintenance")


def loaded(folder):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    held = load_portfolio(folder / "portfolio.json")
    return parameters, tables, held, to_holdings(held, parameters, tables)


def explained(folder, margin="maintenance", trades=()):
    parameters, tables, held, holdings = loaded(folder)
    return explain(parameters, tables, holdings, margin=margin, portfolio=held, trades=trades)


def over_drawn(tmp_path_factory, check, examples=60):
    """Run a check on drawn accounts: (parameters, tables, portfolio, holdings)."""

    @hypothesis_seed(SEED)
    @settings(max_examples=examples)
    @given(drawn=account)
    def on(drawn):
        check(*files(tmp_path_factory.mktemp("drawn"), drawn))

    on()


def test_terms_add_up_exactly(tmp_path_factory):
    checked = rounded = 0

    def check(parameters, tables, held, holdings):
        nonlocal checked, rounded
        for level in LEVELS:
            result = evaluate(tables.schema, holdings, tables.market, tables.parameters(level))
            for portfolio in (held, None):
                parts = terms(parameters, result, portfolio)
                assert sum(term.equity for term in parts) == money(result, result.equity)
                assert sum(term.requirement for term in parts) == money(result, result.requirement)
                assert sum(term.surplus for term in parts) == money(result, result.surplus)
                off = sum(term.equity for term in parts if term.kind == "rounding")
                assert -Fraction(1, 10**8) < off <= 0
                rounded += off != 0
                checked += 1
                for term in parts:
                    assert all(Fraction(exact(value)) == value for value in (term.equity, term.eats, term.value))

    over_drawn(tmp_path_factory, check)
    print(f"terms add up: {checked} accounts, {rounded} with rounded cash, seed {SEED}")
    assert 0 < rounded < checked


def test_the_example_is_explained_in_its_own_money(folder):
    shown = explained(folder, "initial")
    bnb = next(term for term in shown.terms if term.name == "BNB-PERP")
    assert bnb.value == Fraction("3247036.906")
    assert bnb.requirement == 300_000 + Fraction("247036.906") / 5
    assert bnb.equity == Fraction("4200.5") * (Fraction("773.012") - Fraction("768.35"))
    assert (bnb.tier, bnb.tiers, bnb.rate) == (2, 2, Fraction(1, 5))
    btc = next(term for term in shown.terms if term.name == "BTC")
    assert btc.value == Fraction("15.2") * Fraction("84296.9")
    assert btc.eats == btc.value / 2
    assert [term.name for term in shown.worst[:4]] == ["BTC", "BNB-PERP", "HYPE", "USDC"]
    assert not [term for term in shown.worst if term.kind == "cash"]


def test_a_notional_on_the_boundary_pays_the_next_tiers_rate_on_its_next_unit(folder, edit):
    edit("market.json", lambda market: market["instruments"][6].update(mark="750"))
    for size, tier in (("3999.999", 1), ("4000", 2), ("-4000.001", 2)):
        edit("portfolio.json", lambda held, size=size: held["positions"][5].update(size=size))
        assert next(term.tier for term in explained(folder).terms if term.name == "BNB-PERP") == tier


def surplus_at(result, moved, factor):
    """Return the surplus with some market cells multiplied."""
    cells = [value * (factor if i in moved else 1) for i, value in enumerate(result.cells["market"])]
    return Evaluation(result.schema, result.holdings, {**result.cells, "market": cells}).surplus


def moved_cells(parameters, result, row):
    """Return the market cells that a row of distances moves."""
    shape, holdings = result.schema.shape, result.holdings
    cells = {
        listing.name: slot
        for slot, listing in enumerate(parameters.instruments)
        if row.kind != "asset" and holdings.sizes[slot]
    }
    if row.kind == "market":
        moved = set(cells.values())
        for slot, asset in enumerate(parameters.assets):
            held = (*holdings.collateral[slot : slot + 1], *holdings.debts[slot : slot + 1])
            if any(held) and asset.name != parameters.quote.asset:
                moved.add(2 * shape.positions + slot)
        return moved
    if row.kind == "instrument":
        return {cells[row.name]}
    return {2 * shape.positions + [asset.name for asset in parameters.assets].index(row.name)}


def test_the_surplus_is_zero_at_every_distance_and_nowhere_nearer(tmp_path_factory):
    found = none = compared = 0

    def check(parameters, tables, _, holdings):
        nonlocal found, none, compared
        result = evaluate(tables.schema, holdings, tables.market, tables.initial)
        met = result.surplus >= 0
        for row in distances(parameters, result):
            moved = moved_cells(parameters, result, row)
            for change, far in ((row.fall, Fraction(-1)), (row.rise, Fraction(10**6))):
                if change is not None:
                    found += 1
                    assert surplus_at(result, moved, 1 + change) == 0
                else:
                    none += 1
                for part in (Fraction(1, 1000), Fraction(1, 7), Fraction(1, 2), Fraction(99, 100)):
                    between = surplus_at(result, moved, 1 + (far if change is None else change) * part)
                    assert (between >= 0) == met
            if row.kind == "instrument" and result.surplus:
                cell = breach_cell(result, next(iter(moved)))
                if cell is not None:
                    compared += 1
                    price = result.cells["market"][next(iter(moved))]
                    assert row.nearest == cell / price - 1

    over_drawn(tmp_path_factory, check)
    print(f"distances: {found} found, {none} none, {compared} equal to breach prices, seed {SEED}")
    assert min(found, none, compared) > 20


def test_the_quote_stands_still_and_everything_else_falls_together(folder):
    parameters, tables, held, holdings = loaded(folder)
    result = evaluate(tables.schema, holdings, tables.market, tables.maintenance)
    rows = distances(parameters, result)
    assert rows[0].kind == "market"
    assert "USDC" not in [row.name for row in rows]
    moves = [abs(row.nearest) for row in rows[1:] if row.nearest is not None]
    assert moves == sorted(moves)
    original = json.loads((folder / "market.json").read_text())
    surplus = []
    for nudge in (1, -1):
        fallen = copy.deepcopy(original)
        for row in (*fallen["instruments"], *fallen["assets"]):
            key = "mark" if "mark" in row else "price"
            if row["name"] != "USDC":
                price = Fraction(row[key]) * (1 + rows[0].fall + Fraction(nudge, 10**5))
                row[key] = format(Decimal(round(price * 10**12)).scaleb(-12), "f")
        (folder / "fallen.json").write_text(json.dumps(fallen))
        later = make_tables(parameters, load_market(folder / "fallen.json"))
        after = to_holdings(held, parameters, later)
        surplus.append(evaluate(later.schema, after, later.market, later.maintenance).surplus)
    assert surplus[0] > 0 > surplus[1]


def test_zeros_of_a_broken_line():
    def tent(x):
        return 2 - abs(x - 2)  # zero at 0 and 4

    assert nearest_zeros(tent, [Fraction(2)]) == (None, Fraction(4))  # a price of zero is no price
    assert nearest_zeros(lambda x: x - 1, []) == (1, 1)
    assert nearest_zeros(lambda x: x, []) == (None, None)
    assert nearest_zeros(lambda x: 2 * x - 1, []) == (Fraction(1, 2), None)
    assert nearest_zeros(lambda x: Fraction(5) - x, [Fraction(2), Fraction(3)]) == (None, 5)
    assert nearest_zeros(lambda x: abs(x - 3) - 1, [Fraction(3)]) == (None, 2)


def test_a_trade_at_the_mark_moves_only_the_requirement(tmp_path_factory):
    """The requirement after a trade, from the tiers in the parameter file and nothing of the engine's."""
    checked = 0

    def check(parameters, tables, held, holdings):
        nonlocal checked
        sizes = {position.name: position.size for position in held.positions}
        marks = dict(zip([listing.name for listing in parameters.instruments], tables.market.cells, strict=False))
        for slot, listing in enumerate(parameters.instruments):
            trade = f"{listing.name} {'+' if slot % 2 else '-'}7.0003"
            shown = explain(parameters, tables, holdings, margin="initial", portfolio=held, trades=[trade]).what_if[0]
            after = Fraction(sizes[listing.name]) + Fraction("7.0003") * (1 if slot % 2 else -1)
            before = by_hand(parameters, tables, slot, Fraction(sizes[listing.name]), marks[listing.name])
            wanted = by_hand(parameters, tables, slot, after, marks[listing.name])
            assert shown.requirement - shown.requirement_before == wanted - before
            assert shown.surplus - shown.surplus_before == before - wanted
            assert shown.surplus == shown.initial_surplus
            checked += 1

    over_drawn(tmp_path_factory, check, examples=30)
    print(f"what-if: {checked} trades, seed {SEED}")


def by_hand(parameters, tables, slot, size, price_cell):
    """Return a position's requirement: marginal rates, rates rounded up to 10^-6, boundaries down to the money unit."""
    tiers = parameters.instruments[slot].tiers
    notional = abs(size) * 10**4 * price_cell / 10**8
    total, bounds = Fraction(0), [Fraction(int(Fraction(t.from_notional) * 10**8), 10**8) for t in tiers]
    for k, tier in enumerate(tiers):
        rate = Fraction(-(-(tier.initial_rate * 10**6).numerator // (tier.initial_rate * 10**6).denominator), 10**6)
        top = bounds[k + 1] if k + 1 < len(tiers) else max(notional, bounds[k])
        total += max(Fraction(0), min(notional, top) - bounds[k]) * rate
    return total


def test_the_largest_trade_holds_and_one_lot_more_does_not(tmp_path_factory):
    held_ = none = widest = tried = 0

    def check(_, tables, __, holdings):
        nonlocal held_, none, widest, tried
        result = evaluate(tables.schema, holdings, tables.market, tables.initial)
        for slot in range(tables.schema.shape.positions):
            if not tables.market.cells[slot]:
                continue
            for direction in (1, -1):
                tried += 1
                lots = largest_trade(result, slot, direction)
                if lots is None:
                    none += 1
                    for size in (0, abs(holdings.sizes[slot]), 1, 10**5):
                        assert after(result, slot, direction * size).surplus < 0
                    continue
                assert after(result, slot, direction * lots).surplus >= 0
                try:
                    more = after(result, slot, direction * (lots + 1))
                except InputError as error:
                    widest += error.code == "out-of-range"
                    continue
                assert more.surplus < 0
                held_ += 1

    over_drawn(tmp_path_factory, check)
    print(f"largest trades: {held_} exact, {widest} as wide as the circuit, {none} none, seed {SEED}")
    assert min(held_, none) > 20
    assert held_ + none + widest == tried


def after(result, slot, lots):
    """Return the evaluation after a trade, its cash by the rule's own words."""
    moved = traded(result, [Trade("", slot, lots, Decimal(0))])
    market, shift = result.cells["market"], result.schema.shape.positions
    assert moved.cash == result.holdings.cash - lots * (market[slot] - market[slot + shift])
    return Evaluation(result.schema, moved, result.cells)


def test_several_trades_are_shown_alone_and_together(folder):
    shown = explained(folder, trades=["ETH-PERP +5", "BNB-PERP -300"])
    alone, other, both = shown.what_if
    assert [len(answer.trades) for answer in shown.what_if] == [1, 1, 2]
    change = [answer.surplus - answer.surplus_before for answer in (alone, other, both)]
    assert change[0] + change[1] == change[2]
    assert alone.largest_sell > 0
    assert both.largest_buy is None
    assert other.initial_surplus != other.surplus
    json.dumps([answer.as_json() for answer in shown.what_if])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ETHPERP +5", "unknown-instrument"),
        ("ETH-PERP", "trade"),
        ("ETH-PERP five", "trade"),
        ("ETH-PERP +0", "trade"),
        ("ETH-PERP +1.2.3", "trade"),
        ("ETH-PERP +0.00001", "finer-than-step"),
        ("ETH-PERP " + "9" * 30, "trade"),
    ],
)
def test_a_trade_that_cannot_be_is_one_sentence(folder, text, code):
    with pytest.raises(InputError) as caught:
        parse_trade(text, loaded(folder)[0])
    assert caught.value.code == code
    assert "999" not in caught.value.message


def test_every_public_input_is_named_with_the_value_that_is_posted(folder):
    _, tables, _, _ = loaded(folder)
    for margin in LEVELS:
        inputs = explained(folder, margin).disclosure.inputs
        assert tuple(entry.name for entry in inputs) == public_names(tables.schema)
        posted = [str(cell) for cell in (*tables.market.cells, *tables.parameters(margin).cells)]
        assert [entry.value for entry in inputs[3:]] == posted
        assert [entry.value for entry in inputs[:3]] == [None, "0", None]
        assert all(entry.meaning for entry in inputs)
    named = {entry.name: entry for entry in inputs}
    assert named["market.price.1"].shown == "2688.33 USDC"
    assert named["parameters.rate.1.0"].shown == "0.02"
    assert named["market.funding.0"].value == str(1 << 39)


def test_what_is_public_does_not_depend_on_what_is_held(folder, edit):
    before = explained(folder).disclosure
    edit("portfolio.json", lambda held: held.update(positions=held["positions"][:1], debt=[], cash="1000000"))
    assert explained(folder).disclosure == before
    edit("portfolio.json", lambda held: held.update(collateral=[], cash="-10000000"))
    fallen = explained(folder).disclosure
    assert fallen.inputs == before.inputs
    assert "NOT met" in fallen.says[0]


def test_the_command_says_the_same_as_its_json(folder, capsys):
    command = ["explain", str(folder / "portfolio.json"), "--what-if", "ETH-PERP +5"]
    command += ["--market", str(folder / "market.json"), "--parameters", str(folder / "parameters.json")]
    assert run([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "zkmargin/explain/1"
    for key in ("equity", "requirement", "surplus"):
        assert sum(Fraction(term[key]) for term in document["terms"]) == Fraction(document[key])
    amounts = [value for term in document["terms"] for value in term.values() if isinstance(value, str)]
    assert not [text for text in amounts if re.fullmatch(r"[-+]?[0-9.]+[eE].*", text)]
    assert run(command) == 0
    text = capsys.readouterr().out
    assert "…" not in text
    for number in (f"{Decimal(document['surplus']):,.2f}", document["what_if"][0]["largest_buy"][:3]):
        assert number in text.replace(",", "") or number in text
    for word in ("What eats the surplus", "Distance to breach", "What if", "What becomes public", "What stays hidden"):
        assert word in text


def test_an_account_that_falls_short_is_explained_too(folder, edit, capsys):
    edit("portfolio.json", lambda held: held.update(collateral=[], cash="-1000000"))
    command = ["explain", str(folder / "portfolio.json"), "--market", str(folder / "market.json")]
    assert run([*command, "--parameters", str(folder / "parameters.json")]) == 1
    text = capsys.readouterr().out
    assert "is NOT met" in text
    assert "Distance to mending" in text


def test_an_empty_account_has_nothing_to_explain(folder, edit, capsys):
    edit("portfolio.json", lambda held: held.update(collateral=[], positions=[], debt=[], cash="0"))
    shown = explained(folder)
    assert shown.distances == ()
    assert [term.kind for term in shown.terms] == ["cash"]
    assert shown.worst == ()
