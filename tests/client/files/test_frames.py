"""A frame that loses a digit, or a missing value read as zero, would prove another account."""

from decimal import Decimal

import pandas
import polars
import pytest

from zkmargin.client.files.frames import portfolio_from_frame
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.client.session import Session
from zkmargin.kernel.errors import FileError

FRAMES = {
    "pandas": lambda path: pandas.read_csv(path, dtype=str),
    "pandas, missing as it comes": lambda path: pandas.read_csv(path, dtype=object, keep_default_na=True),
    "pandas, nullable strings": lambda path: pandas.read_csv(path, dtype="string"),
    "polars": lambda path: polars.read_csv(path, infer_schema=False),
    "polars, decimals": lambda path: polars.read_csv(path, infer_schema=False).with_columns(
        polars.col("amount").cast(polars.Decimal(30, 10)), polars.col("entry_price").cast(polars.Decimal(30, 10))
    ),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_the_same_account_as_its_csv(folder, kind):
    frame = FRAMES[kind](folder / "portfolio.csv")
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    wanted = to_holdings(load_portfolio(folder / "portfolio.csv"), parameters, tables)
    assert to_holdings(portfolio_from_frame(frame), parameters, tables) == wanted


@pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])
def test_sessions_take_frames(folder, library):
    session = Session.load(folder / "parameters.json")
    name = "pandas" if library is pandas else "polars"
    from_frame = session.check(FRAMES[name](folder / "portfolio.csv"), folder / "market.json")
    assert from_frame == session.check(folder / "portfolio.csv", folder / "market.json")


def columns(amount):
    return {"kind": ["cash", "position"], "name": ["USDC", "ETH-PERP"], "amount": amount, "entry_price": [None, "1"]}


@pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])
def test_floats_are_refused_and_whole_numbers_taken(library):
    with pytest.raises(FileError, match="amount is a float"):
        portfolio_from_frame(library.DataFrame(columns([0.1, 0.3])))
    held = portfolio_from_frame(library.DataFrame(columns([5, -3])))
    assert (held.cash, held.positions[0].size) == (Decimal(5), Decimal(-3))


@pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])
def test_a_missing_amount_is_an_error_not_zero(library):
    with pytest.raises(FileError) as caught:
        portfolio_from_frame(library.DataFrame(columns(["5", None])))
    assert caught.value.code == "missing-value"
    assert caught.value.line == 2


@pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])
def test_a_frame_with_other_columns_is_refused(library):
    wrong = columns(["5", "1"])
    wrong["price"] = wrong.pop("entry_price")
    with pytest.raises(FileError, match="no column 'entry_price'"):
        portfolio_from_frame(library.DataFrame(wrong))
