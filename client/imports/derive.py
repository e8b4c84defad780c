"""Derive: the answer of `private/get_subaccount`, standard or portfolio margin.

Shape, read 2026-11-22: the venue's OpenAPI document of the method
(https://docs.derive.xyz/api-reference/subaccounts/privateget_subaccount.md) and its earlier edition for
api.lyra.finance; amounts are decimal strings, negative when short or borrowed.

- USDC is cash, pending interest included, and may be negative. Other collaterals stay what they are.
- Options are paid in full when traded: what they are worth at the mark is all they add, so they enter at price zero.
- Perpetuals settle profit into USDC now and then, and what is not settled stands in `positions_value`, the
  mark-to-market value of all positions. So the wallet is what makes the account worth, at the response's own marks,
  what the venue says, whatever has been settled of which position; nothing is then unsettled.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ..files.portfolio import Amount, Position
from .naming import Naming
from .portfolio import Imported, imported
from .response import Response

__all__ = ["import_derive"]

_QUOTE = "USDC"
_TOLERANCE = Fraction(1, 10**6)  # of the values added up; the venue rounds each
_CENT = Fraction(1, 100)


def import_derive(state: Response, *, account: str | None = None, naming: Naming | None = None) -> Imported:
    """Return the account of a subaccount's response; without a name it is called by its number. Raises FileError."""
    naming = naming or Naming()
    if "result" in state:
        state = state["result"]
    positions: list[Position] = []
    value, gross = Fraction(0), Fraction(0)  # of positions at the marks, perpetuals from their entry on
    for entry in state["positions"].items():
        size, mark, kind = entry["amount"].number(), Fraction(entry["mark_price"].number()), entry["instrument_type"]
        if kind.text() not in ("option", "perp"):
            raise kind.error("must be option or perp")
        if size == 0:
            continue
        entered = Decimal(0) if kind.text() == "option" else entry["average_price"].number()
        value += Fraction(size) * (mark - Fraction(entered))
        gross += abs(Fraction(size)) * mark
        positions.append(Position(naming.asset(entry["instrument_name"]), size, entered))
    cash, collateral = _collaterals(state, naming)
    total = Fraction(state["positions_value"].number())
    _adds_up(state, total, gross)
    notes = []
    if "open_orders" in state and any(True for _ in state["open_orders"].items()):
        notes.append("open orders are left out: the venue reserves margin for them, this account does not")
    if "is_under_liquidation" in state and state["is_under_liquidation"].flag():
        notes.append("the venue is liquidating this subaccount: amounts may have moved since")
    return imported(
        state.file,
        cash + total - value,
        account=account or str(state["subaccount_id"].whole()),
        collateral=collateral,
        positions=positions,
        notes=notes,
    )


def _collaterals(state: Response, naming: Naming) -> tuple[Fraction, list[Amount]]:
    """Return the USDC with its pending interest, and what else is held."""
    cash, held = Fraction(0), []
    for entry in state["collaterals"].items():
        amount = entry["amount"].number()
        if entry["asset_name"].text() == _QUOTE:
            cash += Fraction(amount)
            if "pending_interest" in entry:
                cash += Fraction(entry["pending_interest"].number())
        elif amount < 0:
            raise entry["amount"].error("is negative: only USDC can be borrowed", "mismatch")
        elif amount:
            held.append(Amount(naming.asset(entry["asset_name"]), amount))
    return cash, held


def _adds_up(state: Response, positions: Fraction, gross: Fraction) -> None:
    """Refuse an account that is not worth its positions and collaterals: its value is made up of something else."""
    whole = state["subaccount_value"]
    rest = Fraction(state["collaterals_value"].number())
    if abs(Fraction(whole.number()) - positions - rest) > _CENT + (gross + abs(rest)) * _TOLERANCE:
        raise whole.error("is not positions_value plus collaterals_value", "mismatch")
