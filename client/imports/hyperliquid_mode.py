"""Whether a Hyperliquid account is unified, as its own answers show: nothing in the perpetuals' answer says so.

In a unified account one USDC balance backs spot and perpetuals. The perpetuals' answer then shows the part that is on
hold as if it were a wallet, so that this and the spot balance are the same money twice, and the perpetuals' answer
alone is a part of the account. What tells them apart:

- `tokenToAvailableAfterMaintenance` stands in the spot answer of accounts that share balances. Of a unified one it is
  the USDC total less the maintenance margin of the cross positions that were handed in; anything else means positions
  that were not (another builder's perpetuals).
- The perpetuals' wallet is the USDC on hold.
- `withdrawable` of an account of its own is accountValue less the margin in use (or a tenth of the positions, which
  transfers must leave), so that money can leave it; of a unified account it is nothing or unrelated.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ...kernel.errors import FileError
from .checks import must_agree
from .response import Response

__all__ = ["PerpSide", "is_dollar", "is_unified"]

_CENT = Fraction(1, 100)
_ROW = {"coin", "token", "total", "hold", "entryNtl"}
_SPOT = {"balances", "tokenToAvailableAfterMaintenance"}
_ASK = "--spot FILE with its spotClearinghouseState, or --mode with the answer to userAbstraction"


@dataclass(frozen=True, repr=False)
class PerpSide:
    """What the perpetuals' answer says: the cross wallet, with isolated positions', and the cross profit."""

    state: Response
    wallet: Fraction
    wallets: Fraction
    profit: Fraction
    has_isolated: bool


def is_unified(side: PerpSide, spot: Response | None, mode: str | None) -> bool:
    """Return whether the account's cash is its spot USDC. Raises FileError when the answers do not show it."""
    if spot is None:
        if mode == "unifiedAccount" or (mode is None and not _leaves(side)):
            raise _elsewhere(side)
        return False
    total, hold = _dollars(spot)
    shared = "tokenToAvailableAfterMaintenance" in spot
    same = bool(hold) and min(abs(hold - side.wallet), abs(hold - side.wallets)) <= _CENT
    if not shared and mode != "unifiedAccount":
        if same or (hold and mode is None and not _leaves(side)):
            raise spot["balances"].error(
                "may be the same USDC as the perpetuals' wallet: the account may be unified",
                "mode",
                "--mode with the answer to userAbstraction",
            )
        return False
    if mode in ("disabled", "default"):
        raise spot["tokenToAvailableAfterMaintenance"].error("is there although the account is not unified", "mode")
    if side.has_isolated:
        raise side.state["assetPositions"].error(
            "has isolated positions in a unified account: what their margin is taken from is not in the answers", "mode"
        )
    if side.wallet > hold + _CENT:
        raise spot["balances"].error("holds less USDC than the perpetuals' wallet", "mismatch")
    if not shared and not same:
        raise spot["balances"].error("does not hold the perpetuals' wallet in USDC", "mismatch")
    if shared:
        _available(side, spot, total)
    return True


def _leaves(side: PerpSide) -> bool:
    """Whether the perpetuals' answer shows money that could be withdrawn from it, as much as its own margins leave."""
    if "withdrawable" not in side.state:
        return False
    summary = side.state["crossMarginSummary"]
    value, used = summary["accountValue"].exactly(), summary["totalMarginUsed"].exactly()
    size = summary["totalNtlPos"].exactly() if "totalNtlPos" in summary else Fraction(0)
    said, slack = side.state["withdrawable"].exactly(), _CENT + size / 10**6
    return said > 0 and value - max(used, size / 10) - slack <= said <= value - used + slack


def _elsewhere(side: PerpSide) -> FileError:
    where = side.state["withdrawable"] if "withdrawable" in side.state else side.state["crossMarginSummary"]
    return where.error(
        "does not show that the account's cash is in this answer: it may be a unified account", "mode", _ASK
    )


def _dollars(spot: Response) -> tuple[Fraction, Fraction]:
    """Return the spot USDC and what of it is on hold, no balance having anything besides."""
    if "portfolioMarginEnabled" in spot and spot["portfolioMarginEnabled"].flag():
        raise spot["portfolioMarginEnabled"].error("is set: loans and credit between balances are not read", "mode")
    spot.understood(_SPOT)
    total = held = Fraction(0)
    for row in spot["balances"].items():
        row.understood(_ROW)
        row.nothing("spotHold", "borrowed", "supplied", says="is of portfolio margin, which is not read")
        hold = row["hold"].exactly() if "hold" in row else Fraction(0)
        if not 0 <= hold <= row["total"].exactly():
            raise row["hold" if "hold" in row else "total"].error("must be between nothing and the total", "mismatch")
        if is_dollar(row):
            total, held = total + row["total"].exactly(), held + hold
    return total, held


def is_dollar(row: Response) -> bool:
    """Return whether a balance is the venue's USDC, token 0. Raises FileError for another token of that name."""
    if row["coin"].text() != "USDC":
        return False
    if "token" in row and row["token"].whole():
        raise row["token"].error("is not 0, which is USDC: it is another token under its name", "not-understood")
    return True


def _available(side: PerpSide, spot: Response, total: Fraction) -> None:
    """Refuse a unified account whose balances back positions that were not handed in."""
    totals = {row["token"].whole(): row["total"].exactly() for row in spot["balances"].items()}
    maintenance = side.state["crossMaintenanceMarginUsed"].exactly()
    size = side.state["crossMarginSummary"]["totalNtlPos"].exactly()
    says = "is not the balance less the maintenance margin: it backs positions that are not in this answer"
    for pair in spot["tokenToAvailableAfterMaintenance"].items():
        token, said = _pair(pair)
        if token:
            must_agree(said, totals.get(token, Fraction(0)), Fraction(0), says, slack=_CENT)
        elif abs(said.exactly() - (total + side.profit - maintenance)) > _CENT + size / 10**6:
            must_agree(said, total - maintenance, size, says, slack=_CENT)


def _pair(pair: Response) -> tuple[int, Response]:
    parts = list(pair.items())
    if len(parts) != 2:
        raise pair.error("must be a token and its amount")
    return parts[0].whole(), parts[1]
