"""dYdX v4: the indexer's answer to `GET /v4/addresses/{address}/subaccountNumber/{number}`.

Shape: https://docs.dydx.xyz/types/subaccount_response_object and the indexer's own code,
https://github.com/dydxprotocol/v4-chain, indexer/services/comlink/src/lib/helpers.ts, both read 2026-11-22.

- `side` is LONG or SHORT; `size` comes with a minus or without for a short. A LONG with a minus contradicts itself.
- Positions are paid in full: equity = the USDC position + Σ size·oracle price (`calculateEquityAndFreeCollateral`), so
  the wallet is the USDC position + Σ size·entryPrice, and the rounding of entryPrice cancels out. With each row's
  unrealised profit = size·(oracle price − entryPrice) that makes the equity, which is checked: a size of another sign
  or unit, a position or a balance that is missing do not add up.
- The indexer has already added unsettled funding to the USDC position (`adjustUSDCAssetPosition`): `netFunding` is
  history, and nothing is unsettled.
- A subaccount is one account; isolated markets live in subaccounts of their own. Answers of several are refused.
"""

from __future__ import annotations

from fractions import Fraction

from ...kernel.arguments import TEXT, maybe, takes
from ..files.portfolio import Position
from .checks import must_agree, total
from .naming import NAMING, Naming
from .portfolio import Imported, imported, size_of
from .response import RESPONSE, Response

__all__ = ["import_dydx"]

_QUOTE = "USDC"
_EXACT = Fraction(1, 10**9)  # the indexer rounds nothing, but a double may have been on the way
_KNOWN = {"equity", "freeCollateral"}
_ROW = {"entryPrice"}
_ONE = "save /v4/addresses/ADDRESS/subaccountNumber/NUMBER of one subaccount"


@takes(state=RESPONSE, account=maybe(TEXT), naming=NAMING)
def import_dydx(state: Response, *, account: str | None = None, naming: Naming | None = None) -> Imported:
    """Return the account of a subaccount response; without a name it is called address/number. Raises FileError."""
    naming = naming or Naming()
    state = state.inside("subaccount")
    for key in ("subaccounts", "childSubaccounts"):
        if key in state:
            raise state[key].error("are several accounts, which do not back each other", "several-accounts", _ONE)
    state.understood(_KNOWN)
    if "marginEnabled" in state and not state["marginEnabled"].flag():
        raise state["marginEnabled"].error("is false: such a subaccount has no margin", "mode")
    positions, profit = [], Fraction(0)
    for entry in state["openPerpetualPositions"].items():
        _is_ours(entry, state)
        entry.understood(_ROW)
        size = _signed(entry)
        if "status" in entry and entry["status"].text() != "OPEN" and size:
            raise entry["status"].error("is not OPEN although the size is not zero", "mismatch")
        if size:
            held = size_of(entry["size"]).copy_sign(-1 if size < 0 else 1)
            positions.append(Position(naming.base(entry["market"], "USD"), held, entry["entryPrice"].number()))
            profit += entry["unrealizedPnl"].exactly()
    dollars = Fraction(0)
    for entry in state["assetPositions"].items():
        _is_ours(entry, state)
        entry.understood(())
        amount = _signed(entry)
        if entry["symbol"].text() == _QUOTE:
            dollars += amount
        elif amount:
            raise entry["symbol"].error("is not USDC, the only asset that the venue's equity counts", "not-understood")
    entered = [Fraction(p.size) * Fraction(p.entry_price) for p in positions]
    gross = total(abs(value) for value in entered)
    must_agree(
        state["equity"],
        dollars + total(entered) + profit,
        gross + abs(dollars),
        "is not the USDC and the positions at their entry with their profits: something is missing or of another sign",
        relative=_EXACT,
    )
    if "freeCollateral" in state:
        _free(state)
    return imported(
        state.file,
        dollars + total(entered),
        account=account or f"{state['address'].text()}/{state['subaccountNumber'].whole()}",
        naming=naming,
        positions=positions,
    )


def _free(state: Response) -> None:
    """Refuse free collateral beyond the equity: initial margin is never negative."""
    free, equity = state["freeCollateral"].exactly(), state["equity"].exactly()
    if free > equity + abs(equity) / 10**6:
        raise state["freeCollateral"].error("is more than the equity", "mismatch")


def _is_ours(entry: Response, state: Response) -> None:
    """Refuse a row of another subaccount."""
    if "subaccountNumber" in entry and "subaccountNumber" in state:
        number = entry["subaccountNumber"]
        if number.whole() != state["subaccountNumber"].whole():
            raise number.error("is another subaccount's", "several-accounts", _ONE)


def _signed(entry: Response) -> Fraction:
    """Return an entry's size with its side's sign."""
    size, side = entry["size"].exactly(), entry["side"].text()
    if side not in ("LONG", "SHORT"):
        raise entry["side"].error("must be LONG or SHORT")
    if side == "LONG" and size < 0:
        raise entry["size"].error("is negative although the side is LONG", "mismatch")
    return size if side == "LONG" else -abs(size)
