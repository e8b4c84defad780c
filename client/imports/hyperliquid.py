"""Hyperliquid: the responses of the info endpoint to `clearinghouseState` and `spotClearinghouseState`.

Shapes, read 2026-11-22: https://github.com/hyperliquid-dex/hyperliquid-python-sdk (hyperliquid/info.py, `user_state`),
https://nktkas.gitbook.io/hyperliquid-api/api/info/clearinghousestate and
https://docs.chainstack.com/reference/hyperliquid-info-spotclearinghousestate.

- `szi` is signed, negative for a short. `totalRawUsd` is what cash would be had every fill been paid in full
  (accountValue = totalRawUsd + Σ szi·mark, which is checked), so the wallet is totalRawUsd + Σ szi·entryPx, and the
  rounding of entryPx cancels out.
- Funding is settled every hour (https://docs.bitquery.io/docs/perpetuals/hyperliquid/hyperliquid-funding-payments-api/):
  `cumFunding`, sinceOpen included, is history, and nothing is unsettled.
- An isolated position is an account of its own, with its own `leverage.rawUsd`. The cross account has the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from ...kernel.errors import FileError
from ..files.portfolio import Amount, Position
from .naming import Naming
from .portfolio import Imported, imported
from .response import Response

__all__ = ["import_hyperliquid"]

_TOLERANCE = Fraction(1, 10**6)  # of the positions' value; the venue rounds each to six digits
_LAST_MILLISECOND = 253402300799999  # the end of the year 9999


def import_hyperliquid(
    state: Response,
    *,
    account: str,
    naming: Naming | None = None,
    spot: Response | None = None,
    isolated: str | None = None,
) -> Imported:
    """Return the cross account of a `clearinghouseState`, or the account of one isolated coin.

    Spot balances are taken as collateral when their response is handed in. A document that holds `clearinghouseState`
    as a key (as `webData2` does) is read there. Raises FileError.
    """
    naming = naming or Naming()
    if "clearinghouseState" in state:
        state = state["clearinghouseState"]
    positions: list[Position] = []
    raw = [] if isolated is not None else [_raw(state)]
    left_out = 0
    for entry in state["assetPositions"].items():
        held = entry["position"]
        size = held["szi"].number()
        if size == 0:
            continue
        alone = _is_isolated(held)
        if alone != (isolated is not None) or (alone and held["coin"].text() != isolated):
            left_out += alone
            continue
        if alone:
            raw.append(Fraction(held["leverage"]["rawUsd"].number()))
        positions.append(Position(naming.instrument(held["coin"]), size, held["entryPx"].number()))
    if not raw:
        raise FileError("the response has no isolated position in that coin", code="unknown-coin", file=state.file)
    if isolated is None:
        _adds_up(state, raw[0])
    cash = raw[0] + sum((Fraction(p.size) * Fraction(p.entry_price) for p in positions), Fraction(0))
    notes = []
    if left_out:
        notes.append(f"{left_out} isolated positions left out: each is an account of its own (--isolated COIN)")
    return imported(
        state.file,
        cash,
        account=account,
        collateral=[] if spot is None else _balances(spot, naming),
        positions=positions,
        as_of=_time(state["time"]) if "time" in state else None,
        notes=notes,
    )


def _raw(state: Response) -> Fraction:
    return Fraction(state["crossMarginSummary"]["totalRawUsd"].number())


def _is_isolated(held: Response) -> bool:
    kind = held["leverage"]["type"]
    if kind.text() not in ("cross", "isolated"):
        raise kind.error("must be cross or isolated")
    return kind.text() == "isolated"


def _adds_up(state: Response, raw: Fraction) -> None:
    """Refuse an account whose value is not its raw balance plus its cross positions: its balance is kept elsewhere."""
    signed = size = Fraction(0)
    for entry in state["assetPositions"].items():
        held = entry["position"]
        if held["szi"].number() == 0 or _is_isolated(held):
            continue
        value = abs(Fraction(held["positionValue"].number()))
        size += value
        signed += value if held["szi"].number() > 0 else -value
    total = state["crossMarginSummary"]["accountValue"]
    if abs(Fraction(total.number()) - raw - signed) > Fraction(1, 100) + size * _TOLERANCE:
        raise total.error(
            "is not totalRawUsd plus the cross positions: this account keeps its balance elsewhere",
            "mismatch",
            "only standard accounts can be imported, not unified or portfolio-margin ones",
        )


def _balances(spot: Response, naming: Naming) -> list[Amount]:
    """Return spot balances that are not zero; what orders hold is still the account's."""
    for key in ("spotClearinghouseState", "spotState"):
        if key in spot:
            spot = spot[key]
    if "portfolioMarginEnabled" in spot and spot["portfolioMarginEnabled"].flag():
        raise spot["portfolioMarginEnabled"].error("is set: one balance then serves spot and perpetuals", "mismatch")
    amounts = []
    for balance in spot["balances"].items():
        total = balance["total"].number()
        if total < 0:
            raise balance["total"].error("must not be negative")
        if total > 0:
            amounts.append(Amount(naming.asset(balance["coin"]), Decimal(total)))
    return amounts


def _time(milliseconds: Response) -> datetime:
    value = milliseconds.whole()
    if value > _LAST_MILLISECOND:
        raise milliseconds.error("must be a time in milliseconds")
    return datetime.fromtimestamp(value // 1000, UTC)
