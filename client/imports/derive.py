"""Derive: the answer of `private/get_subaccount`, standard or portfolio margin.

Shape, read 2026-11-22: the venue's OpenAPI document of the method
(https://docs.derive.xyz/api-reference/subaccounts/privateget_subaccount.md) and its earlier edition for
api.lyra.finance; amounts are decimal strings, some of them doubles written out to 45 digits and more, negative when
short or borrowed.

- USDC is cash, pending interest included, and may be negative. Other collaterals stay what they are.
- Options are paid in full when traded: what they are worth at the mark is all they add, so they enter at price zero.
- Perpetuals settle profit into USDC now and then, and what is not settled stands in `positions_value`, the
  mark-to-market value of all positions. So the wallet is what makes the account worth, at the response's own marks,
  what the venue says, whatever has been settled of which position; nothing is then unsettled.
- Each row's `mark_value` is checked: amount·mark of options and collaterals, amount·(mark − average) −
  net_settlements + pending_funding of perpetuals. Their sums are checked against `positions_value`,
  `collaterals_value`, `subaccount_value`. Without that the wallet would take up whatever was misread.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ...kernel.arguments import TEXT, maybe, takes
from ..files.portfolio import Amount, Position
from .checks import OPTION, must_agree, must_profit, total
from .naming import NAMING, Naming
from .portfolio import Imported, imported, size_of
from .response import RESPONSE, Response

__all__ = ["import_derive"]

_QUOTE = "USDC"
_MILLI = Fraction(1, 1000)  # mark_value of perpetuals is rounded so
_ZERO = Decimal(0)
_MARGIN = ("SM", "PM", "PM2")
_KNOWN = {"collaterals", "collaterals_value"}
_ROW = {"cumulative_interest", "pending_interest"}
_ONE = "save private/get_subaccount of one subaccount"


@takes(state=RESPONSE, account=maybe(TEXT), naming=NAMING)
def import_derive(state: Response, *, account: str | None = None, naming: Naming | None = None) -> Imported:
    """Return the account of a subaccount's response; without a name it is called by its number. Raises FileError."""
    naming = naming or Naming()
    state = state.inside("result")
    if isinstance(state.value, list):
        raise state.error("holds several accounts", "several-accounts", _ONE)
    state.understood(_KNOWN)
    if "failed_to_fetch" in state and state["failed_to_fetch"].value is not False:
        raise state["failed_to_fetch"].error("is set: the venue could not read all of the account", "mismatch")
    if "margin_type" in state and state["margin_type"].text() not in _MARGIN:
        raise state["margin_type"].error(f"must be one of {', '.join(_MARGIN)}", "mode")
    positions: list[Position] = []
    value, gross = Fraction(0), Fraction(0)  # of positions at the marks, perpetuals from their entry on
    marked = Fraction(0)
    for entry in state["positions"].items():
        entry.understood(())
        size, mark, kind = size_of(entry["amount"]), entry["mark_price"].number(), entry["instrument_type"]
        if kind.text() not in ("option", "perp"):
            raise kind.error("must be option or perp")
        if (entry["instrument_name"].text().rpartition("-")[2] == "PERP") != (kind.text() == "perp"):
            raise kind.error("is not what the instrument's name says", "mismatch")
        marked += entry["mark_value"].exactly()
        if size == 0:
            if entry["mark_value"].number():
                raise entry["mark_value"].error("is not zero although the amount is", "mismatch")
            continue
        entered = _entry(entry, size, mark, kind.text())
        value += Fraction(size) * (Fraction(mark) - Fraction(entered))
        gross += abs(Fraction(size)) * Fraction(mark)
        positions.append(Position(naming.asset(entry["instrument_name"]), size, entered))
    cash, collateral, held = _collaterals(state, naming)
    whole = state["positions_value"].exactly()
    says = "is not what the rows add up to: a row is missing, or of another sign or unit"
    must_agree(state["positions_value"], marked, gross, says)
    must_agree(state["collaterals_value"], held, abs(held), says)
    must_agree(
        state["subaccount_value"],
        whole + state["collaterals_value"].exactly(),
        gross + abs(held),
        "is not positions_value plus collaterals_value",
    )
    notes = []
    if "open_orders" in state and any(True for _ in state["open_orders"].items()):
        notes.append("open orders are left out: the venue reserves margin for them, this account does not")
    if "is_under_liquidation" in state and state["is_under_liquidation"].flag():
        notes.append("the venue is liquidating this subaccount: amounts may have moved since")
    return imported(
        state.file,
        cash + whole - value,
        account=account or str(state["subaccount_id"].whole()),
        naming=naming,
        collateral=collateral,
        positions=positions,
        notes=notes,
    )


def _entry(entry: Response, size: Decimal, mark: Decimal, kind: str) -> Decimal:
    """Return what a position enters at, its row being in accord with itself."""
    if kind == "option":
        must_profit(entry["mark_value"], size, mark, _ZERO, share=OPTION)
        return _ZERO
    average = entry["average_price"].number()
    settled = Fraction(0)
    if "net_settlements" in entry:
        settled += entry["net_settlements"].exactly()
    if "pending_funding" in entry:
        settled -= entry["pending_funding"].exactly()
    must_profit(entry["mark_value"], size, mark, average, less=settled, slack=_MILLI)
    return average


def _collaterals(state: Response, naming: Naming) -> tuple[Fraction, list[Amount], Fraction]:
    """Return the USDC with its pending interest, what else is held, and what the rows say all of it is worth."""
    cash, held, marked = Fraction(0), [], []
    for entry in state["collaterals"].items():
        entry.understood(_ROW)
        if "asset_type" in entry and entry["asset_type"].text() != "erc20":
            raise entry["asset_type"].error("must be erc20", "not-understood")
        amount = entry["amount"].number()
        marked.append(entry["mark_value"].exactly())
        must_profit(entry["mark_value"], amount, entry["mark_price"].number(), _ZERO)
        if entry["asset_name"].text() == _QUOTE:
            cash += Fraction(amount)
            if "pending_interest" in entry:
                cash += entry["pending_interest"].exactly()
            continue
        entry.nothing("pending_interest", says="is not zero: only USDC bears interest")
        if amount < 0:
            raise entry["amount"].error("is negative: only USDC can be borrowed", "mismatch")
        if amount:
            held.append(Amount(naming.asset(entry["asset_name"]), amount))
    return cash, held, total(marked)
