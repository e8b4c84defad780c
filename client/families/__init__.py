"""How each rule's files are read and its tables made, a module a rule; and the rules of this package, registered.

They register as anybody's do: an entry point of the group `zkmargin.rules` names each of these objects. The module of a
rule is called like the rule, with underscores, here and in `circuits/rules`, and is imported when the rule is used.
"""

from __future__ import annotations

from ...circuits.rules.registry import RulePlugin

__all__ = [
    "COLLATERAL_FACTOR",
    "CORRELATED_MARGIN",
    "CROSS_MARGIN",
    "DERIVE_PMRM2",
    "DERIVE_SRM",
    "DRIFT",
    "DYDX_V4",
    "EXPECTED_SHORTFALL",
    "REGIME_MARGIN",
    "SPAN",
    "SYNTHETIX_V3",
    "TIERED_HAIRCUT",
    "VALUE_AT_RISK",
]


def _rule(module: str) -> RulePlugin:
    circuits = __name__.replace("client.families", "circuits.rules")
    return RulePlugin(f"{circuits}.{module}:{module.upper()}", f"{__name__}.{module}:FILES")


CROSS_MARGIN = _rule("cross_margin")
COLLATERAL_FACTOR = _rule("collateral_factor")
TIERED_HAIRCUT = _rule("tiered_haircut")
CORRELATED_MARGIN = _rule("correlated_margin")
REGIME_MARGIN = _rule("regime_margin")
DYDX_V4 = _rule("dydx_v4")
SYNTHETIX_V3 = _rule("synthetix_v3")
DRIFT = _rule("drift")
DERIVE_PMRM2 = _rule("derive_pmrm2")
DERIVE_SRM = _rule("derive_srm")
SPAN = _rule("span")
EXPECTED_SHORTFALL = _rule("expected_shortfall")
VALUE_AT_RISK = _rule("value_at_risk")
