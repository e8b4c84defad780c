"""Whether Binance's futures rows are what the assets' own totals say, and which margin mode the account is in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .checks import money_slack, must_agree, price_slack, total
from .portfolio import size_of
from .response import Response

__all__ = ["Row", "check_assets", "check_mode", "futures_rows"]

_TINY = Fraction(1, 10**6)
_CREDITS = "BNFCR"
_SIDES = ("BOTH", "LONG", "SHORT")
_KNOWN = {
    "totalWalletBalance",
    "totalMarginBalance",
    "totalCrossWalletBalance",
    "availableBalance",
    "assets",
}
_ASSET = {"walletBalance", "marginBalance", "crossWalletBalance", "availableBalance"}


@dataclass(frozen=True, repr=False)
class Row:
    """One position that is not zero: its signed size, its value at the mark, its profit, what it settles in."""

    entry: Response
    quote: str
    side: str
    size: Fraction
    value: Fraction
    profit: Fraction
    isolated: bool


def futures_rows(state: Response, assets: Collection[str]) -> list[Row]:
    """Return the positions that are open, each in accord with itself. Raises FileError."""
    rows = []
    for entry in state["positions"].items():
        entry.understood({"isolatedWallet"})
        if entry["positionAmt"].number() == 0:
            entry.nothing("notional", "unrealizedProfit", says="is not zero although positionAmt is")
            continue
        rows.append(_row(entry, assets))
    _one_mode(rows)
    return rows


def check_mode(state: Response, assets: Mapping[str, Response], *, multi_assets: bool) -> None:
    """Refuse an account of another margin mode than was asked for, by the response's flag and by its totals.

    Raises FileError.
    """
    if "totalWalletBalance" not in state:
        raise state.error(
            "has no totalWalletBalance: only /fapi/v3/account and v2 are read, not portfolio margin's answers", "mode"
        )
    state.understood(_KNOWN)
    if _CREDITS in assets:
        assets[_CREDITS].nothing(
            "walletBalance", "crossWalletBalance", "unrealizedProfit", "crossUnPnl",
            says="is in credits (BNFCR): they are no asset that can be priced here",
        )  # fmt: skip
    flag = "multiAssetsMargin" in state and state["multiAssetsMargin"].flag()
    if flag and not multi_assets:
        raise state["multiAssetsMargin"].error("is set: all assets are one account", "mode", "--multi-assets")
    if multi_assets and "multiAssetsMargin" in state and not flag:
        raise state["multiAssetsMargin"].error(
            "is not set: other assets back nothing", "mode", "without --multi-assets"
        )
    lead = assets.get("USDT")  # without multi-assets mode the totals are USDT's
    others = any(entry["walletBalance"].number() for entry in assets.values() if entry is not lead)
    if multi_assets and others and _is(state["totalWalletBalance"], lead, "walletBalance"):
        raise state["totalWalletBalance"].error(
            "is USDT's alone: the account is not in multi-assets mode, and other assets back nothing",
            "mode",
            "without --multi-assets",
        )
    if not multi_assets:
        for key, own in (
            ("totalWalletBalance", "walletBalance"),
            ("totalUnrealizedProfit", "unrealizedProfit"),
            ("totalMarginBalance", "marginBalance"),
            ("totalCrossWalletBalance", "crossWalletBalance"),
            ("totalCrossUnPnl", "crossUnPnl"),
        ):
            if key in state and not _is(state[key], lead, own):
                raise state[key].error(
                    "is not USDT's own: the account is in multi-assets mode, or something is missing",
                    "mode",
                    "--multi-assets",
                )


def check_assets(assets: Mapping[str, Response], rows: Sequence[Row]) -> None:
    """Refuse assets whose profit and isolated wallets are not their positions'. Raises FileError."""
    says = "is not what the positions in it say: some are missing, or of another sign or unit"
    for name, asset in assets.items():
        asset.understood(_ASSET)
        mine = [row for row in rows if row.quote == name]
        gross = total(abs(row.value) for row in mine)
        must_agree(asset["crossUnPnl"], total(r.profit for r in mine if not r.isolated), gross, says)
        if "unrealizedProfit" in asset:
            must_agree(asset["unrealizedProfit"], total(r.profit for r in mine), gross, says)
        if "walletBalance" not in asset:
            continue
        wallet, cross = asset["walletBalance"].exactly(), asset["crossWalletBalance"].exactly()
        if "marginBalance" in asset and "unrealizedProfit" in asset:
            whole = wallet + asset["unrealizedProfit"].exactly()
            must_agree(asset["marginBalance"], whole, gross, "is not the wallet and the profit")
        apart = [
            row.entry["isolatedWallet"].exactly() for row in mine if row.isolated and "isolatedWallet" in row.entry
        ]
        if len(apart) == sum(row.isolated for row in mine):
            must_agree(
                asset["walletBalance"],
                cross + total(apart),
                gross,
                "is not the cross and the isolated wallets",
                slack=_TINY,
            )


def _row(entry: Response, assets: Collection[str]) -> Row:
    symbol, size = entry["symbol"], Fraction(size_of(entry["positionAmt"]))
    pair = symbol.text().partition("_")[0]
    if "notionalValue" in entry or pair.endswith("USD"):
        raise symbol.error("is a coin-margined contract: its profit is not its size times a price", "inverse")
    quote = max((asset for asset in assets if pair.endswith(asset) and pair != asset), key=len, default=None)
    if quote is None:
        raise symbol.error("is settled in an asset that the response does not have", "missing-asset")
    side = entry["positionSide"].text() if "positionSide" in entry else "BOTH"
    if side not in _SIDES:
        raise entry["positionSide"].error("must be BOTH, LONG or SHORT")
    if (side == "LONG" and size < 0) or (side == "SHORT" and size > 0):
        raise entry["positionAmt"].error("has another sign than its positionSide", "mismatch")
    profit = entry["unrealizedProfit"].exactly()
    value = _value(entry, size, profit)
    alone = entry["isolated"].flag() if "isolated" in entry else entry["isolatedWallet"].number() != 0
    return Row(entry, quote, side, size, value, profit, alone)


def _value(entry: Response, size: Fraction, profit: Fraction) -> Fraction:
    """Return a position's value at the mark; where the response has none, its entry and its profit."""
    if "notional" not in entry:
        return size * entry["entryPrice"].exactly() + profit
    said = entry["notional"].number()
    if not said or (said < 0) != (size < 0):
        raise entry["notional"].error("has another sign than positionAmt", "mismatch")
    value = Fraction(said)
    if "entryPrice" in entry:
        entered = entry["entryPrice"].number()
        slack = money_slack(said) + money_slack(entry["unrealizedProfit"].number()) + abs(value) * _TINY
        if abs(value - size * Fraction(entered) - profit) > slack + abs(size) * price_slack(entered):
            raise entry["unrealizedProfit"].error(
                "is not the notional less the entry: its unit or its sign is another", "mismatch"
            )
    return value


def _one_mode(rows: Sequence[Row]) -> None:
    """Refuse a symbol with a row of hedge mode beside one of one-way mode: it is held in one of them."""
    one_way = {row.entry["symbol"].text() for row in rows if row.side == "BOTH"}
    for row in rows:
        if row.side != "BOTH" and row.entry["symbol"].text() in one_way:
            raise row.entry["positionSide"].error("is of hedge mode, but the symbol has a row without", "mode")


def _is(said: Response, asset: Response | None, key: str) -> bool:
    """Whether a total is one asset's own, which is nothing where the response does not have it."""
    own = asset[key].exactly() if asset is not None and key in asset else Fraction(0)
    return abs(said.exactly() - own) <= _TINY
