"""A digit lost between a venue's number and the portfolio file is money; a number refused is an account lost."""

import json
import re
import time
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.client.commands.app import run
from zkmargin.client.files.loading import load_parameters
from zkmargin.client.files.portfolio import Portfolio, Position, load_portfolio
from zkmargin.client.files.quantity import PLACES
from zkmargin.client.imports import Imported, Response, rounded_to_steps
from zkmargin.client.imports.portfolio import size_of
from zkmargin.kernel.errors import FileError
from zkmargin.kernel.strict_json import read_json

from .venues import aave, binance, deribit, derive, dydx, hyperliquid, plain

VENUES = {
    "hyperliquid": (hyperliquid, "hyperliquid-state.json"),
    "dydx": (dydx, "dydx-subaccount.json"),
    "aave": (aave, "aave-summary.json"),
    "derive": (derive, "derive-subaccount.json"),
    "deribit": (lambda state: deribit(state, plain("deribit-summaries.json")), "deribit-positions.json"),
    "binance": (binance, "binance-account-v2.json"),
}
_NUMBER = re.compile(r"-?\d+\.\d+", re.ASCII)
MARK = "64321.1234567889987374655902385711669921875"
INTEREST = "0.00001230000000000000081983031474663903281907550990581512451171875"


def mapped(value, change):
    """Return a document with every string that is a number with a point replaced."""
    if isinstance(value, dict):
        return {key: mapped(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [mapped(inner, change) for inner in value]
    return change(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def last_digit(text):
    """Return a number as a double written out to its last binary digit, as some venues print it."""
    return format(Decimal.from_float(float(text)), "f")


def exponent(text):
    return format(Decimal(text), "e")


def worth(made):
    """Return what an account is worth when every position is at price zero: no digit of its file is left out."""
    held = made.portfolio
    return Fraction(held.cash) - sum(Fraction(p.size) * Fraction(p.entry_price) for p in held.positions)


@pytest.mark.parametrize("venue", VENUES)
def test_no_digit_and_no_lot_is_lost_of_doubles_written_to_their_last_digit(venue):
    make, name = VENUES[venue]
    plainly, long = make(plain(name)), make(mapped(plain(name), last_digit))
    # Sizes are whole lots, whatever a double makes of them; money is kept as it stands.
    assert [p.size for p in long.portfolio.positions] == [p.size for p in plainly.portfolio.positions]
    assert abs(worth(long) - worth(plainly)) < Fraction(1, 10**9)
    for before, after in zip(plainly.portfolio.positions, long.portfolio.positions, strict=True):
        assert Fraction(after.entry_price) == Fraction(float(before.entry_price))
    for before, after in zip(plainly.portfolio.collateral, long.portfolio.collateral, strict=True):
        assert Fraction(after.amount) in (Fraction(before.amount), Fraction(float(before.amount))) or venue == "deribit"


@pytest.mark.parametrize("venue", VENUES)
def test_exponents_and_bare_numbers_are_the_same_account(venue, tmp_path):
    make, name = VENUES[venue]
    document = plain(name)
    whole = worth(make(document))
    assert worth(make(mapped(document, exponent))) == whole
    text = re.sub(r'"(-?\d+\.\d+)"', r"\1", json.dumps(mapped(document, str)))
    (tmp_path / "bare.json").write_text(text)
    assert worth(make(Response.load(tmp_path / "bare.json").value)) == whole


def test_a_short_perpetual_with_forty_digits_is_worth_every_one_of_them(tmp_path, capsys):
    row = {
        "amount": "-0.03",
        "average_price": "61234.5109876543210012",
        "instrument_name": "BTC-PERP",
        "instrument_type": "perp",
        "mark_price": MARK,
        "mark_value": "-92.5979999999999989768184605054557323455810546875",
    }
    dollars = {"amount": "5120.25", "asset_name": "USDC", "mark_price": "1", "mark_value": "5120.25"}
    state = {
        "subaccount_id": 133,
        "positions_value": "-92.5983740740403362678989651612937450408935546875",
        "collaterals_value": "5120.25",
        "subaccount_value": "5027.6516259259597063646651804447174072265625",
        "positions": [row],
        "collaterals": [dollars | {"pending_interest": INTEREST}],
    }
    (tmp_path / "state.json").write_text(json.dumps({"result": state}))
    out = tmp_path / "portfolio.json"
    assert run(["import", "derive", str(tmp_path / "state.json"), "-o", str(out)]) == 0
    held = load_portfolio(out)
    (position,) = held.positions
    assert (position.size, position.entry_price) == (Decimal("-0.03"), Decimal("61234.5109876543210012"))
    profit = Fraction(position.size) * (Fraction(MARK) - Fraction(position.entry_price))
    assert Fraction(held.cash) + profit == Fraction("5120.25") + Fraction(INTEREST) + Fraction(state["positions_value"])


def test_an_imported_file_of_any_length_is_read_by_check(folder, capsys):
    """Cash, entry and mark with digits to the last: the file that import writes is the one that check reads."""
    state = mapped(plain("hyperliquid-state.json"), last_digit)
    (folder / "state.json").write_text(json.dumps(state))
    tables = ["--market", str(folder / "market.json"), "--parameters", str(folder / "parameters.json")]
    command = ["import", "hyperliquid", str(folder / "state.json"), "-o", str(folder / "made.json")]
    assert run(command) == 0
    assert max(len(p["entry_price"]) for p in json.loads((folder / "made.json").read_text())["positions"]) > 40
    assert run(["check", str(folder / "made.json"), *tables]) in (0, 1)
    assert run([*command, "-p", str(folder / "parameters.json")]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("printed", "size"),
    [
        ("0.30000000000000004", "0.3"),
        ("-0.7999999999999999", "-0.8"),
        ("0.1000000000000000055511151231257827021181583404541015625", "0.1"),
        ("1e-7", "1E-7"),
        ("9.999999999999999e-08", "1E-7"),
        ("123456.78900000000567", "123456.789"),
        ("1000000000000000000000", "1000000000000000000000"),
        ("0.3000000000000004", "0.3000000000000004"),
        ("12.345678901234567891", "12.345678901234567891"),
        ("0.30000000000000", "0.30000000000000"),
        ("0.00000000000000000000", "0"),
    ],
)
def test_a_size_is_the_decimal_that_a_double_stands_for_and_no_other(printed, size):
    assert Fraction(size_of(Response(printed, "szi", "f"))) == Fraction(Decimal(size))


@pytest.mark.parametrize(
    ("size", "lots"),
    [
        ("0.30000000000000004", "0.3"),
        ("-0.30000000000000004", "-0.3"),
        ("0.3", "0.3"),
        ("0", "0"),
        ("0.3000000000000004", None),
        ("0.300001", None),
        ("0.00000000000000001", None),
    ],
)
def test_a_size_that_is_no_whole_lot_is_refused_and_never_rounded(folder, size, lots):
    parameters = load_parameters(folder / "parameters.json")
    name = parameters.listed[0].name
    made = Imported(Portfolio(Decimal(0), positions=(Position(name, Decimal(size), Decimal(1)),)))
    if lots is None:
        with pytest.raises(FileError, match="is not a multiple of its step"):
            rounded_to_steps(made, parameters)
    else:
        assert rounded_to_steps(made, parameters).portfolio.positions[0].size == Decimal(lots)


def test_cash_beyond_a_files_digits_is_rounded_down(tmp_path):
    state = plain("hyperliquid-state.json")
    tiny = "0." + "0" * (PLACES - 1) + "1"
    position = state["assetPositions"][0]["position"]
    position["entryPx"] = "80210.5" + tiny[3:]
    made = hyperliquid(state).portfolio
    assert Fraction(made.cash) <= Fraction("25000.123456") + Fraction("0.35") * Fraction(tiny)
    assert Fraction(made.cash) >= Fraction("25000.123456")
    path = tmp_path / "p.json"
    path.write_bytes(Imported(made).file_bytes(hyperliquid(state).as_of))
    assert load_portfolio(path).cash == made.cash


def test_whole_numbers_of_any_length_are_read_bare(tmp_path):
    (tmp_path / "pool.json").write_text(
        json.dumps(plain("aave-pool.json")).replace('"12000000000000000001"', "12000000000000000000001")
    )
    document = Response.load(tmp_path / "pool.json").value
    made = aave(document).portfolio
    wei = 12000000000000000000001 * 1028806575102880657510288065 // 10**27
    assert Fraction(made.collateral[0].amount) == Fraction(wei, 10**18)
    with pytest.raises(FileError, match="more than 20 digits"):
        read_json(tmp_path / "pool.json")


def test_a_bare_number_is_no_name(tmp_path):
    text = json.dumps(plain("hyperliquid-state.json")).replace('"ETH"', "1.5")
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(FileError, match=r"coin must be a string"):
        hyperliquid(Response.load(tmp_path / "state.json").value)


def test_hostile_numbers_are_cheap(tmp_path):
    state = plain("hyperliquid-state.json")
    position = state["assetPositions"][0]
    for text in ("9" * 2000, "0." + "9" * 5000, "1e999", "1e-999"):
        state["assetPositions"] = [json.loads(json.dumps(position))]
        state["assetPositions"][0]["position"]["entryPx"] = text
        with pytest.raises(FileError, match="must"):
            hyperliquid(state)
    begin = time.monotonic()
    digits = "1." + "7" * (PLACES - 1)
    document = plain("dydx-subaccount.json")
    held = document["subaccount"]["openPerpetualPositions"]
    row = held["BTC-USD"] | {"size": digits, "entryPrice": digits, "unrealizedPnl": digits}
    for place in range(500):
        held[f"M{place}-USD"] = row | {"market": f"M{place}-USD"}
    with pytest.raises(FileError, match="equity is not"):
        dydx(document)
    assert time.monotonic() - begin < 20
