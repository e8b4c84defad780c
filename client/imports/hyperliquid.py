"""Hyperliquid: the responses of the info endpoint to `clearinghouseState` and `spotClearinghouseState`.

Shapes, read 2026-11-22: https://github.com/hyperliquid-dex/hyperliquid-python-sdk (hyperliquid/info.py, `user_state`),
https://nktkas.gitbook.io/hyperliquid-api/api/info/clearinghousestate and
https://docs.chainstack.com/reference/hyperliquid-info-spotclearinghousestate.

- `szi` is signed, negative for a short. `totalRawUsd` is what cash would be had every fill been paid in full
  (accountValue = totalRawUsd + Σ szi·mark), so the wallet is totalRawUsd + Σ szi·entryPx, and the rounding of entryPx
  cancels out.
- Funding is settled every hour (https://docs.bitquery.io/docs/perpetuals/hyperliquid/hyperliquid-funding-payments-api/):
  `cumFunding`, sinceOpen included, is history, and nothing is unsettled.
- An isolated position is an account of its own, with its own `leverage.rawUsd`. The cross account has the rest.
- A unified account keeps its cash among the spot balances: of the perpetuals' answer only the positions are its own,
  and the wallet in it is the very USDC that the spot answer has on hold. `hyperliquid_mode.py` tells the two apart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from ...kernel.arguments import TEXT, maybe, takes
from ...kernel.errors import FileError, InputError
from ..files.portfolio import Amount, Position
from .checks import money_slack, must_agree, price_slack, total
from .hyperliquid_mode import PerpSide, is_dollar, is_unified
from .naming import NAMING, Naming
from .portfolio import Imported, imported, size_of
from .response import RESPONSE, Response

__all__ = ["import_hyperliquid"]

_ENTRY = Fraction(1, 10**5)  # entryPx has five significant digits at least
_LAST_MILLISECOND = 253402300799999  # the end of the year 9999
_STATE = {"crossMarginSummary", "marginSummary", "collateralToken"}
_MODES = ("disabled", "default", "unifiedAccount")
_DEXES = ("clearinghouseStates", "allDexsClearinghouseState", "subAccounts")


@takes(
    state=RESPONSE,
    account=TEXT,
    naming=NAMING,
    spot=maybe(RESPONSE),
    isolated=maybe(TEXT),
    mode=maybe(TEXT),
)
def import_hyperliquid(
    state: Response,
    *,
    account: str,
    naming: Naming | None = None,
    spot: Response | None = None,
    isolated: str | None = None,
    mode: str | None = None,
) -> Imported:
    """Return the cross account of a `clearinghouseState`, or the account of one isolated coin.

    Spot balances are taken as collateral when their response is handed in; of a unified account the USDC is the cash. A
    document that holds `clearinghouseState` or `spotState` as a key (as `webData2` does) is read there. `mode` is the
    venue's answer to `userAbstraction`, where the other answers leave open whether the account is unified.

    Raises FileError when the answers do not add up, or do not say whether a unified account's cash is elsewhere;
    InputError for spot balances with an isolated position, which they do not back.
    """
    naming = naming or Naming()
    if isolated is not None and spot is not None:
        raise InputError("spot balances do not back an isolated position", code="usage")
    for key in _DEXES:
        if key in state:
            raise state[key].error("holds several accounts", "several-accounts", "save one clearinghouseState")
    if spot is None and isolated is None and ("spotState" in state or "spotClearinghouseState" in state):
        spot = state
    mode = mode or _said_mode(state, spot)
    if mode not in (None, *_MODES):
        raise InputError(f"the mode must be one of {', '.join(_MODES)}: others are not read", code="usage")
    state = state.inside("clearinghouseState")
    state.understood(_STATE)
    state.nothing("collateralToken", says="is not USDC: the cash of these perpetuals is another asset")
    cross, alone = _positions(state)
    raw = _add_up(state, cross, alone)
    if isolated is not None:
        cross = [held for held in alone if held["coin"].text() == isolated]
        if not cross:
            raise FileError("the response has no isolated position in that coin", code="unknown-coin", file=state.file)
        raw = total(held["leverage"]["rawUsd"].exactly() for held in cross)
    positions = [Position(naming.instrument(h["coin"]), size_of(h["szi"]), h["entryPx"].number()) for h in cross]
    cash = raw + total(Fraction(p.size) * Fraction(p.entry_price) for p in positions)
    notes: list[str] = []
    collateral: list[Amount] = []
    if isolated is None:
        if alone:
            notes.append(f"{len(alone)} isolated positions left out: each is an account of its own (--isolated COIN)")
        profit = total(held["unrealizedPnl"].exactly() for held in cross)
        everything = cash + total(held["leverage"]["rawUsd"].exactly() + _entered(held) for held in alone)
        side = PerpSide(state, cash, everything, profit, bool(alone))
        balances = None if spot is None else _inside(spot)
        unified = is_unified(side, balances, mode)
        if balances is not None:
            collateral, dollars = _balances(balances, naming, apart=unified)
            if unified:
                cash = dollars + _rounding(cash, raw, cross, profit)
    return imported(
        state.file,
        cash,
        account=account,
        naming=naming,
        collateral=collateral,
        positions=positions,
        as_of=_time(state["time"]) if "time" in state else None,
        notes=notes,
    )


def _rounding(cash: Fraction, raw: Fraction, cross: list[Response], profit: Fraction) -> Fraction:
    """Return what entryPx's rounding takes from the profit, so that the account is worth its dollars and its profit."""
    return profit - (raw + total(_value(held) for held in cross) - cash)


def _said_mode(state: Response, spot: Response | None) -> str | None:
    """Return the account mode where a document says it. Raises FileError for one that is not read."""
    for document in [state] if spot is None else [state, spot]:
        for key in ("userAbstraction", "abstraction"):
            if key not in document:
                continue
            said = document[key].text()
            if said not in _MODES:
                raise document[key].error(
                    "must be disabled, default or unifiedAccount: other modes share balances between venues", "mode"
                )
            return said
    return None


def _inside(spot: Response) -> Response:
    return spot.inside("spotClearinghouseState").inside("spotState")


def _positions(state: Response) -> tuple[list[Response], list[Response]]:
    """Return the cross and the isolated positions that are open, each in accord with itself."""
    cross: list[Response] = []
    alone: list[Response] = []
    for entry in state["assetPositions"].items():
        if "type" in entry and entry["type"].text() != "oneWay":
            raise entry["type"].error("must be oneWay")
        held = entry["position"]
        size = held["szi"].number()
        if size == 0:
            if "positionValue" in held and held["positionValue"].number():
                raise held["positionValue"].error("is not zero although szi is", "mismatch")
            continue
        if ":" in held["coin"].text():
            raise held["coin"].error("is a builder's perpetual, whose cash may be another asset", "not-understood")
        kind = held["leverage"]["type"]
        if kind.text() not in ("cross", "isolated"):
            raise kind.error("must be cross or isolated")
        held.understood({"returnOnEquity"})
        _profit(held)
        (alone if kind.text() == "isolated" else cross).append(held)
    return cross, alone


def _value(held: Response) -> Fraction:
    """Return szi·mark: a position's value with its sign."""
    value = held["positionValue"].exactly()
    if value <= 0:
        raise held["positionValue"].error("must be above zero")
    return value if held["szi"].number() > 0 else -value


def _entered(held: Response) -> Fraction:
    return held["szi"].exactly() * held["entryPx"].exactly()


def _profit(held: Response) -> None:
    """Refuse a position whose value less what it cost is not its profit: its size has another unit or sign."""
    said, value, entry = held["unrealizedPnl"], held["positionValue"].number(), held["entryPx"].number()
    slack = money_slack(said.number()) + money_slack(value) + abs(held["szi"].exactly()) * price_slack(entry)
    if abs(said.exactly() - (_value(held) - _entered(held))) > slack + abs(Fraction(value)) * _ENTRY:
        raise said.error("is not the position's value less its entry: its unit or its sign is another", "mismatch")


def _add_up(state: Response, cross: list[Response], alone: list[Response]) -> Fraction:
    """Return the cross account's raw balance, both summaries being what the positions make of it."""
    summary = state["crossMarginSummary"]
    summary.understood(())
    raw = summary["totalRawUsd"].exactly()
    value, own = total(_value(held) for held in cross), total(_value(held) for held in alone)
    gross = total(abs(_value(held)) for held in cross)
    everything = gross + total(abs(_value(held)) for held in alone)
    must_agree(
        summary["accountValue"],
        raw + value,
        gross,
        "is not totalRawUsd plus the cross positions: this account keeps its balance elsewhere",
        hint="--spot FILE, when the account is unified; portfolio-margin accounts cannot be imported",
    )
    if "totalNtlPos" in summary:
        must_agree(summary["totalNtlPos"], gross, gross, "is not what the cross positions add up to")
    if alone or "marginSummary" in state:  # isolated margins stand in no other total
        whole = state["marginSummary"]
        margins = total(held["leverage"]["rawUsd"].exactly() for held in alone)
        says = "is not the cross account's plus the isolated positions'"
        must_agree(whole["accountValue"], raw + value + margins + own, everything, says)
        must_agree(whole["totalRawUsd"], raw + margins, everything, says)
        if "totalNtlPos" in whole:
            must_agree(whole["totalNtlPos"], everything, everything, says)
    return raw


def _balances(spot: Response, naming: Naming, *, apart: bool) -> tuple[list[Amount], Fraction]:
    """Return spot balances that are not zero, and the USDC where it stands `apart` from them.

    What orders hold is still the account's.
    """
    amounts, dollars = [], Fraction(0)
    for balance in spot["balances"].items():
        amount = balance["total"].number()
        if amount < 0:
            raise balance["total"].error("must not be negative")
        if is_dollar(balance) and apart:
            dollars += Fraction(amount)
        elif amount > 0:
            token = str(balance["token"].whole()) if "token" in balance else ""
            amounts.append(Amount(naming.asset(balance["coin"], token), amount))
    return amounts, dollars


def _time(milliseconds: Response) -> datetime:
    value = milliseconds.whole()
    if value > _LAST_MILLISECOND:
        raise milliseconds.error("must be a time in milliseconds")
    return datetime.fromtimestamp(value // 1000, UTC)
