"""An import that misreads a sign or a balance would prove an account that nobody has."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from zkmargin.client.commands.app import run
from zkmargin.client.files.loading import load_parameters
from zkmargin.client.files.portfolio import load_portfolio
from zkmargin.client.imports import (
    Naming,
    Response,
    import_aave,
    import_binance,
    import_csv,
    import_deribit,
    import_derive,
    import_dydx,
    import_hyperliquid,
    rounded_to_steps,
)
from zkmargin.kernel.errors import FileError, InputError

FIXTURES = Path(__file__).parent / "fixtures"
IMPORTS = {
    "hyperliquid-state.json": lambda response: import_hyperliquid(response, account="a"),
    "hyperliquid-spot.json": lambda response: import_hyperliquid(
        load("hyperliquid-state.json"), account="a", spot=response
    ),
    "dydx-subaccount.json": import_dydx,
    "aave-summary.json": lambda response: import_aave(response, account="a"),
    "aave-pool.json": lambda response: import_aave(response, account="a", now=datetime(2026, 11, 20, tzinfo=UTC)),
    "aave-subgraph.json": lambda response: import_aave(response, account="a"),
    "derive-subaccount.json": import_derive,
    "deribit-positions.json": lambda response: import_deribit(
        response, [beside("deribit-summaries.json")], account="a"
    ),
    "deribit-summaries.json": lambda response: import_deribit(
        beside("deribit-positions.json"), [response], account="a"
    ),
    "binance-account.json": lambda response: import_binance(response, account="a"),
    "binance-multi-assets.json": lambda response: import_binance(response, account="a", multi_assets=True),
    "binance-account-v2.json": lambda response: import_binance(response, account="a"),
    "binance-options.json": lambda response: with_options(response, beside("binance-options-account.json")),
    "binance-options-account.json": lambda response: with_options(beside("binance-options.json"), response),
}


def with_options(*options):
    return import_binance(load("binance-account-v2.json"), account="a", options=options)


def beside(name):
    """Return a fixture as the file of the response it stands beside."""
    return Response(load(name).value, "", "state.json")


def plain(name):
    """Return a fixture as it stands, bare numbers as their text."""
    return json.loads((FIXTURES / name).read_text(), parse_float=str)


def load(name):
    return Response.load(FIXTURES / name)


def rows(amounts):
    return {row.name: row.amount for row in amounts}


def sizes(made):
    return {row.name: row.size for row in made.portfolio.positions}


def worth(made, marks):
    """Return wallet cash and unrealised profit at the marks: what the venue calls account value or equity."""
    held = made.portfolio
    profit = sum(Fraction(p.size) * (Fraction(marks[p.name]) - Fraction(p.entry_price)) for p in held.positions)
    return Fraction(held.cash) + profit


def test_hyperliquids_cross_account_is_worth_what_the_venue_says():
    made = import_hyperliquid(load("hyperliquid-state.json"), account="desk")
    assert sizes(made) == {"BTC-PERP": Decimal("0.35"), "ETH-PERP": Decimal("-12.5")}
    assert made.portfolio.cash == Decimal("25000.123456")
    assert worth(made, {"BTC-PERP": "84255", "ETH-PERP": "2688.33"}) == Fraction("26626.573456")
    assert made.portfolio.account == "desk"
    assert made.as_of.isoformat() == "2026-09-26T22:19:06+00:00"
    assert len(made.notes) == 1


def test_an_isolated_position_is_an_account_of_its_own():
    made = import_hyperliquid(load("hyperliquid-state.json"), account="a", isolated="SOL")
    assert sizes(made) == {"SOL-PERP": Decimal("40.0")}
    assert made.portfolio.cash == Decimal("517.25")
    assert worth(made, {"SOL-PERP": "121.55"}) == Fraction("651.25")
    for coin in ("BTC", "DOGE", "XRP"):
        with pytest.raises(FileError, match="no isolated position"):
            import_hyperliquid(load("hyperliquid-state.json"), account="a", isolated=coin)


def test_settled_funding_is_not_counted_twice():
    for made in (
        import_hyperliquid(load("hyperliquid-state.json"), account="a"),
        import_dydx(load("dydx-subaccount.json")),
    ):
        assert {position.unsettled_funding for position in made.portfolio.positions} == {0}


def test_spot_balances_are_collateral_only_when_asked_for():
    state, naming = load("hyperliquid-state.json"), Naming(renamed={"UBTC": "BTC"})
    assert import_hyperliquid(state, account="a").portfolio.collateral == ()
    made = import_hyperliquid(state, account="a", spot=load("hyperliquid-spot.json"), naming=naming)
    assert rows(made.portfolio.collateral) == {"BTC": Decimal("0.50000123"), "HYPE": Decimal("120.25")}


def test_documents_that_wrap_the_states_are_read_too():
    state, spot = load("hyperliquid-state.json"), load("hyperliquid-spot.json")
    both = Response({"clearinghouseState": state.value, "spotState": spot.value}, "", "f")
    wrapped = import_hyperliquid(both, account="a", spot=both)
    assert wrapped.portfolio == import_hyperliquid(state, account="a", spot=spot).portfolio


def test_an_account_whose_balance_is_kept_elsewhere_is_refused():
    value = copy.deepcopy(load("hyperliquid-state.json").value)
    value["crossMarginSummary"]["totalRawUsd"] = "0.0"
    with pytest.raises(FileError, match=r"crossMarginSummary\.accountValue is not totalRawUsd plus"):
        import_hyperliquid(Response(value, "", "f"), account="a")
    spot = {**load("hyperliquid-spot.json").value, "portfolioMarginEnabled": True}
    with pytest.raises(FileError, match="portfolioMarginEnabled is set"):
        import_hyperliquid(load("hyperliquid-state.json"), account="a", spot=Response(spot, "", "f"))


def test_dydx_shorts_are_short_with_a_minus_or_without():
    made = import_dydx(load("dydx-subaccount.json"))
    assert sizes(made) == {"BTC-PERP": Decimal("0.12"), "ETH-PERP": Decimal("-3.25"), "SOL-PERP": Decimal("-15.5")}
    assert made.portfolio.cash == Decimal("11337.425")
    marks = {"BTC-PERP": "84255", "ETH-PERP": "2688.33", "SOL-PERP": "121.59870967741935483870967742"}
    venue = load("dydx-subaccount.json")["subaccount"]
    assert abs(worth(made, marks) - Fraction(venue["equity"].text())) < Fraction(1, 10**9)
    assert made.portfolio.account == "dydx1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfixture/0"


def test_a_dydx_debt_in_usdc_lowers_the_cash():
    value = copy.deepcopy(load("dydx-subaccount.json").value)
    value["subaccount"]["assetPositions"]["USDC"]["side"] = "SHORT"
    value["subaccount"] |= {"equity": "-12511.7525", "freeCollateral": "-13900"}
    assert import_dydx(Response(value, "", "f")).portfolio.cash == Decimal("11337.425") - 2 * Decimal("12000.5")
    value["subaccount"]["assetPositions"] = {}
    value["subaccount"] |= {"equity": "-511.2525"}
    assert import_dydx(Response(value["subaccount"], "", "f")).portfolio.cash == Decimal("11337.425") - Decimal(
        "12000.5"
    )


def test_a_side_that_contradicts_its_size_is_refused():
    value = copy.deepcopy(load("dydx-subaccount.json").value)
    value["subaccount"]["openPerpetualPositions"]["BTC-USD"]["size"] = "-0.12"
    with pytest.raises(FileError, match=r"BTC-USD\.size is negative although the side is LONG"):
        import_dydx(Response(value, "", "f"))


@pytest.mark.parametrize(
    ("name", "collateral", "debt"),
    [
        ("aave-summary.json", "12.345678901234567891", "8000.123456"),
        # 12000000000000000001 · 1.028806575102880657510288065, down; 7000000001 · 1.142857142857142857142857142, up
        ("aave-pool.json", "12.345678901234567891", "8000.000002"),
        ("aave-subgraph.json", "12.345678901234567890", "8000.123456"),
    ],
)
def test_aaves_three_shapes_say_the_same_kind_of_account(name, collateral, debt):
    made = import_aave(load(name), account="a")
    assert rows(made.portfolio.collateral) == {"WETH": Decimal(collateral)}
    assert rows(made.portfolio.debt) == {"USDT": Decimal(debt)}
    assert made.portfolio.cash == 0
    assert made.portfolio.positions == ()


def test_what_is_not_collateral_or_not_fresh_is_said():
    notes = {name: " ".join(import_aave(load(name), account="a").notes) for name in IMPORTS if name.startswith("aave")}
    assert "1 supplies left out" in notes["aave-summary.json"]
    assert "eMode" in notes["aave-pool.json"]
    assert "last update" in notes["aave-pool.json"]
    assert "last action" in notes["aave-subgraph.json"]


def test_derives_account_is_worth_what_the_venue_says_whatever_has_been_settled():
    made = import_derive(load("derive-subaccount.json"))
    assert sizes(made) == {"ETH-20261225-2000-C": Decimal(-5), "ETH-PERP": Decimal("2.25")}
    assert made.portfolio.account == "1234"
    assert rows(made.portfolio.collateral) == {"WSTETH": Decimal("3.5")}
    assert made.portfolio.cash == Decimal("12550.4")
    marks = {"ETH-20261225-2000-C": "120.5", "ETH-PERP": "2395.4"}
    pending = Fraction("-0.25")
    assert worth(made, marks) + Fraction("3.5") * 2800 == Fraction("21711.25") + pending
    assert {row.name: row.entry_price for row in made.portfolio.positions} == {
        "ETH-20261225-2000-C": 0,
        "ETH-PERP": Decimal("2411.8"),
    }
    assert "open orders" in made.notes[0]


def test_a_derive_account_that_does_not_add_up_or_borrows_more_than_usdc_is_refused():
    value = copy.deepcopy(load("derive-subaccount.json").value)
    value["result"]["subaccount_value"] = "21712.25"
    with pytest.raises(FileError, match=r"subaccount_value is not positions_value plus"):
        import_derive(Response(value, "", "f"))
    value = copy.deepcopy(load("derive-subaccount.json").value)
    value["result"]["collaterals"][1] |= {"amount": "-3.5", "mark_value": "-9800"}
    with pytest.raises(FileError, match="only USDC can be borrowed"):
        import_derive(Response(value, "", "f"))


def test_deribits_wallets_are_its_equities_less_what_the_positions_are_worth():
    made = import_deribit(load("deribit-positions.json"), [load("deribit-summaries.json")], account="a")
    assert sizes(made) == {
        "BTC_USDC-PERPETUAL": Decimal("-0.35"),
        "ETH_USDC-25DEC26-2500-P": Decimal(10),
        "BTC-25DEC26-70000-C": Decimal("-1.5"),
    }
    assert made.portfolio.cash == Decimal("24151.675")
    assert rows(made.portfolio.collateral) == {"BTC": Decimal("2.07625")}
    # In money: USDC at par, coins and coin-settled options at the index.
    index = Fraction("61010.5")
    marks = {"BTC_USDC-PERPETUAL": index, "ETH_USDC-25DEC26-2500-P": "85.25"}
    marks["BTC-25DEC26-70000-C"] = Fraction("0.0425") * index
    assert worth(made, marks) + Fraction("2.07625") * index == Fraction("25000.5") + Fraction("2.0125") * index


def test_deribits_summaries_may_come_one_by_one_and_none_may_be_missing():
    both = load("deribit-summaries.json")
    rows = [entry | {"total_equity_usd": "147784.13"} for entry in both.value["result"]["summaries"]]
    single = [Response({"result": entry}, "", "f") for entry in rows]
    positions = load("deribit-positions.json")
    whole = import_deribit(positions, [both], account="a")
    assert import_deribit(positions, single, account="a").portfolio == whole.portfolio
    with pytest.raises(FileError, match="settled in BTC, whose summary is missing"):
        import_deribit(positions, single[1:], account="a")
    with pytest.raises(FileError, match="has a summary already"):
        import_deribit(positions, [both, *single], account="a")


def test_an_inverse_future_and_a_size_that_contradicts_its_direction_are_refused():
    value = copy.deepcopy(load("deribit-positions.json").value)
    value["result"][3] |= {"size": 100, "direction": "buy"}
    with pytest.raises(FileError, match=r"result\.3\.instrument_name is an inverse future"):
        import_deribit(Response(value, "", "f"), [load("deribit-summaries.json")], account="a")
    value["result"][3] |= {"size": 100, "direction": "sell"}
    with pytest.raises(FileError, match=r"result\.3\.size contradicts the direction"):
        import_deribit(Response(value, "", "f"), [load("deribit-summaries.json")], account="a")


def test_bare_numbers_are_kept_to_the_last_digit(tmp_path):
    text = (FIXTURES / "deribit-summaries.json").read_text().replace("25000.5", "25000.500000456789012345678")
    (tmp_path / "s.json").write_text(text)
    summary = Response.load(tmp_path / "s.json")
    made = import_deribit(load("deribit-positions.json"), [summary], account="a")
    assert made.portfolio.cash == Decimal("24151.675000456789012345678")


def test_binances_cross_account_with_and_without_entry_prices():
    made = import_binance(load("binance-account-v2.json"), account="a")
    assert sizes(made) == {"BTC-PERP": Decimal("0.12"), "ETH-PERP": Decimal("-3.5")}
    assert made.portfolio.cash == Decimal("10000.5")
    assert worth(made, {"BTC-PERP": "84255", "ETH-PERP": "2688.33"}) == Fraction("10071.945")
    assert [note for note in made.notes if "isolated" in note]
    bare = import_binance(load("binance-account.json"), account="a")
    assert sizes(bare) == {"BTC-PERP": Decimal("0.1"), "ETH-PERP": Decimal("-3.5"), "ETH-261225": Decimal("1.25")}
    marks = {"BTC-PERP": "84255", "ETH-PERP": "2688.33", "ETH-261225": "2712.5"}
    assert worth(bare, marks) == Fraction("10000.5") + Fraction("121.25")
    assert bare.portfolio.collateral == ()
    notes = " ".join(bare.notes)
    assert "no entry prices" in notes
    assert "1 positions left out: they are not quoted in USDT" in notes
    assert "1 isolated positions left out" in notes


def test_binances_other_assets_are_collateral_only_when_asked_for():
    made = import_binance(load("binance-multi-assets.json"), account="a", multi_assets=True)
    assert rows(made.portfolio.collateral) == {"BTC": Decimal("0.25")}
    with pytest.raises(FileError, match="has no FDUSD"):
        import_binance(load("binance-account.json"), account="a", quote="FDUSD")
    single = import_binance(load("binance-account.json"), account="a")
    assert single.portfolio.collateral == ()
    assert [note for note in single.notes if "2 other assets left out" in note]


def test_a_hedged_pair_that_cancels_leaves_its_profit_in_cash():
    value = copy.deepcopy(load("binance-account.json").value)
    value["positions"][1] |= {"positionAmt": "-0.12", "notional": "-10110.6"}
    made = import_binance(Response(value, "", "f"), account="a")
    assert "BTC-PERP" not in sizes(made)
    marks = {"ETH-PERP": "2688.33", "ETH-261225": "2712.5"}
    assert worth(made, marks) == Fraction("10121.75")


def test_binances_options_stand_beside_their_own_account():
    futures = import_binance(load("binance-account-v2.json"), account="a")
    made = with_options(load("binance-options.json"), load("binance-options-account.json"))
    assert sizes(made) == {**sizes(futures), "BTC-261225-90000-C": Decimal("0.5"), "ETH-261225-2000-P": Decimal(-4)}
    assert made.portfolio.cash - futures.portfolio.cash == Decimal("3670.75")


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def refusal(make, response):
    """Return the FileError of an import, or None when it went through."""
    try:
        make(response)
    except FileError as error:
        return error
    return None


@pytest.mark.parametrize("name", IMPORTS)
def test_every_broken_response_is_one_sentence_with_its_path(name):
    """Every value in turn is taken away, or made something else: an import or a FileError, nothing besides."""
    whole = plain(name)
    tried = refused = 0
    for path in list(places(whole))[1:]:
        for wrong in (None, 7.5, [], {}, True, "", "NaN", "1e40", "ab\ncd", -1, "9" * 79):
            broken = copy.deepcopy(whole)
            inner = broken
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = wrong
            tried += 1
            error = refusal(IMPORTS[name], Response(broken, "", "state.json"))
            if error is not None:
                refused += 1
                assert "\n" not in error.message
                assert error.file == "state.json"
                assert not [word for word in ("1e40", "ab", "9" * 20) if word in error.message.split()]
    print(f"{name}: {refused} of {tried} broken responses refused")
    assert refused > tried // 10


def test_unknown_fields_are_ignored():
    for name, make in IMPORTS.items():
        whole = plain(name)

        def grown(value):
            if isinstance(value, dict):
                maps = {"openPerpetualPositions", "assetPositions", "delta_total_map"}
                more = {key: grown(inner) if key not in maps else keep(inner) for key, inner in value.items()}
                return {**more, "aFieldOfNextYear": [1, {"x": None}]}
            return [grown(inner) for inner in value] if isinstance(value, list) else value

        def keep(value):
            return {key: grown(inner) for key, inner in value.items()} if isinstance(value, dict) else grown(value)

        assert make(Response(grown(whole), "", "f")).portfolio == make(Response(whole, "", "f")).portfolio


@pytest.mark.parametrize(
    ("suffix", "renamings", "wanted"),
    [
        ("-PERP", (), {"BTC-PERP", "ETH-PERP"}),
        ("", (), {"BTC", "ETH"}),
        ("-USD", ("BTC-USD=XBT",), {"XBT", "ETH-USD"}),
    ],
)
def test_names_follow_the_options(suffix, renamings, wanted):
    made = import_hyperliquid(load("hyperliquid-state.json"), account="a", naming=Naming.of(suffix, renamings))
    assert set(sizes(made)) == wanted


def test_names_that_cannot_be_or_fall_together_are_refused():
    state = load("hyperliquid-state.json")
    with pytest.raises(FileError, match="positions lists ONE twice"):
        import_hyperliquid(state, account="a", naming=Naming.of("", ["BTC=ONE", "ETH=ONE"]))
    with pytest.raises(FileError, match=r"assetPositions\.0\.position\.coin makes no name"):
        import_hyperliquid(state, account="a", naming=Naming.of("-" * 40, []))
    with pytest.raises(InputError, match="OLD=NEW"):
        Naming.of("", ["BTC"])


def test_a_csv_becomes_the_same_account(folder):
    made = import_csv(folder / "portfolio.csv")
    assert made.portfolio == load_portfolio(folder / "portfolio.csv")
    with pytest.raises(FileError, match=r"does not end in \.csv"):
        import_csv(folder / "portfolio.json")


@pytest.mark.parametrize(
    ("venue", "name"),
    [
        ("hyperliquid", "hyperliquid-state.json"),
        ("dydx", "dydx-subaccount.json"),
        ("aave", "aave-summary.json"),
        ("derive", "derive-subaccount.json"),
        ("deribit", "deribit-positions.json"),
        ("binance", "binance-account.json"),
    ],
)
def test_the_command_writes_a_portfolio_that_loads(tmp_path, capsys, venue, name):
    out = tmp_path / "portfolio.json"
    more = ["--summary", str(FIXTURES / "deribit-summaries.json")] if venue == "deribit" else []
    if venue == "binance":
        more = ["--options", str(FIXTURES / "binance-options.json")]
        assert run(["import", venue, str(FIXTURES / name), "-o", str(out), *more]) == 2
        more += ["--options-account", str(FIXTURES / "binance-options-account.json")]
        capsys.readouterr()
    ask = ["import", venue, str(FIXTURES / name), "-o", str(out), *more, "--as-of", "2026-11-20T16:00:00Z", "--json"]
    assert run(ask) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    held = load_portfolio(out)
    assert document["positions"] == len(held.positions)
    assert document["debt"] == len(held.debt)
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text())["as_of"] in ("2026-11-20T16:00:00Z", "2026-09-26T22:19:06Z")
    amounts = [str(p.size) for p in held.positions] + [str(a.amount) for a in held.collateral]
    assert not [amount for amount in amounts if amount in (said.out + said.err).replace(str(tmp_path), "")]


def test_a_csv_by_command_is_checked_like_its_json(folder, capsys):
    """The whole way: CSV to JSON to the same margin."""
    tables = ["--market", str(folder / "market.json"), "--parameters", str(folder / "parameters.json"), "--json"]
    assert run(["import", "csv", str(folder / "portfolio.csv"), "-o", str(folder / "made.json"), "--account", "x"]) == 0
    capsys.readouterr()
    answers = []
    for name in ("portfolio.csv", "made.json"):
        assert run(["check", str(folder / name), *tables]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert json.loads((folder / "made.json").read_text())["account"] == "x"


def test_amounts_finer_than_a_step_are_rounded_only_when_asked(folder, capsys):
    out, state, spot = folder / "made.json", FIXTURES / "hyperliquid-state.json", FIXTURES / "hyperliquid-spot.json"
    command = ["import", "hyperliquid", str(state), "-o", str(out), "--spot", str(spot), "--rename", "UBTC=BTC"]
    check = [
        "check",
        str(out),
        "--market",
        str(folder / "market.json"),
        "--parameters",
        str(folder / "parameters.json"),
    ]
    assert run(command) == 0
    assert run(check) == 2
    assert "multiple of its step" in capsys.readouterr().err
    assert run([*command, "--parameters", str(folder / "parameters.json")]) == 0
    assert "1 amounts rounded" in capsys.readouterr().err
    assert run(check) == 0
    assert rows(load_portfolio(out).collateral)["BTC"] == Decimal("0.5")


def test_a_debt_is_rounded_up_and_collateral_down(folder):
    lines = ["cash,USDC,0,", "collateral,BTC,0.100009,", "debt,BTC,0.100001,", "collateral,ZZZ,0.123456789,"]
    (folder / "p.csv").write_text("\n".join(["kind,name,amount,entry_price", *lines]))
    made = rounded_to_steps(import_csv(folder / "p.csv"), load_parameters(folder / "parameters.json"))
    assert rows(made.portfolio.collateral) == {"BTC": Decimal("0.1"), "ZZZ": Decimal("0.123456789")}
    assert rows(made.portfolio.debt) == {"BTC": Decimal("0.10001")}


@pytest.mark.parametrize(
    "change",
    [["--as-of", "yesterday"], ["--rename", "BTC"], ["-o", "STATE"], ["--isolated", "BTC"], ["--spot", "nowhere.json"]],
)
def test_bad_options_write_nothing(tmp_path, capsys, change):
    state = tmp_path / "state.json"
    state.write_bytes((FIXTURES / "hyperliquid-state.json").read_bytes())
    options = [str(state) if word == "STATE" else word for word in change]
    assert run(["import", "hyperliquid", str(state), "-o", str(tmp_path / "out.json"), *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.json").exists()
    assert state.read_bytes() == (FIXTURES / "hyperliquid-state.json").read_bytes()
