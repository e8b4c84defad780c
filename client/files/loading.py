"""Parameter and market files, each read as the model of the rule that the parameters name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...circuits.rules.registry import rule_names
from ...kernel.arguments import PATH, TEXT, takes
from ...kernel.errors import FileError
from ...kernel.strict_json import read_json
from .models import Market, Parameters, in_file
from .reading import did_you_mean, validated
from .rule_files import family_files, schema_of

__all__ = ["load_market", "load_parameters"]


@takes(path=PATH)
def load_parameters(path: str | Path) -> Parameters:
    """Return the checked parameter file, read as its rule's model. Raises FileError in one sentence otherwise."""
    path = Path(path)
    data = read_json(path)
    with in_file(path):
        model: type[Parameters] = family_files(_rule(data, path)).parameters
        parameters = validated(model, lambda: model.model_validate(data), path)
        parameters.check()
        schema_of(parameters.rule, parameters.slots)  # refuses shapes that the rule has no circuit for
    parameters._file = str(path)  # what messages about its cells will name
    return parameters


@takes(path=PATH, rule=TEXT)
def load_market(path: str | Path, rule: str = "cross-margin") -> Market:
    """Return the checked market file, read as the rule's model. Raises FileError in one sentence otherwise."""
    path = Path(path)
    data = read_json(path)
    model: type[Market] = family_files(rule).market
    market = validated(model, lambda: model.model_validate(data), path)
    with in_file(path):
        market.check()
    return market


def _rule(data: Any, path: Path) -> str:  # noqa: ANN401
    """Say which rule is unknown before its keys are called unknown: each rule has keys of its own."""
    rule = data.get("rule") if isinstance(data, dict) else None
    if not isinstance(rule, str):
        return "cross-margin"  # whose model says what is wrong
    if rule not in rule_names():
        hint = did_you_mean(rule, rule_names()) or f"one of {', '.join(rule_names())}"
        raise FileError("the rule is not one this version has", code="unknown-rule", file=str(path), hint=hint)
    return rule
