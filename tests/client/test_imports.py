"""An import that misreads a sign or a balance would prove an account that nobody has."""

import copy
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from zkmargin.client.cli import run
from zkmargin.client.files import load_parameters
from zkmargin.client.imports import (
    Naming,
    Response,
    import_aave,
    import_csv,
    import_dydx,
    import_hyperliquid,
    rounded_to_steps,
)
from zkmargin.client.portfolio import load_portfolio
from zkmargin.kernel.errors import FileError, InputError

FIXTURES = Path(__file__).parent / "fixtures"
IMPORTS = {
    "hyperliquid-state.json": lambda response: import_hyperliquid(response, account="a"),
    "hyperliquid-spot.json": lambda response: import_hyperliquid(
        load("hyperliquid-state.json"), account="a", spot=response
    ),
    "dydx-subaccount.json": import_dydx,
    "aave-summary.json": lambda response: import_aave(response, account="a"),
    "aave-pool.json": lambda response: import_aave(response, account="a"),
    "aave-subgraph.json": lambda response: import_aave(response, account="a"),
}


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
    assert import_dydx(Response(value, "", "f")).portfolio.cash == Decimal("11337.425") - 2 * Decimal("12000.5")
    value["subaccount"]["assetPositions"] = {}
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
    whole = json.loads((FIXTURES / name).read_text())
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
        whole = json.loads((FIXTURES / name).read_text())

        def grown(value):
            if isinstance(value, dict):
                maps = {"openPerpetualPositions", "assetPositions"}
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
    [("hyperliquid", "hyperliquid-state.json"), ("dydx", "dydx-subaccount.json"), ("aave", "aave-summary.json")],
)
def test_the_command_writes_a_portfolio_that_loads(tmp_path, capsys, venue, name):
    out = tmp_path / "portfolio.json"
    assert (
        run(["import", venue, str(FIXTURES / name), "-o", str(out), "--as-of", "2026-11-20T16:00:00Z", "--json"]) == 0
    )
    said = capsys.readouterr()
    document = json.loads(said.out)
    held = load_portfolio(out)
    assert document["positions"] == len(held.positions)
    assert document["debt"] == len(held.debt)
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text())["as_of"] in ("2026-11-20T16:00:00Z", "2026-09-26T22:19:06Z")
    amounts = [str(p.size) for p in held.positions] + [str(a.amount) for a in held.collateral]
    assert not [amount for amount in amounts if amount in said.out + said.err]


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
