"""Aave v3: a user's reserves, in any of the three shapes people have them in.

Read 2026-11-22: https://aave.com/docs/aave-v3/smart-contracts/view-contracts (UiPoolDataProvider),
https://github.com/aave/aave-utilities (packages/math-utils/src/formatters/user/index.ts, `UserReserveData` and
`ComputedUserReserve`) and https://github.com/aave/protocol-subgraphs (schemas/v3.schema.graphql, `UserReserve`).

1. `formatUserSummary` of aave-utilities: `userReservesData`, with `underlyingBalance` and borrows in decimals, interest
   until the moment it was asked for included. The best of the three.
2. UiPoolDataProvider as aave-utilities hands it on: `userReserves` with scaled balances beside `reservesData` with
   indices; a balance is scaled·index / 10^27, collateral rounded down and debt up, at the reserve's last update. Debts
   carry interest until the date of the import where the reserve says its rate; supplies do not, so that neither errs
   in the account's favour.
3. The subgraph: `userReserves` with `currentATokenBalance` and `currentVariableDebt`, at the user's last action.

Supplies count as collateral only where their owner enabled them. Cash is zero; there are no positions. `aave_totals.py`
holds the rows against the totals, the health factor and the reserves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from ...kernel.arguments import TEXT, TIME, maybe, takes
from ..files.models import unix_seconds
from ..files.portfolio import Amount
from .aave_totals import check_totals
from .naming import NAMING, Naming
from .portfolio import Imported, imported, value_of
from .response import RESPONSE, Response

__all__ = ["import_aave"]

_RAY = 10**27
_MOST_DECIMALS = 30
_MOST_GROWTH = 1000  # an index begins at one and grows with interest
_PAGES = (100, 1000)  # where the subgraph stops unless asked for more
_YEAR = 365 * 86400
_MOST_RATE = 1000  # a hundred thousand percent a year
_DATED = "debts carry interest until the import's date, supplies until each reserve's last update"
_STALE = "balances are as of {}: interest since then is not in them"
_ROW = {
    "reserve",
    "scaledATokenBalance",
    "currentATokenBalance",
    "scaledVariableDebt",
    "principalStableDebt",
    "currentVariableDebt",
    "currentStableDebt",
    "currentTotalDebt",
    *(
        f"{what}{unit}"
        for what in ("underlyingBalance", "variableBorrows", "stableBorrows", "totalBorrows")
        for unit in ("", "USD", "MarketReferenceCurrency")
    ),
}


@dataclass(frozen=True, repr=False)
class _Reserve:
    """One row: its symbol and address, what is supplied and owed, and whether the supply is collateral."""

    row: Response
    reserve: Response
    address: str
    supplied: Fraction
    owed: Fraction
    enabled: bool


@takes(state=RESPONSE, account=TEXT, naming=NAMING, now=maybe(TIME))
def import_aave(
    state: Response, *, account: str, naming: Naming | None = None, now: datetime | None = None
) -> Imported:
    """Return the account of a user's reserves; `now` is when the response was made, for interest on raw debts.

    Raises FileError when they are not whole, or two have one name.
    """
    naming = naming or Naming()
    state = state.inside("data")
    notes: list[str] = []
    if "userEmodeCategoryId" in state and state["userEmodeCategoryId"].whole():
        notes.append("the account is in an eMode: its factors are the category's, not the reserves' own")
    if "isInIsolationMode" in state and state["isInIsolationMode"].flag():
        notes.append("the account is in isolation mode: what it may borrow is limited by the isolated reserve")
    held = _rows(state, notes, now)
    for one in held:
        one.row.understood(_ROW)
    check_totals(state, held)
    collateral, debt, unused = [], [], 0
    for one in held:
        name = naming.asset(one.reserve["symbol"], one.address)
        if one.supplied and one.enabled:
            collateral.append(Amount(name, value_of(one.supplied, "a balance", state.file)))
        unused += bool(one.supplied and not one.enabled)
        if one.owed:
            debt.append(Amount(name, value_of(one.owed, "a debt", state.file)))
    if unused:
        notes.append(f"{unused} supplies left out: they are not enabled as collateral")
    return imported(
        state.file, Fraction(0), account=account, naming=naming, collateral=collateral, debt=debt, notes=notes
    )


def _rows(state: Response, notes: list[str], now: datetime | None) -> list[_Reserve]:
    """Return the rows of any shape, and note how old they are."""
    if "userReservesData" in state:
        return [_summary(row) for row in state["userReservesData"].items()]
    if "reservesData" in state:
        reserves = {r["underlyingAsset"].text().lower(): r for r in state["reservesData"].items()}
        held = [_scaled(row, reserves, now) for row in state["userReserves"].items()]
        if reserves.keys() - {one.address for one in held}:
            raise state["userReserves"].error(
                "has no row for some reserve of reservesData", "missing-row", "save all of getUserReservesData"
            )
        dated = now is not None and all("variableBorrowRate" in one.reserve for one in held if one.owed)
        notes.append(_DATED if dated else _STALE.format("each reserve's last update"))
        return held
    held = [_current(row) for row in state["userReserves"].items()]
    if len(held) in _PAGES:
        raise state["userReserves"].error(
            "may be one page of several", "missing-row", "ask the subgraph for first: 999"
        )
    notes.append(_STALE.format("the user's last action"))
    return held


def _summary(row: Response) -> _Reserve:
    """Return a computed reserve, in decimals, its balances in accord with the scaled ones beside them."""
    reserve = row["reserve"]
    supplied, owed = _not_negative(row["underlyingBalance"]), _not_negative(row["variableBorrows"])
    if "decimals" in reserve:
        unit = _unit(reserve)
        for scaled, amount in (("scaledATokenBalance", "underlyingBalance"), ("scaledVariableDebt", "variableBorrows")):
            if scaled in row:
                _grown(row[amount], row[scaled].whole() * unit, unit)
    if "stableBorrows" in row:
        owed += _not_negative(row["stableBorrows"])
    if "totalBorrows" in row and abs(row["totalBorrows"].exactly() - owed) > owed / 10**6:
        raise row["totalBorrows"].error("is not the variable and the stable borrows", "mismatch")
    return _Reserve(row, reserve, _address(row, reserve), supplied, owed, _enabled(row, reserve))


def _current(row: Response) -> _Reserve:
    """Return a subgraph row, in smallest units there."""
    reserve = row["reserve"]
    unit = _unit(reserve)
    owed = row["currentVariableDebt"].whole()
    if "currentStableDebt" in row:
        owed += row["currentStableDebt"].whole()
    if "currentTotalDebt" in row and abs(row["currentTotalDebt"].whole() - owed) > 1:
        raise row["currentTotalDebt"].error("is not the variable and the stable debt", "mismatch")
    supplied = row["currentATokenBalance"].whole() * unit
    for scaled, amount in (
        ("scaledATokenBalance", "currentATokenBalance"),
        ("scaledVariableDebt", "currentVariableDebt"),
    ):
        if scaled in row:
            _grown(row[amount], Fraction(row[scaled].whole()), Fraction(1))
    return _Reserve(row, reserve, _address(row, reserve), supplied, owed * unit, _enabled(row, reserve))


def _scaled(row: Response, reserves: Mapping[str, Response], now: datetime | None) -> _Reserve:
    """Return a row of scaled balances at its reserve's indices."""
    asset = row["underlyingAsset"]
    reserve = reserves.get(asset.text().lower())
    if reserve is None:
        raise asset.error("is in no entry of reservesData", "unknown-asset")
    if "principalStableDebt" in row and row["principalStableDebt"].whole():
        raise row["principalStableDebt"].error(
            "is stable debt, which needs the user's own rate", hint="import formatUserSummary's output instead"
        )
    unit = _unit(reserve)
    supplied = row["scaledATokenBalance"].whole() * _index(reserve["liquidityIndex"]) // _RAY
    owed = math.ceil(Fraction(row["scaledVariableDebt"].whole(), _RAY) * _borrow_index(reserve, now))
    return _Reserve(row, reserve, asset.text().lower(), supplied * unit, owed * unit, _enabled(row, reserve))


def _borrow_index(reserve: Response, now: datetime | None) -> Fraction:
    """Return the borrow index at a time: the one of the last update, with interest at the reserve's rate since.

    The venue compounds by the first four terms of the binomial series a second
    (https://github.com/aave-dao/aave-v3-origin, MathUtils.calculateCompoundedInterest).
    """
    index = Fraction(_index(reserve["variableBorrowIndex"]))
    if now is None or "variableBorrowRate" not in reserve:
        return index
    seconds = max(unix_seconds(now) - reserve["lastUpdateTimestamp"].whole(), 0)
    rate = Fraction(reserve["variableBorrowRate"].whole(), _RAY)
    if rate > _MOST_RATE:
        raise reserve["variableBorrowRate"].error("must be a yearly rate in units of 10^-27")
    each = rate / _YEAR
    return index * sum(math.comb(seconds, power) * each**power for power in range(4))


def _index(index: Response) -> int:
    value = index.whole()
    if not _RAY <= value < _MOST_GROWTH * _RAY:
        raise index.error("must be an index in units of 10^-27, from one upwards")
    return value


def _grown(amount: Response, scaled: Fraction, unit: Fraction) -> None:
    """Refuse a balance that is not its scaled one with interest: it is in another unit, or its interest is missing."""
    value = amount.exactly()
    if not scaled - 2 * unit <= value <= _MOST_GROWTH * (scaled + 2 * unit):
        raise amount.error("is not the scaled balance with its interest: its unit is another", "mismatch")


def _enabled(row: Response, reserve: Response) -> bool:
    """Return whether a supply is collateral: its owner enabled it, and the reserve takes it outside every eMode."""
    listed = "reserveLiquidationThreshold" not in reserve or reserve["reserveLiquidationThreshold"].number() != 0
    if "usageAsCollateralEnabled" in reserve:
        listed = listed and reserve["usageAsCollateralEnabled"].flag()
    return row["usageAsCollateralEnabledOnUser"].flag() and listed


def _address(row: Response, reserve: Response) -> str:
    """Return which asset a row is of, empty where the response does not say."""
    for holder in (row, reserve):
        if "underlyingAsset" in holder:
            return holder["underlyingAsset"].text().lower()
    return ""


def _unit(reserve: Response) -> Fraction:
    decimals = reserve["decimals"].whole()
    if decimals > _MOST_DECIMALS:
        raise reserve["decimals"].error(f"must be at most {_MOST_DECIMALS}")
    return Fraction(1, 10**decimals)


def _not_negative(amount: Response) -> Fraction:
    value = amount.exactly()
    if value < 0:
        raise amount.error("must not be negative")
    return value
