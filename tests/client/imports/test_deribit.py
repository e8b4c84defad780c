"""A size in dollars read as coins, or a currency that is another account's, is margin that is not there."""

from decimal import Decimal

import pytest

from .venues import changed, deribit, plain, refused, rows, sizes

LINEAR = {
    "instrument_name": "ETH_USDC-PERPETUAL",
    "kind": "future",
    "direction": "sell",
    "average_price": "2500.0",
    "mark_price": "2400.0",
    "index_price": "2400.5",
    "size": "-1800.0",
    "size_currency": "-0.75",
    "total_profit_loss": "75.0",
    "floating_profit_loss": "12.5",
}
DOLLARS = {"currency": "USDC", "balance": "1000.0", "equity": "1075.0", "margin_balance": "1075.0"}


def test_a_linear_futures_size_is_its_base_amount_whatever_size_is_counted_in():
    for size in ("-1800.0", "-0.75"):
        made = deribit({"result": [LINEAR | {"size": size}]}, {"result": DOLLARS})
        assert sizes(made) == {"ETH_USDC-PERPETUAL": Decimal("-0.75")}
        assert made.portfolio.cash == 1000


def test_a_linear_long_in_dollars_is_not_thousands_of_coins():
    row = {
        "average_price": "29000.0",
        "direction": "buy",
        "floating_profit_loss": "2.5",
        "index_price": "30250.0",
        "instrument_name": "BTC_USDC-PERPETUAL",
        "kind": "future",
        "mark_price": "30250.0",
        "size": "60.5",
        "size_currency": "0.002",
        "total_profit_loss": "2.5",
    }
    summary = {"currency": "USDC", "balance": "500.0", "equity": "502.5", "margin_balance": "502.5"}
    made = deribit({"result": [row]}, {"result": summary})
    assert sizes(made) == {"BTC_USDC-PERPETUAL": Decimal("0.002")}
    assert made.portfolio.cash == 500
    older = {key: value for key, value in row.items() if key != "size_currency"}
    refused("mismatch", deribit, {"result": [older]}, {"result": summary}, says="its unit or its sign")
    still = older | {"mark_price": "29000.0", "total_profit_loss": "0.0", "floating_profit_loss": "0.0"}
    refused("missing-key", deribit, {"result": [still]}, {"result": summary}, says="size_currency is missing")
    assert sizes(deribit({"result": [older | {"size": "0.002"}]}, {"result": summary})) == sizes(made)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"total_profit_loss": "-75.0"}, "mismatch"),
        ({"size": "1800.0"}, "mismatch"),
        ({"size_currency": "0.75"}, "mismatch"),
        ({"size_currency": "-75"}, "mismatch"),
        ({"size": "-1200.0"}, "mismatch"),
        ({"direction": "buy"}, "mismatch"),
        ({"instrument_name": "ETH-PERPETUAL"}, "inverse"),
        ({"kind": "option"}, "mismatch"),
        ({"kind": "spot"}, "wrong-value"),
        ({"size": "0.0"}, "not-understood"),
    ],
)
def test_a_deribit_row_that_contradicts_itself_is_refused(change, code):
    refused(code, deribit, {"result": [LINEAR | change]}, {"result": DOLLARS})


def test_a_closed_deribit_row_is_nothing():
    closed = LINEAR | {"size": "0.0", "size_currency": "0.0", "direction": "zero", "total_profit_loss": "0.0"}
    made = deribit({"result": [closed]}, {"result": DOLLARS | {"equity": "1000.0", "margin_balance": "1000.0"}})
    assert made.portfolio.positions == ()


def test_deribits_other_currencies_are_neither_forgotten_nor_lent():
    held, bitcoin = {"result": [LINEAR]}, {"currency": "BTC", "balance": "1.0", "equity": "1.0"}
    # Alone, each currency is an account of its own.
    apart = {"cross_collateral_enabled": False}
    assert deribit(held, DOLLARS | apart).portfolio.cash == 1000
    refused("several-accounts", deribit, held, DOLLARS | apart, bitcoin | apart)
    # Together, they must all be there.
    for cross in ({"cross_collateral_enabled": True}, {"margin_model": "cross_pm"}):
        refused("missing-summary", deribit, held, DOLLARS | cross)
        both = {"summaries": [DOLLARS | cross, bitcoin | cross]}
        assert rows(deribit(held, both).portfolio.collateral) == {"BTC": Decimal("1.0")}
        assert deribit(held, DOLLARS | cross | {"total_equity_usd": "1075.0"}).portfolio.cash == 1000
        refused("mismatch", deribit, held, DOLLARS | cross | {"total_equity_usd": "31075.0"})
    refused("mode", deribit, held, DOLLARS | {"margin_model": "cross_xm"})


def test_deribits_options_and_equity_are_all_accounted_for():
    summaries = plain("deribit-summaries.json")
    missing = changed(plain("deribit-positions.json"), "result", 1, to=None)
    refused("mismatch", deribit, missing, summaries, says="options_value is not what the options are worth")
    nothing = {"result": []}
    refused("mismatch", deribit, nothing, {"result": DOLLARS}, says="equity is not the balance")
    refused("not-understood", deribit, nothing, {"result": DOLLARS | {"futures_session_upl": "75.0"}})
    refused("not-understood", deribit, {"result": [LINEAR]}, {"result": DOLLARS | {"bonus_balance": "5"}})
    # The venue's own example of the parts, each rounded: 302.60065765 + 0.05921555 - 0.03258105 - 0.0086.
    parts = {"currency": "BTC", "balance": "302.60065765", "equity": "302.61869214", "session_rpl": "-0.03258105"}
    parts |= {"futures_session_upl": "0.05921555", "options_value": "-0.0086"}
    error = refused("mismatch", deribit, nothing, {"result": parts | {"equity": "303.61869214"}})
    assert "options_value" in error.message
    flat = parts | {"futures_session_upl": "0", "options_value": "0", "equity": "302.5680766"}
    assert rows(deribit(nothing, {"result": flat}).portfolio.collateral) == {"BTC": Decimal("302.5680766")}
    refused("mismatch", deribit, nothing, {"result": flat | {"equity": "303.5680766"}})
