"""Aave v3: a user's reserves, in any of the three shapes people have them in.

Read 2026-11-22: https://aave.com/docs/aave-v3/smart-contracts/view-contracts (UiPoolDataProvider),
https://github.com/aave/aave-utilities (packages/math-utils/src/formatters/user/index.ts, `UserReserveData` and
`ComputedUserReserve`) and https://github.com/aave/protocol-subgraphs (schemas/v3.schema.graphql, `UserReserve`).

1. `formatUserSummary` of aave-utilities: `userReservesData`, with `underlyingBalance` and borrows in decimals, interest
   until the moment it was asked for included. The best of the three.
2. UiPoolDataProvider as aave-utilities hands it on: `userReserves` with scaled balances beside `reservesData` with
   indices; a balance is scaled·index / 10^27, collateral rounded down and debt up, at the reserve's last update.
3. The subgraph: `userReserves` with `currentATokenBalance` and `currentVariableDebt`, at the user's last action.

Supplies count as collateral only where their owner enabled them. Cash is zero; there are no positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ..files.portfolio import Amount
from .naming import Naming
from .portfolio import Imported, imported, value_of
from .response import Response

__all__ = ["import_aave"]

_RAY = 10**27
_MOST_DECIMALS = 30
_STALE = "balances are as of {}: interest since then is not in them"


def import_aave(state: Response, *, account: str, naming: Naming | None = None) -> Imported:
    """Return the account of a user's reserves. Raises FileError."""
    naming = naming or Naming()
    if "data" in state:
        state = state["data"]
    notes: list[str] = []
    if "userEmodeCategoryId" in state and state["userEmodeCategoryId"].whole():
        notes.append("the account is in an eMode: its factors are the category's, not the reserves' own")
    if "userReservesData" in state:
        rows = [(row, *_summary(row)) for row in state["userReservesData"].items()]
    elif "reservesData" in state:
        reserves = {r["underlyingAsset"].text().lower(): r for r in state["reservesData"].items()}
        rows = [_scaled(row, reserves) for row in state["userReserves"].items()]
        notes.append(_STALE.format("each reserve's last update"))
    else:
        rows = [(row, *_current(row)) for row in state["userReserves"].items()]
        notes.append(_STALE.format("the user's last action"))
    collateral, debt, unused = [], [], 0
    for row, symbol, supplied, owed in rows:
        enabled = row["usageAsCollateralEnabledOnUser"].flag()
        if supplied and enabled:
            collateral.append(Amount(naming.asset(symbol), value_of(supplied, "a balance", state.file)))
        unused += bool(supplied and not enabled)
        if owed:
            debt.append(Amount(naming.asset(symbol), value_of(owed, "a debt", state.file)))
    if unused:
        notes.append(f"{unused} supplies left out: they are not enabled as collateral")
    return imported(state.file, Fraction(0), account=account, collateral=collateral, debt=debt, notes=notes)


def _summary(row: Response) -> tuple[Response, Fraction, Fraction]:
    """Return symbol, supply and debt of a computed reserve, in decimals."""
    supplied, owed = _not_negative(row["underlyingBalance"]), _not_negative(row["variableBorrows"])
    if "stableBorrows" in row:
        owed += _not_negative(row["stableBorrows"])
    return row["reserve"]["symbol"], supplied, owed


def _current(row: Response) -> tuple[Response, Fraction, Fraction]:
    """Return symbol, supply and debt of a subgraph row, in smallest units there."""
    reserve = row["reserve"]
    unit = _unit(reserve)
    owed = row["currentVariableDebt"].whole()
    if "currentStableDebt" in row:
        owed += row["currentStableDebt"].whole()
    return reserve["symbol"], row["currentATokenBalance"].whole() * unit, owed * unit


def _scaled(row: Response, reserves: Mapping[str, Response]) -> tuple[Response, Response, Fraction, Fraction]:
    """Return a row of scaled balances with its symbol, and supply and debt at its reserve's indices."""
    asset = row["underlyingAsset"]
    reserve = reserves.get(asset.text().lower())
    if reserve is None:
        raise asset.error("is in no entry of reservesData", "unknown-asset")
    if "principalStableDebt" in row and row["principalStableDebt"].whole():
        raise row["principalStableDebt"].error(
            "is stable debt, which needs the user's own rate", hint="import formatUserSummary's output instead"
        )
    unit = _unit(reserve)
    supplied = row["scaledATokenBalance"].whole() * reserve["liquidityIndex"].whole() // _RAY
    owed = -(-row["scaledVariableDebt"].whole() * reserve["variableBorrowIndex"].whole() // _RAY)
    return row, reserve["symbol"], supplied * unit, owed * unit


def _unit(reserve: Response) -> Fraction:
    decimals = reserve["decimals"].whole()
    if decimals > _MOST_DECIMALS:
        raise reserve["decimals"].error(f"must be at most {_MOST_DECIMALS}")
    return Fraction(1, 10**decimals)


def _not_negative(amount: Response) -> Fraction:
    value = Fraction(amount.number())
    if value < 0:
        raise amount.error("must not be negative")
    return value
