"""All of Derive's published cases, read from a checkout of the venue's repository and compared.

python -m tests.client.derive_venue VENUE/test/risk-managers/unit-tests
"""

import json
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from zkmargin.kernel.errors import ZkmarginError

from .derive_cases import PARAMETERS, Expiry, Pmrm2Case, SrmCase, apart, plain_decimal, pmrm2, srm

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
    forwards, least = (
        {},
        dict(
            zip(
                zip(scene["OptionUnderlying"], scene["OptionExpiries"], strict=True),
                scene["OptionVolConfidences"],
                strict=True,
            )
        ),
    )
    for coin, seconds, price, sure in zip(
        scene["OptionUnderlying"], scene["FeedExpiries"], scene["Forwards"], scene["ForwardConfidences"], strict=False
    ):
        settled = scene[f"SettlementPrice{coin}"]
        forwards[coin.lower(), seconds] = (
            of(price if seconds >= 3600 else settled),
            of(min(sure, least[coin, seconds])),
        )
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


def main(folder):
    """Print how many of the venue's cases agree, and what is the matter with the others."""
    cases = {
        path.stem: (venue_pmrm2(json.loads(path.read_text())), pmrm2)
        for path in sorted((folder / "PMRM_2/portfolio_cases").glob("*.json"))
    }
    listed = json.loads((folder / "StandardManager/test-cases.json").read_text())
    cases |= {f"SRM {name}": (venue_srm(row["Scenario"], row["Result"]), srm) for name, row in listed.items()}
    agreed, worst = 0, 0.0
    for name, (case, make) in cases.items():
        try:
            distance = apart(case, make(case))
        except ZkmarginError as error:
            print(f"{name}: refused, {error.message}")
            continue
        agreed, worst = agreed + (distance < 1e-8), max(worst, distance)
        if distance >= 1e-8:
            print(f"{name}: {distance:.1e} apart")
    print(f"{agreed} of {len(cases)} cases within 1e-8, the worst {worst:.1e} apart")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
