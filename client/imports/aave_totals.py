"""Whether Aave's rows are all there is: totals of `formatUserSummary` or `getUserAccountData`, health factors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from .checks import money_slack, must_agree, total
from .response import Response

__all__ = ["check_totals"]

_LONG = re.compile(r"[0-9]{21}", re.ASCII)  # so large a health factor is the venue's way to say that nothing is owed
_UNITS = ("USD", "MarketReferenceCurrency")
_KNOWN = {
    "userReservesData",
    "userReserves",
    "reservesData",
    "baseCurrencyData",
    "isolatedReserve",
    "currentLoanToValue",
    "totalCollateralBase",
    "totalDebtBase",
    "availableBorrowsBase",
    *(
        f"{what}{unit}"
        for what in ("totalLiquidity", "totalCollateral", "totalBorrows", "availableBorrows", "netWorth")
        for unit in _UNITS
    ),
}
_SAYS = "is not what the rows add up to: a reserve is missing or in another unit"


class _Reserve(Protocol):
    @property
    def row(self) -> Response: ...
    @property
    def reserve(self) -> Response: ...
    @property
    def supplied(self) -> Fraction: ...
    @property
    def owed(self) -> Fraction: ...
    @property
    def enabled(self) -> bool: ...


def check_totals(state: Response, held: Sequence[_Reserve]) -> None:
    """Refuse reserves that are not what the totals or the health factor beside them say. Raises FileError."""
    state.understood(_KNOWN)
    account = state.inside("userAccountData")
    collateral = [one for one in held if one.enabled and one.supplied]
    owing = [one for one in held if one.owed]
    for unit in _UNITS:
        for one in held:
            _priced(one, unit)
        _agree(state, f"totalLiquidity{unit}", [(one, _supply(one, unit)) for one in held if one.supplied])
        _agree(state, f"totalCollateral{unit}", [(one, _supply(one, unit)) for one in collateral])
        _agree(state, f"totalBorrows{unit}", [(one, _debt(one, unit)) for one in owing])
    _agree(account, "totalCollateralBase", [(one, _base(state, one, one.supplied)) for one in collateral])
    _agree(account, "totalDebtBase", [(one, _base(state, one, one.owed)) for one in owing])
    if "healthFactor" in account:
        _health(account["healthFactor"], bool(owing))


def _agree(state: Response, key: str, parts: Iterable[tuple[_Reserve, Fraction | None]]) -> None:
    """Refuse a total that is not its parts; where a part has no price, one that is zero or not when they are not."""
    if key not in state:
        return
    values = [value for _, value in parts]
    if None in values:
        if not state[key].number():
            raise state[key].error("is zero although the rows are not", "mismatch")
        return
    known = total(value for value in values if value is not None)
    must_agree(state[key], known, known, _SAYS, slack=money_slack(state[key].number()) + Fraction(1, 100))


def _supply(one: _Reserve, unit: str) -> Fraction | None:
    return _amount(one.row, f"underlyingBalance{unit}", lambda: _price(one, unit, one.supplied))


def _debt(one: _Reserve, unit: str) -> Fraction | None:
    parts = [
        _amount(one.row, f"{kind}Borrows{unit}", lambda: None)
        for kind in ("variable", "stable")
        if f"{kind}Borrows{unit}" in one.row
    ]
    if parts:
        return total(part for part in parts if part is not None)
    return _price(one, unit, one.owed)


def _amount(row: Response, key: str, otherwise: Callable[[], Fraction | None]) -> Fraction | None:
    return row[key].exactly() if key in row else otherwise()


def _price(one: _Reserve, unit: str, amount: Fraction) -> Fraction | None:
    """Return what an amount is worth at the reserve's own price."""
    key = "priceInUSD" if unit == "USD" else "formattedPriceInMarketReferenceCurrency"
    return amount * one.reserve[key].exactly() if key in one.reserve else None


def _priced(one: _Reserve, unit: str) -> None:
    """Refuse a row whose worth is not its balance at its price."""
    for amount, key in ((one.supplied, f"underlyingBalance{unit}"), (one.owed, f"totalBorrows{unit}")):
        wanted = _price(one, unit, amount)
        if wanted is not None and key in one.row:
            must_agree(one.row[key], wanted, wanted, "is not the balance at the reserve's price", slack=Fraction(1, 50))


def _base(state: Response, one: _Reserve, amount: Fraction) -> Fraction | None:
    """Return what an amount is worth in the smallest units of the market's reference currency."""
    if "priceInMarketReferenceCurrency" in one.reserve:
        return amount * one.reserve["priceInMarketReferenceCurrency"].whole()
    if "formattedPriceInMarketReferenceCurrency" in one.reserve and "baseCurrencyData" in state:
        places = state["baseCurrencyData"]["marketReferenceCurrencyDecimals"].whole()
        if places <= 30:
            return amount * one.reserve["formattedPriceInMarketReferenceCurrency"].exactly() * Fraction(10) ** places
    return None


def _health(factor: Response, owing: bool) -> None:
    """Refuse a health factor that knows of a debt which no row has, or the other way round."""
    endless = isinstance(factor.value, str | int) and _LONG.match(str(factor.value)) is not None
    if not endless:
        endless = factor.number() < 0
    if endless and owing:
        raise factor.error("says that nothing is owed, but a row has a debt", "mismatch")
    if not endless and not owing:
        raise factor.error("says that there is a debt, but no row has one", "mismatch")
