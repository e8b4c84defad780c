"""dYdX v4: the indexer's answer to `GET /v4/addresses/{address}/subaccountNumber/{number}`.

Shape: https://docs.dydx.xyz/types/subaccount_response_object and the indexer's own code,
https://github.com/dydxprotocol/v4-chain, indexer/services/comlink/src/lib/helpers.ts, both read 2026-11-22.

- `side` is LONG or SHORT; `size` comes with a minus or without for a short. A LONG with a minus contradicts itself.
- Positions are paid in full: equity = the USDC position + Σ size·oracle price (`calculateEquityAndFreeCollateral`), so
  the wallet is the USDC position + Σ size·entryPrice, and the rounding of entryPrice cancels out.
- The indexer has already added unsettled funding to the USDC position (`adjustUSDCAssetPosition`): `netFunding` is
  history, and nothing is unsettled.
- A subaccount is one account; isolated markets live in subaccounts of their own.
"""

from __future__ import annotations

from fractions import Fraction

from ..files.portfolio import Amount, Position
from .naming import Naming
from .portfolio import Imported, imported, value_of
from .response import Response

__all__ = ["import_dydx"]

_QUOTE = "USDC"


def import_dydx(state: Response, *, account: str | None = None, naming: Naming | None = None) -> Imported:
    """Return the account of a subaccount response; without a name it is called address/number. Raises FileError."""
    naming = naming or Naming()
    if "subaccount" in state:
        state = state["subaccount"]
    positions = []
    for entry in state["openPerpetualPositions"].items():
        if "status" in entry and entry["status"].text() != "OPEN":
            continue
        size = _signed(entry)
        if size:
            name = naming.base(entry["market"], "USD")
            positions.append(Position(name, value_of(size, "the size", state.file), entry["entryPrice"].number()))
    cash = sum((Fraction(p.size) * Fraction(p.entry_price) for p in positions), Fraction(0))
    collateral: list[Amount] = []
    debt: list[Amount] = []
    for entry in state["assetPositions"].items():
        amount = _signed(entry)
        if entry["symbol"].text() == _QUOTE:
            cash += amount
        elif amount:
            held = Amount(naming.asset(entry["symbol"]), value_of(abs(amount), "the amount", state.file))
            (collateral if amount > 0 else debt).append(held)
    return imported(
        state.file,
        cash,
        account=account or f"{state['address'].text()}/{state['subaccountNumber'].whole()}",
        collateral=collateral,
        debt=debt,
        positions=positions,
    )


def _signed(entry: Response) -> Fraction:
    """Return an entry's size with its side's sign."""
    size, side = Fraction(entry["size"].number()), entry["side"].text()
    if side not in ("LONG", "SHORT"):
        raise entry["side"].error("must be LONG or SHORT")
    if side == "LONG" and size < 0:
        raise entry["size"].error("is negative although the side is LONG", "mismatch")
    return size if side == "LONG" else -abs(size)
