"""All of Derive's published cases, read from a checkout of the venue's repository and compared.

python -m tests.client.families.derive_venue VENUE/test/risk-managers/unit-tests
"""

import json
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path

from zkmargin.circuits.model import LEVELS
from zkmargin.kernel.errors import ZkmarginError

from .derive_cases import PARAMETERS, Expiry, Pmrm2Case, SrmCase, apart, plain_decimal, pmrm2, srm, value

VOLS = {"Up": "up", "Down": "down", "None": "none", "LINEAR": "linear", "ABS": "absolute"}
NAMES = {  # of the parameters above, in the venue's files
    "VolShock": ("vol_shock", "VOLRANGEUP VOLRANGEDOWN SHORTTERMPOWER LONGTERMPOWER DTE_FLOOR MIN_VOL_EVAL_SHOCKED"),
    "SkewShock": (
        "skew_shock",
        "LINEAR_SCALE_CAP LINEAR_CBASE ABS_SCALE_CAP ABS_CBASE MIN_K_STAR MIN_WIDTH_SCALE VOL_PARAM_STATIC "
        "VOL_PARAM_SCALE",
    ),
    "Margin": (
        "margin",
        "IM_LOSS_FACTOR MM_LOSS_FACTOR BASE_STATIC_DISCOUNT BASE_STATIC_DISCOUNT_NEG LONG_RATE_MULTSCALE "
        "SHORT_RATE_MULTSCALE LONG_RATE_ADDSCALE SHORT_RATE_ADDSCALE",
    ),
    "BasisContingency": ("basis", "SCENARIO_SPOT_UP SCENARIO_SPOT_DOWN BASIS_CONT_ADD_FACTOR BASIS_CONT_MULT_FACTOR"),
    "OtherContingency": (
        "contingencies",
        "MM_PERP_PERCENT IM_PERP_PERCENT MM_OPTION_PERCENT IM_OPTION_PERCENT PEG_LOSS_THRESHOLD PEG_LOSS_FACTOR "
        "CONF_THRESHOLD CONF_MARGIN",
    ),
}


def _digits(number, places=18):
    """Return a float of the venue's files as the decimal it was before it was a float."""
    return plain_decimal(Fraction(Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-places))))


def venue_pmrm2(data):
    """Return the case of one of the venue's PMRM 2 files."""
    scene, given = data["Scenario"], data["Parameters"]
    feeds, held = {feed["FeedExpiry"]: feed for feed in scene["OptionFeeds"]}, {}
    for option in scene["Options"]:
        strike = held.setdefault(option["Expiry"], {}).setdefault(_digits(option["Strike"]), [None, "0", "0"])
        strike[0], strike[2 - option["IsCall"]] = _digits(option["MarkVol"]), _digits(option["Amount"])
    sure = ("ForwardConfidence", "RateConfidence", "OptionVolConfidences")
    settled = Fraction(_digits(scene["Cash"])) + Fraction(_digits(scene["UnrealisedPerpPNL"]))
    perp = (_digits(scene["NumPerps"]), _digits(scene["PerpPrice"]), _digits(scene["PerpConfidence"]))
    return Pmrm2Case(
        repr(data["Result"]["IM"]),
        repr(data["Result"]["MM"]),
        _digits(scene["SpotPrice"]),
        _digits(scene["StablePrice"]),
        _digits(scene["SpotConfidence"]),
        plain_decimal(settled + Fraction(_digits(scene["UnrealisedFunding"]))),
        perp if scene["NumPerps"] else None,
        tuple(
            (
                _digits(c["Amount"]),
                _digits(c["Price"]),
                *(_digits(c[n], 12) for n in ("Confidence", "MMHaircut", "IMHaircut")),
                bool(c["IsRiskCancelling"]),
            )
            for c in scene["Collaterals"]
        ),
        tuple(
            Expiry(
                seconds,
                _digits(feeds[seconds]["Forward"]),
                _digits(feeds[seconds]["Rate"], 12),
                _digits(min(feeds[seconds][n] for n in sure)),
                strikes,
            )
            for seconds, strikes in held.items()
        ),
        tuple(
            (_digits(s["SpotShock"], 12), VOLS[s["VolShockDirection"]], _digits(s["DampeningFactor"]))
            for s in given["Scenarios"]
        ),
        {
            name: {
                ours: _digits(given[group][theirs], 12)
                for ours, theirs in zip(PARAMETERS[name], words.split(), strict=True)
            }
            for group, (name, words) in NAMES.items()
        },
    )


def venue_srm(scene, result):
    """Return the case of one of the venue's SRM scenarios, whose numbers are integers of 10^-18."""

    def of(x):
        return plain_decimal(Fraction(x, 10**18))

    options = zip(
        *(scene[f"Option{n}"] for n in ("Underlying", "Expiries", "Strikes", "IsCall", "Amounts", "Vols")), strict=True
    )
    held = zip(scene["OptionUnderlying"], scene["OptionExpiries"], strict=True)
    least, forwards = dict(zip(held, scene["OptionVolConfidences"], strict=True)), {}
    feeds = (scene[n] for n in ("OptionUnderlying", "FeedExpiries", "Forwards", "ForwardConfidences"))
    for coin, seconds, price, sure in zip(*feeds, strict=False):
        reached = price if seconds >= 3600 else scene[f"SettlementPrice{coin}"]
        forwards[coin.lower(), seconds] = (of(reached), of(min(sure, least[coin, seconds])))
    perps, coins = {}, ("ETH", "BTC")
    for i, coin in enumerate(coins):
        size = Fraction(scene[f"Perps_{coin}"], 10**18)
        if size:
            moved = scene["PerpPrice"][i] - scene[f"LastEntry{coin}"]
            moved -= scene[f"{coin}GlobalFundingIndex"] - scene[f"Account{coin}FundingIndex"]
            perps[coin.lower()] = (size, size * Fraction(moved, 10**18))
    sure = scene["SpotPerpConfidences"]
    return SrmCase(
        of(result["realIM"]),
        of(result["realMM"]),
        tuple((u.lower(), s, of(k // 10**10 * 10**10), "PC"[c], of(a), of(v)) for u, s, k, c, a, v in options),
        perps,
        {"eth": of(scene["wETH"]), "btc": of(scene["wBTC"])},
        of(scene["Cash"]),
        of(scene["USDCValue"]),
        "0.1",
        {coin.lower(): (of(scene[f"{coin}SpotPrice"]), of(sure[i][0])) for i, coin in enumerate(coins)},
        {coin.lower(): (of(scene["PerpPrice"][i]), of(sure[i][1])) for i, coin in enumerate(coins)},
        forwards,
    )


# The forwards of the portfolio cases above spot, by expiry, and the feeds that single cases set otherwise
# (TestCaseExpiries.t.sol and TestStandardManager_Portfolio_Cases.t.sol).
DAYS = {"20230104": 3, "20230111": 10, "20230118": 17, "20230227": 57}
DAYS |= {"20230804": 215, "20230811": 222, "20230818": 229, "20230825": 238}
ABOVE = {
    "eth": "0.91345 2.83305 4.7545 15.7696 59.87416 61.85933 63.8284 66.3744",
    "btc": "12.7883 39.66276 66.56301 220.77451 838.23835 865.90472 893.59763 929.24184",
}
SPOTS, PERPS = {"eth": 2000, "btc": 28000}, {"eth": 2001, "btc": 28020}
OFF_PEG = {"USDC_depeg": "0.1", "long_perp_and_USDC_depeg": "0.1", "general_portfolio": "0.97"}
SPOT_DOUBT = {"short_call_low_spot_vol_fwd_confidence": "0.2", "long_call_low_spot_vol_fwd_confidence": "0.2"}
SPOT_DOUBT |= {"general_portfolio": "0.2", "base_asset_low_spot_confidence": "0.1"}
SPOT_DOUBT |= {"short_options_two_expiries_low_conf_one_expiry": "0.9"}
PERP_DOUBT = {"long_eth_perp_low_perp_confidence": "0.1"}
BELOW = "0.399999999999999999"  # right under the threshold
THIRD = {  # least confidence of ether's third expiry; its forward is 4.75 above spot where the case sets it
    "short_call_low_vol_conf": ("0.1", "4.7545"),
    "short_call_low_vol_and_fwd_confidence": (BELOW, "4.75"),
    "short_call_low_spot_vol_fwd_confidence": ("0.4", "4.75"),
    "long_call_low_spot_vol_fwd_confidence": ("0.4", "4.75"),
    "short_options_two_expiries_low_conf_one_expiry": ("0.3", "4.75"),
    "general_portfolio": (BELOW, "4.75"),
}


def venue_portfolio(name, row):
    """Return the case of one of the venue's SRM portfolios, whose amounts are integers of 10^-8."""
    name = name.removeprefix("test_")

    def of(x):
        return plain_decimal(Fraction(x, 10**8))

    def seconds(day):
        return DAYS[day] * 86_400 + 8 * 3600

    forwards = {
        (coin, seconds(day)): (plain_decimal(SPOTS[coin] + Fraction(above)), "1")
        for coin, row_of in ABOVE.items()
        for day, above in zip(DAYS, row_of.split(), strict=True)
    }
    sure, above = THIRD.get(name, ("1", "4.7545"))
    forwards["eth", seconds("20230118")] = (plain_decimal(SPOTS["eth"] + Fraction(above)), sure)
    profits = {
        perp["underlying"]: (
            of(perp["amount"]),
            Fraction(perp["amount"], 10**8) * (PERPS[perp["underlying"]] - Fraction(perp["entryPrice"], 10**8)),
        )
        for perp in row["perps"]
    }
    result = row.get("results") or row["result"]
    return SrmCase(
        str(result["im"]),
        str(result["mm"]),
        tuple(
            (o["underlying"], seconds(o["expiry"]), str(o["strike"]), o["type"][0].upper(), of(o["amount"]), "0.5")
            for o in row["options"]
        ),
        profits,
        {base["underlying"]: of(base["amount"]) for base in row["bases"]},
        of(row["cash"]),
        OFF_PEG.get(name, "1"),
        spots={"eth": ("2000", SPOT_DOUBT.get(name, "1")), "btc": ("28000", "1")},
        perp_prices={"eth": ("2001", PERP_DOUBT.get(name, "1")), "btc": ("28020", "1")},
        forwards=forwards,
    )


def main(folder):
    """Print how many of the venue's cases agree, are refused with a sentence, or are wrong."""
    paths = sorted((folder / "PMRM_2/portfolio_cases").glob("*.json"))
    cases = {path.stem: partial(near, venue_pmrm2(json.loads(path.read_text())), pmrm2) for path in paths}
    judged("PMRM 2", cases)
    rows = json.loads((folder / "StandardManager/test-cases.json").read_text())
    listed = {name: partial(near, venue_srm(row["Scenario"], row["Result"]), srm) for name, row in rows.items()}
    rows = json.loads((folder / "StandardManager/test-cases-portfolio.json").read_text())
    listed |= {name: partial(to_the_dollar, venue_portfolio(name, row)) for name, row in rows.items()}
    judged("SRM", listed)


def near(case, make):
    """Return how far a case is from the venue's figures, relative to them; its tolerance is 1e-8."""
    made = make(case)
    distance = apart(case, made)
    made[0].schema.check_levels(made[0].initial, made[0].maintenance)  # as files are
    return distance if distance >= 1e-8 else 0


def to_the_dollar(case):
    """Return how far a portfolio is from the venue's, which cuts to whole dollars, toward zero."""
    tables, holdings = srm(case)
    tables.schema.check_levels(tables.initial, tables.maintenance)
    ours = [int(value(tables, holdings, level)) for level in LEVELS]
    return max(abs(ours[0] - int(case.initial)), abs(ours[1] - int(case.maintenance)))


def judged(margin, cases):
    """Print the count, and what is the matter with the cases that do not agree."""
    found = Counter()
    for name, distance in cases.items():
        try:
            off = distance()
        except ZkmarginError as error:
            found["documented"] += 1
            print(f"{name}: refused, {error.message}")
            continue
        found["wrong" if off else "agree"] += 1
        if off:
            print(f"{name}: {float(off):.1e} apart")
    counts = ", ".join(f"{word} {found[word]}" for word in ("agree", "documented", "wrong"))
    print(f"{margin}, {len(cases)} cases: {counts}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
