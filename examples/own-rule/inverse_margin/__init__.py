"""Coin-margined inverse perpetuals, as a rule of one's own: both its sides in one object, each imported when needed."""

from zkmargin.circuits.rules.registry import RulePlugin

__all__ = ["RULE"]

RULE = RulePlugin("inverse_margin.rule:INVERSE_MARGIN", "inverse_margin.files:FILES")
