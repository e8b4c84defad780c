"""Write `docs/files.md`: every key of every file, from the models that read them, with a value from the examples.

    python docs/make_files.py [--check]

What a model cannot say, a key's unit and meaning, stands here. A key without them, or that no example has, is an error,
so that the page leaves nothing out. With --check nothing is written and the exit code says whether the page is current.
"""

from __future__ import annotations

import argparse
import json
import sys
import types
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from zkmargin.circuits.rules.registry import rule_names
from zkmargin.client.files import models
from zkmargin.client.files.portfolio import _PortfolioModel
from zkmargin.client.files.rule_files import family_files
from zkmargin.client.secrets.openings import Integer, _OpeningModel, _OwnerModel
from zkmargin.verifier.receipt import Receipt

__all__ = ["Key", "keys_of", "main", "page"]

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/files.md"
EXAMPLES = {
    "collateral-factor": "aave",
    "correlated-margin": "delta-neutral",
    "cross-margin": "hyperliquid",
    "derive-pmrm2": "derive-pmrm2",
    "derive-srm": "derive-srm",
    "drift": "drift",
    "dydx-v4": "dydx",
    "expected-shortfall": "expected-shortfall",
    "regime-margin": "volatility",
    "span": "span",
    "synthetix-v3": "synthetix",
    "tiered-haircut": "binance",
    "value-at-risk": "value-at-risk",
}

_TYPES: dict[Any, str] = {
    models.Name: "name",
    models.Time: "time",
    models.Number: "decimal",
    models.Positive: "decimal > 0",
    models.NotNegative: "decimal ≥ 0",
    models.Ratio: "fraction ≥ 0",
    models.Rate: "fraction 0 to 1",
    Integer: "integer in quotes",
    str: "text",
    int: "integer",
    bool: "true or false",
}

# For keys that may be left out, and are in no example.
_STAND_INS = {
    "time": '`"2026-12-25T08:00:00Z"`',
    "decimal > 0": '`"2350.5"`',
    "decimal ≥ 0": '`"100"`',
    "fraction 0 to 1": '`"0.5"`',
}

# Unit and meaning, by key; where a rule means something else, by "rule: key".
_SAYS = {
    "schema": "which file this is, and of which version",
    "rule": "the rule that reads the file, one of those below or a plug-in's",
    "venue": "the same in market and parameters",
    "as_of": "of the snapshot; in parameters, also the version that proofs name (unix seconds)",
    "sources": "key → where its numbers were read",
    "round": "the round that proofs name; the next one has a larger number",
    "quote": "what money is counted in; the same as the parameters' `quote.asset`",
    "quote.asset": "what money is counted in",
    "quote.decimals": "decimals of its token on chain",
    "shape": "the slots of the circuit: fixed when it is compiled",
    "shape.positions": "slots for positions",
    "shape.collateral": "slots for collateral, the first assets of the list",
    "shape.debts": "slots for debts, the first assets of the list",
    "shape.tiers": "tiers that every slot has",
    "shape.groups": "groups",
    "shape.factors": "risk factors",
    "shape.regimes": "regimes, the calm one included",
    "shape.scenarios": "scenarios",
    "derive-pmrm2: shape.scenarios": "scenarios that move spot",
    "shape.skews": "scenarios that move the skew",
    "shape.worst": "scenarios whose losses count, the worst",
    "shape.expiries": "expiries",
    "shape.strikes": "strikes an expiry, two options each",
    "shape.perps": "slots for perpetuals, before the options",
    "shape.commodities": "commodities, among which the position slots are spread evenly",
    "shape.months": "months a commodity",
    "assets": "in slot order",
    "instruments": "in slot order",
    "*.name": "as portfolios call it",
    "*.size_step": "units; amounts are whole multiples of it",
    "*.price_tick": "quote a unit; prices are whole multiples of it",
    "box_classes": "price boxes that certificates may hold over",
    "box_classes.*.name": "as `--box` calls it",
    "box_classes.*.width": "share of the price, either way",
    "instruments.*.mark": "quote a unit",
    "instruments.*.funding_index": "quote a unit long, paid since listing",
    "assets.*.price": "quote a unit",
    "assets.*.borrow_index": "owed now for one unit owed at the start; never below 1",
    "*.initial_factor": "share of the value that counts, at initial margin",
    "*.maintenance_factor": "share of the value that counts, at maintenance margin",
    "groups": "groups of correlated assets",
    "groups.*.name": "of the group",
    "groups.*.members": "its assets, with their factors while the group counts",
    "groups.*.members.*.name": "an asset",
    "groups.*.lends": "assets that may be owed while the group counts",
    "instruments.*.tiers": "the first from 0, rising",
    "instruments.*.tiers.*.from_notional": "quote; from here the next money is margined at these rates",
    "instruments.*.tiers.*.initial_rate": "share of notional",
    "instruments.*.tiers.*.maintenance_rate": "share of notional",
    "factors": "what several instruments move with",
    "factors.*.name": "of the factor",
    "factors.*.initial_shock": "share of the price, either way",
    "factors.*.maintenance_shock": "share of the price, either way",
    "factors.*.loadings": "what moves with the factor",
    "factors.*.loadings.*.instrument": "an instrument",
    "factors.*.loadings.*.loading": "moves a move of the factor; below 0 the other way",
    "regimes": "names, the calm one first",
    "regime": "the regime of the round, one of the parameters'",
    "instruments.*.reference_volatility": "a year's, that the calm rates were made for",
    "instruments.*.volatility": "a year's, realised",
    "instruments.*.stresses": "one a regime above the calm one",
    "instruments.*.stresses.*.initial": "times the calm initial rate",
    "instruments.*.stresses.*.maintenance": "times the calm maintenance rate",
    "assets.*.tiers": "ratios falling; beyond the last end nothing counts",
    "assets.*.tiers.*.to_value": "quote; where the tier ends",
    "assets.*.tiers.*.ratio": "share of the value that counts",
    "instruments.*.price_exponent": "prices on chain are whole multiples of 10^this",
    "instruments.*.initial_fraction": "share of notional",
    "instruments.*.maintenance_fraction": "share of the initial margin",
    "instruments.*.open_interest_lower_cap": "quote; above it the initial fraction grows",
    "instruments.*.open_interest_upper_cap": "quote; from it on everything is margined in full",
    "instruments.*.open_interest": "units, a bound from above",
    "instruments.*.skew_scale": "units; size over it raises the initial ratio",
    "synthetix-v3: instruments.*.initial_ratio": "times size over skew scale",
    "instruments.*.minimum_initial_ratio": "share of notional",
    "instruments.*.maintenance_scalar": "share of the initial ratio",
    "instruments.*.minimum_position_margin": "quote a position",
    "instruments.*.flag_reward_ratio": "share of notional",
    "instruments.*.liquidation_window": "units, the most that one window liquidates",
    "rewards": "what keepers are paid",
    "rewards.flagging_cost": "quote",
    "rewards.floor": "quote, the least reward",
    "rewards.cap": "quote, the largest reward",
    "rewards.window": "quote, of each further window",
    "rewards.collateral_share": "share of the collateral's value",
    "instruments.*.initial_ratio": "share of notional",
    "instruments.*.maintenance_ratio": "share of notional",
    "instruments.*.imf": "growth of the ratio with the root of the size",
    "instruments.*.initial_profit_weight": "share of an unsettled profit that counts",
    "instruments.*.maintenance_profit_weight": "share of an unsettled profit that counts",
    "instruments.*.initial_profit_cap": "quote a position; the most that counts at initial margin",
    "assets.*.initial_asset_weight": "share of the value that counts as collateral",
    "assets.*.maintenance_asset_weight": "share of the value that counts as collateral",
    "assets.*.initial_liability_weight": "times the value owed",
    "assets.*.maintenance_liability_weight": "times the value owed",
    "assets.*.imf": "loss of weight with the root of the size",
    "instruments.*.initial_charge": "quote a unit held or owed",
    "instruments.*.maintenance_charge": "quote a unit held or owed",
    "instruments.*.gains": "quote a unit, one a scenario; a loss is below 0",
    "margin": "factors of the losses",
    "margin.initial_multiplier": "times the tail of the losses",
    "margin.maintenance_multiplier": "times the tail of the losses",
    "commodities": "in slot order",
    "commodities.*.months": "the delivery month first",
    "commodities.*.calendar": "one a pair of months",
    "commodities.*.calendar.*.first": "a month",
    "commodities.*.calendar.*.second": "a month",
    "*.charge": "at both levels",
    "*.charge.initial": "quote a delta of the spread",
    "*.charge.maintenance": "quote a delta of the spread",
    "commodities.*.spot_spread": "the delivery month's, inside spreads",
    "commodities.*.spot_spread.initial": "quote a delta",
    "commodities.*.spot_spread.maintenance": "quote a delta",
    "commodities.*.spot_outright": "the delivery month's, outside spreads",
    "commodities.*.spot_outright.initial": "quote a delta",
    "commodities.*.spot_outright.maintenance": "quote a delta",
    "commodities.*.contracts": "its futures and options",
    "commodities.*.contracts.*.month": "one of its months",
    "commodities.*.contracts.*.kind": "decides which entry prices make sense",
    "commodities.*.contracts.*.short_minimum": "of a short option, at least",
    "commodities.*.contracts.*.short_minimum.initial": "quote a unit",
    "commodities.*.contracts.*.short_minimum.maintenance": "quote a unit",
    "commodities.*.contracts.*.exposure_rate": "on top of the scan",
    "commodities.*.contracts.*.exposure_rate.initial": "share of the exposure price",
    "commodities.*.contracts.*.exposure_rate.maintenance": "share of the exposure price",
    "commodities.*.contracts.*.expires": "from then on the contract is worth its price, and no scenario moves it",
    "spreads": "between commodities, the best first",
    "*.commodity": "a commodity",
    "*.deltas": "deltas a spread",
    "*.credit": "what a spread takes off the scan",
    "*.credit.initial": "quote a spread",
    "*.credit.maintenance": "quote a spread",
    "spreads.*.first": "one side",
    "spreads.*.second": "the other side",
    "instruments.*.exposure_price": "quote a unit: its own of a future, the underlying's of an option",
    "instruments.*.delta": "deltas a unit",
    "instruments.*.array": "quote a unit, one a scenario; a loss is below 0",
    "underlying": "what the options are of, and their size step",
    "derive-pmrm2: perpetual": "the perpetual; in a market, its feed",
    "perpetual.price": "quote a unit",
    "*.confidence": "how sure the feed is: 1 is certain",
    "underlyings.*.confidence": "below which confidence a feed is in doubt",
    "*.funding_index": "quote a unit long, paid since listing",
    "expiries": "in slot order",
    "expiries.*.name": "as options' names say it",
    "expiries.*.expires": "of the options",
    "expiries.*.strikes": "quote, rising",
    "assets.*.maintenance_haircut": "share of the value that does not count",
    "assets.*.initial_haircut": "share of the value, on top of maintenance",
    "assets.*.cancels_risk": "whether its moves cancel the options'",
    "scenarios": "in order",
    "scenarios.*.spot": "times spot",
    "scenarios.*.vol": "what volatility does",
    "scenarios.*.dampening": "share of the loss that counts",
    "vol_shock": "shocks of volatility, by the power of 30 days over the time left",
    "vol_shock.range_up": "share of the volatility",
    "vol_shock.range_down": "share of the volatility",
    "vol_shock.short_power": "exponent below 30 days",
    "vol_shock.long_power": "exponent above 30 days",
    "vol_shock.floor_days": "days, the least time left",
    "vol_shock.minimum_up": "volatility a year, after an up shock",
    "skew_shock": "shocks of skew, by moneyness",
    "skew_shock.linear_cap": "share of the volatility",
    "skew_shock.linear_slope": "a unit of moneyness",
    "skew_shock.absolute_cap": "share of the volatility",
    "skew_shock.absolute_slope": "a unit of moneyness",
    "skew_shock.minimum_k": "moneyness",
    "skew_shock.width": "moneyness",
    "skew_shock.vol_base": "volatility a year",
    "skew_shock.vol_slope": "a unit of moneyness",
    "derive-pmrm2: margin": "loss factors and discounts",
    "margin.initial_factor": "times the worst loss",
    "margin.maintenance_factor": "times the worst loss",
    "margin.long_discount": "of what is worth more than 0",
    "margin.short_discount": "of what is worth less than 0",
    "margin.long_rate_factor": "times the rate",
    "margin.short_rate_factor": "times the rate",
    "margin.long_rate_spread": "a year",
    "margin.short_rate_spread": "a year",
    "basis": "the basis contingency: two forwards and a factor",
    "basis.up": "times the forward",
    "basis.down": "times the forward",
    "basis.add": "of the factor",
    "basis.multiple": "of the factor, a year left",
    "contingencies": "initial ones on top of maintenance",
    "contingencies.perp_maintenance": "share of notional",
    "contingencies.perp_initial": "share of notional",
    "contingencies.naked_maintenance": "share of notional",
    "contingencies.naked_initial": "share of notional",
    "contingencies.peg_threshold": "price of the stable coin",
    "contingencies.peg_factor": "times what is missing",
    "contingencies.confidence_threshold": "confidence",
    "contingencies.confidence_factor": "times what is missing",
    "spot": "the underlying's feed",
    "spot.price": "quote a unit",
    "stable": "price of the stable coin, in dollars",
    "expiries.*.forward": "quote a unit",
    "expiries.*.forward_fixed": "quote a unit; the part of it that spot no longer moves",
    "expiries.*.rate": "a year",
    "expiries.*.vols": "strike → volatility a year",
    "expiries.*.settlement": "quote a unit, of an expiry that is over: needed from then on",
    "underlyings": "with their rates",
    "*.underlying": "an underlying",
    "underlyings.*.options": "shares of spot that short options demand",
    "underlyings.*.options.initial_maximum": "share of spot, in the money",
    "underlyings.*.options.initial_minimum": "share of spot, far out of the money",
    "underlyings.*.options.maintenance_call": "share of spot",
    "underlyings.*.options.maintenance_put": "share of spot",
    "underlyings.*.options.maintenance_put_mark": "times the mark, where that is more",
    "underlyings.*.options.initial_put_scale": "times a put's maintenance margin, at least",
    "underlyings.*.options.unpaired_initial": "share of spot",
    "underlyings.*.options.unpaired_maintenance": "share of spot",
    "underlyings.*.confidence.perp_threshold": "confidence; 0 is none",
    "underlyings.*.confidence.option_threshold": "confidence; 0 is none",
    "underlyings.*.confidence.base_threshold": "confidence; 0 is none",
    "underlyings.*.confidence.factor": "times spot and what is missing",
    "perpetuals": "in slot order",
    "perpetuals.*.initial_rate": "share of notional",
    "perpetuals.*.maintenance_rate": "share of notional",
    "perpetuals.*.price": "quote a unit",
    "assets.*.factor": "share of the value that counts",
    "assets.*.initial_scale": "share of that at initial margin",
    "depeg": "of the stable coin",
    "depeg.threshold": "price of the stable coin, in dollars",
    "depeg.factor": "times what is missing",
    "spots": "the underlyings' feeds",
    "spots.*.price": "quote a unit",
    "account": "what you call it; in no proof",
    "cash": "quote: the wallet's balance as the venue shows it; may be below 0",
    "collateral": "what is held beside the cash",
    "collateral.*.asset": "as the parameters call it",
    "collateral.*.amount": "units",
    "debt": "what is owed",
    "debt.*.asset": "as the parameters call it",
    "debt.*.amount": "units, with the interest so far",
    "positions": "what is open",
    "positions.*.instrument": "as the parameters call it",
    "positions.*.size": "units, below 0 when short",
    "positions.*.entry_price": "quote a unit; see below",
    "positions.*.unsettled_funding": "quote, above 0 when you are to receive it",
    "holdings": "as the circuit has them",
    "holdings.cash": "money units",
    "holdings.sizes": "lots, one a slot, below 0 when short",
    "holdings.collateral": "lots, one a slot",
    "holdings.debts": "debt shares, one a slot",
    "holdings.entries": "money units, one a position slot; of rules that count profits position by position",
    "owner_key": "a point of Baby Jubjub, two field elements",
    "salt": "keeps the commitment from being guessed",
    "secret": "of the owner's key, where it is kept here; it owns the account",
    "statement": "sufficiency, shortfall, sufficiency-box",
    "rule_hash": "of the compiled rule",
    "key_id": "keccak256 of the verifying key as deployed",
    "key": "development or ceremony",
    "commitment": "of the account",
    "credit": "money units that the statement adds",
    "context": "what the proof is bound to",
    "receipt: margin": "initial or maintenance",
    "box": "the class of the price box, null without one",
    "receipt: round": "of the market table",
    "version": "of the parameter table",
    "tables": "hashes of market and parameters as posted",
    "proof_hash": "keccak256 of the proof's eight words",
    "made_at": "when",
    "receipt: rule": "of the statement",
}


_RECEIPT_TYPES = {int: "integer", str: "text", dict[str, str]: "object of text"}


class Key(NamedTuple):
    """One key of a file: its path, what it may be, its unit, whether it has to stand there, a value."""

    path: str
    type: str
    says: str
    required: bool
    example: str


def keys_of(model: type[BaseModel], rule: str, example: Any, above: str = "") -> Iterator[Key]:  # noqa: ANN401
    """Yield the keys of a model in order, those of its parts after each; `example` is a list of documents.

    Raises KeyError for a key that nothing is said of, or that no document has.
    """
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        key = field.alias or name
        path = f"{above}.{key}" if above else key
        kind, inner, listed = _type(hints[name])
        values = [document[key] for document in example if isinstance(document, dict) and document.get(key) is not None]
        if not values and kind not in _STAND_INS and inner is None:
            raise KeyError(f"no example of {rule} has {path}")
        shown = _example(values[0], inner) if values else _STAND_INS.get(kind, "—")
        rows = [row for value in values for row in (value if listed else [value])]
        if inner is not None and not rows and not field.is_required():
            yield Key(path, kind, "left out: the rule does not use it", False, "`[]`")
            continue
        yield Key(path, kind, _said(rule, path), field.is_required(), shown)
        if inner is not None:
            yield from keys_of(inner, rule, rows, f"{path}.*" if listed else path)


def _said(rule: str, path: str) -> str:
    """Return the unit and meaning of a key: the rule's own, the path's, or that of its last parts."""
    parts = path.split(".")
    tries = [
        f"{rule}: {path}",
        path,
        *(".".join(["*", *parts[at:]]) for at in range(1, len(parts)) if parts[at] != "*"),
    ]
    for one in tries:
        if one in _SAYS:
            return _SAYS[one]
    raise KeyError(f"nothing is said of {path} ({rule})")


def _type(hint: Any) -> tuple[str, type[BaseModel] | None, bool]:  # noqa: ANN401, PLR0911
    """Return a type in words, the model inside, and whether that is a list's."""
    for alias, words in _TYPES.items():
        if hint == alias:
            return words, None, False
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return " or ".join(f"`{word}`" for word in inside), None, False
    if origin in (Union, types.UnionType):
        return _type(next(one for one in inside if one is not type(None)))
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return "object", hint, False
    if origin is dict:
        return f"object of {_type(inside[1])[0]}", None, False
    words, model, _ = _type(inside[0])
    return (f"list of {words}" if model is None else "list of objects"), model, True


def _example(value: Any, inner: type[BaseModel] | None) -> str:  # noqa: ANN401
    if inner is not None:
        return "—"
    if isinstance(value, dict):
        value = dict(list(value.items())[:1])
    if isinstance(value, list):
        value = value[:2]
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= 44 else text[:40] + '…' + text[-3:]}`".replace("|", "\\|")


def _documents(rule: str, kind: str) -> list[Any]:
    folder = ROOT / "examples" / EXAMPLES[rule]
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"{kind}*.json"))]


def _table(keys: list[Key]) -> list[str]:
    lines = ["| key | type | unit and meaning | required | for example |", "|---|---|---|---|---|"]
    for key in keys:
        lines.append(f"| `{key.path}` | {key.type} | {key.says} | {'yes' if key.required else 'no'} | {key.example} |")
    return [*lines, ""]


def _own(rule: str, kind: str, common: set[tuple[str, str]]) -> list[Key]:
    model = getattr(family_files(rule), kind)
    return [key for key in keys_of(model, rule, _documents(rule, kind)) if (key.path, key.type) not in common]


def page() -> str:
    """Return the text of the page. Raises KeyError for a key that nothing is said of."""
    lines = [*HEAD.splitlines(), ""]
    shared: dict[str, list[Key]] = {}
    for kind in ("parameters", "market"):
        base = {name for name, field in getattr(models, kind.title()).model_fields.items()} - {"instruments", "assets"}
        base = {getattr(models, kind.title()).model_fields[name].alias or name for name in base}
        rows = {f"{part}.*.{key}" for part in ("instruments", "assets") for key in ("name", "size_step", "price_tick")}
        shape = {"shape.positions", "shape.collateral", "shape.debts", "quote.asset", "quote.decimals"}
        shape |= {"box_classes.*.name", "box_classes.*.width"}
        found = list(
            keys_of(getattr(family_files("cross-margin"), kind), "cross-margin", _documents("cross-margin", kind))
        )
        shared[kind] = [key for key in found if key.path in base | shape | (rows if kind == "parameters" else set())]
    portfolios = [document for rule in EXAMPLES for document in _documents(rule, "portfolio")]
    lines += [
        "## Portfolio",
        "",
        "`portfolio.json`, yours alone:",
        "",
        *_table(list(keys_of(_PortfolioModel, "", portfolios))),
    ]
    lines += [*PORTFOLIO.splitlines(), ""]
    lines += ["## Market", "", "`market.json`. Every rule's has these keys:", "", *_table(shared["market"])]
    lines += ["## Parameters", "", "`parameters.json`. Every rule's has these keys:", "", *_table(shared["parameters"])]
    lines += ["## Each rule's own keys", ""]
    for rule in sorted(rule_names()):
        if rule in EXAMPLES:
            lines += [f"### {rule}", "", f"A whole set of files: `examples/{EXAMPLES[rule]}`.", ""]
            for kind in ("parameters", "market"):
                common = {(key.path, key.type) for key in shared[kind]}
                own = _own(rule, kind, common)
                if own:
                    lines += [f"`{kind}.json`:", "", *_table(own)]
    opening, owner, receipt = _made()
    lines += ["## Opening", "", *OPENING.splitlines(), "", *_table(list(keys_of(_OpeningModel, "opening", [opening])))]
    lines += ["## Owner's key", "", *OWNER.splitlines(), "", *_table(list(keys_of(_OwnerModel, "owner", [owner])))]
    lines += ["## Receipt", "", *RECEIPT.splitlines(), ""]
    hints = get_type_hints(Receipt)
    keys = [Key("schema", "text", _said("receipt", "schema"), True, '`"zkmargin/receipt/1"`')]
    for one in fields(Receipt):
        kind = _RECEIPT_TYPES.get(hints[one.name], "text or null")
        keys.append(Key(one.name, kind, _said("receipt", one.name), True, _example(receipt[one.name], None)))
    lines += _table(keys)
    return "\n".join(lines).rstrip() + "\n"


def _made() -> tuple[Any, Any, Any]:
    """Return an opening, an owner's key and a receipt as they are written."""
    one = "0x" + "1f" * 32
    holdings = {"cash": "25000025000000", "sizes": ["1250000"], "collateral": ["152"], "debts": ["15000000"]}
    key = ["99957", "15321"]
    return (
        {
            "schema": "zkmargin/opening/1",
            "holdings": {**holdings, "entries": ["0"]},
            "owner_key": key,
            "salt": "31415926535897932384626433832795028841",
        },
        {"schema": "zkmargin/owner/1", "owner_key": key, "secret": "27182818284590452353602874713526624977"},
        {
            **{"statement": "sufficiency", "rule": "cross-margin", "rule_hash": one, "key_id": one, "key": "ceremony"},
            **{"commitment": one, "credit": "0", "context": one, "margin": "maintenance", "box": None, "round": 1},
            **{"version": 1790461146, "tables": {"market": one, "parameters": one}, "proof_hash": one},
            "made_at": "2026-11-20T16:00:00Z",
        },
    )


HEAD = """# The keys of each file

All of them are JSON in UTF-8, and strict: an unknown key, a key twice, a missing one or a value of another type is one
sentence with the file and, where there is one, the line. `docs/make_files.py` writes this page from the models that
read the files.

| type | is written |
|---|---|
| decimal | in quotes, `"12500.25"`: no rounding on the way; at most 24 digits before the point |
| fraction | a decimal, or `"1/3"`, in quotes |
| integer | bare, `16`; in an opening in quotes, for it may be longer than other programs read |
| name | 1 to 32 letters, digits and `._:/+-`, a letter or digit first |
| time | in UTC to the second, `"2026-11-20T16:00:00Z"` |

A dot goes into an object, `*` into each of a list. *Quote* is what money is counted in, a *unit* one of the instrument
or asset.
"""

PORTFOLIO = """**Entry prices** that nobody can have paid are refused. An option's is `"0"`: its premium is in the cash
already. A perpetual's is above 0, a future's is not 0 (it may be below). Under `expected-shortfall` and
`value-at-risk`, whose files do not say what an instrument is, it is not negative. [Why](rules.md).

As CSV, a row each, with the columns `kind,name,amount,entry_price`: `kind` is `cash` (exactly one row, `name` the
quote), `collateral`, `debt` or `position`; `entry_price` stands in rows of positions only. Unsettled funding goes into
the cash. A table of many accounts has a first column `account` ([batches](batch.md)). Data frames have the same
columns, as text, decimals or whole numbers: a float has lost digits and is refused.
"""

OPENING = """`NAME.opening.json`, mode 0600: **secret, and the only way back into the account.** `prove` writes it
before the proof.
"""

OWNER = """`NAME.owner.json`, mode 0600: **secret.** It owns every account opened under it.
"""

RECEIPT = """`receipt.json` beside a proof: what its maker says of it. A verifier holds it against the proof, and
refuses a proof whose receipt lies.
"""


def main() -> int:
    """Write the page, or compare it: the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/files.md.")
    parser.add_argument("--check", action="store_true", help="compare the page with what would be written")
    if parser.parse_args().check:
        current = PAGE.exists() and PAGE.read_text() == page()
        print(
            "docs/files.md is current" if current else "docs/files.md is not: python docs/make_files.py",
            file=sys.stderr,
        )
        return 0 if current else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
