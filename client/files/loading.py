"""Parameter and market files, each read as the model of the rule that the parameters name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ...circuits.rules.registry import rule_names, rule_plugin
from ...kernel.arguments import PATH, TEXT, maybe, takes
from ...kernel.errors import FileError, InputError, ZkmarginError
from ...kernel.near_names import did_you_mean
from ...kernel.strict_json import read_json
from .models import Market, Parameters, in_file
from .reading import validated
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


@takes(path=PATH, rule=TEXT, venue=maybe(TEXT))
def load_market(path: str | Path, rule: str = "cross-margin", venue: str | None = None) -> Market:
    """Return the checked market file, read as the rule's model. Raises FileError in one sentence otherwise.

    With `venue`, another venue's file is said to be one (code "mismatch") before its keys are called unknown.
    """
    path = Path(path)
    data = read_json(path)
    if venue is not None and isinstance(data, dict) and isinstance(data.get("venue"), str) and data["venue"] != venue:
        _refuse_venue(data["venue"], venue, path)
    model: type[Market] = family_files(rule).market
    try:
        market = validated(model, lambda: model.model_validate(data), path)
    except FileError:
        others = _rules_of(data, rule)
        if not others:
            raise
        raise FileError(
            f"this is a market file for {others[0]}, the parameters' rule is {rule}",
            code="another-rule",
            file=str(path),
            hint=f"it also reads as one for {', '.join(others[1:])}" if others[1:] else None,
        ) from None
    with in_file(path):
        market.check()
    return market


def _refuse_venue(found: str, wanted: str, path: Path) -> NoReturn:
    shown = "".join(c if c.isprintable() else "?" for c in found[:32])
    raise FileError(
        f"the market is of {shown}, the parameters of {wanted}",
        code="mismatch",
        file=str(path),
        hint=f"a market file of {wanted}",
    )


def _rules_of(data: Any, rule: str) -> list[str]:  # noqa: ANN401
    """Return the other rules that read a market file with keys this one does not know: it is theirs."""
    try:
        family_files(rule).market.model_validate(data)
    except ValidationError as error:
        if not any(complaint["type"] == "extra_forbidden" for complaint in error.errors()):
            return []
    found = []
    for other in rule_names():
        if other != rule:
            try:
                family_files(other).market.model_validate(data)
            except (ValidationError, ZkmarginError):  # another rule's file, or a rule that cannot be loaded
                continue
            found.append(other)
    return found


def _rule(data: Any, path: Path) -> str:  # noqa: ANN401
    """Say which rule is unknown before its keys are called unknown: each rule has keys of its own."""
    rule = data.get("rule") if isinstance(data, dict) else None
    if not isinstance(rule, str):
        return "cross-margin"  # whose model says what is wrong
    try:
        rule_plugin(rule)  # reads no other package's metadata for a rule of ours, as the list of names would
    except InputError as error:
        if error.code != "unknown-rule":
            raise
        hint = did_you_mean(rule, rule_names()) or f"one of {', '.join(rule_names())}"
        raise FileError(
            "the rule is not one this version has", code="unknown-rule", file=str(path), hint=hint
        ) from None
    return rule
