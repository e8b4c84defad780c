"""A reserve in another unit, a debt without its interest, or a row cut out is margin that is not there."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from .venues import aave, changed, plain, refused, rows


def with_totals(**change):
    state = plain("aave-summary.json")
    for row, price in zip(state["userReservesData"], ("2500", "1", "0.9998"), strict=True):
        row["reserve"]["priceInUSD"] = price
        worth = {
            "underlyingBalanceUSD": Fraction(row["underlyingBalance"]) * Fraction(price),
            "variableBorrowsUSD": Fraction(row["variableBorrows"]) * Fraction(price),
        }
        worth["totalBorrowsUSD"] = worth["variableBorrowsUSD"]
        row |= {key: f"{float(value):.12f}" for key, value in worth.items()}
    return state | {
        "totalLiquidityUSD": "35864.69725308641972",
        "totalCollateralUSD": "30864.19725308641972",
        "totalBorrowsUSD": "7998.5234313088",
        **change,
    }


def test_aaves_rows_are_what_its_totals_say():
    assert aave(with_totals()).portfolio == aave(plain("aave-summary.json")).portfolio
    for key, value in (
        ("totalLiquidityUSD", "40864.7"),
        ("totalCollateralUSD", "35864.7"),
        ("totalBorrowsUSD", "8998.5"),
        ("totalBorrowsUSD", "0"),
    ):
        refused("mismatch", aave, with_totals(**{key: value}))
    for place in range(3):
        refused("mismatch", aave, changed(with_totals(), "userReservesData", place, to=None))


def test_aaves_balances_are_in_the_unit_that_they_seem():
    state = plain("aave-summary.json")
    for place, key in ((0, "underlyingBalance"), (2, "variableBorrows")):
        amount = Fraction(state["userReservesData"][place][key])
        for wrong in ("12345678901234567891", "8000123456", "0.0001"):
            assert Fraction(wrong) != amount
            refused("mismatch", aave, changed(state, "userReservesData", place, key, to=wrong))
    refused("mismatch", aave, changed(state, "userReservesData", 2, "stableBorrows", to="50"))
    refused("mismatch", aave, changed(state, "userReservesData", 2, "variableBorrows", to="6999.5"), says="interest")
    pool = plain("aave-pool.json")
    for index in ("1", "1028806575102880657", "1028806575102880657510288065000000"):
        refused("wrong-value", aave, changed(pool, "reservesData", 0, "liquidityIndex", to=index))


def test_a_health_factor_that_knows_of_another_debt_is_believed():
    state = plain("aave-summary.json")
    endless = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    for factor in ("-1", endless, "115792089237316195423570985008687907853269984665640564039457.58"):
        refused("mismatch", aave, state | {"healthFactor": factor}, says="nothing is owed")
    lender = changed(state, "userReservesData", 2, to=None)
    refused("mismatch", aave, lender, says="there is a debt, but no row has one")
    for factor in ("-1", endless):
        assert aave(lender | {"healthFactor": factor}).portfolio.debt == ()


def test_aaves_rows_may_not_be_a_part_of_the_reserves():
    pool = plain("aave-pool.json")
    refused("missing-row", aave, changed(pool, "userReserves", 1, to=None))
    base = {"totalCollateralBase": "3086419725308", "totalDebtBase": "799840000199"}
    for reserve, price in zip(pool["reservesData"], ("250000000000", "99980000"), strict=True):
        reserve["priceInMarketReferenceCurrency"] = price
    assert aave(pool | {"userAccountData": base}).portfolio.debt
    refused("mismatch", aave, pool | {"userAccountData": base | {"totalDebtBase": "809840000199"}})
    graph = plain("aave-subgraph.json")
    graph["data"]["userReserves"] = graph["data"]["userReserves"][:1] * 100
    refused("missing-row", aave, graph, says="one page of several")


def test_a_raw_debt_carries_its_interest_until_the_import():
    pool = plain("aave-pool.json")
    update = 1790460000
    pool["reservesData"][1] |= {"variableBorrowRate": "100000000000000000000000000"}  # a tenth a year
    a_year_later = datetime.fromtimestamp(update + 31536000, UTC)
    owed = rows(aave(pool, now=a_year_later).portfolio.debt)["USDT"]
    # The venue's own series for a tenth a year: 1 + 0.1 + 0.005 + 0.000166..., each term a second short.
    growth = 1 + Fraction(1, 10) + Fraction(1, 200) + Fraction(1, 6000)
    assert 0 <= Fraction("8000.000002") * growth - Fraction(owed) < Fraction(1, 10000)
    made = aave(pool, now=a_year_later)
    assert [note for note in made.notes if "debts carry interest" in note]
    assert rows(made.portfolio.collateral) == rows(aave(pool).portfolio.collateral)
    for early in (None, datetime.fromtimestamp(update, UTC), datetime.fromtimestamp(update - 5, UTC)):
        assert rows(aave(pool, now=early).portfolio.debt) == {"USDT": Decimal("8000.000002")}
    refused(
        "wrong-value", aave, changed(pool, "reservesData", 1, "variableBorrowRate", to="1" + "0" * 31), now=a_year_later
    )


def test_a_reserve_that_backs_nothing_is_no_collateral_in_any_shape():
    """The user's flag outlives the reserve's threshold: a supply of a reserve set to zero backs no debt."""
    pool, graph = plain("aave-pool.json"), plain("aave-subgraph.json")
    assert aave(pool).portfolio.collateral
    assert aave(graph).portfolio.collateral
    graph_reserves = [row["reserve"] for row in graph["data"]["userReserves"]]
    for key, value in (("reserveLiquidationThreshold", "0"), ("usageAsCollateralEnabled", False)):
        for state, reserves in ((pool, pool["reservesData"]), (graph, graph_reserves)):
            before = [dict(reserve) for reserve in reserves]
            for reserve in reserves:
                reserve[key] = value
            made = aave(state)
            assert made.portfolio.collateral == ()
            assert made.portfolio.debt
            for reserve, old in zip(reserves, before, strict=True):
                reserve.clear()
                reserve.update(old)
