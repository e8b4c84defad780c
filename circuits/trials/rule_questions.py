"""The questions to a rule: its tables, nodes and parts, and whether exactly the right one of its circuits holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..language.expressions import Constant
from ..model import Table
from ..rules.family import Family
from ..statements.engine import evaluate, money_scale
from .accounts import Case, corner, drawn
from .answers import Answer, Example, case_document, simpler
from .boxes import box_around, market_inside
from .claims import Claims
from .hostile import accepts, loosened, violations
from .nodes import apart, node_values, outside
from .tried import Tried

__all__ = ["box_complement", "complement", "hostile_cells", "intervals", "markets_inside", "parts_add_up"]

_INTERVAL_CASES = 60
_MARKETS_A_BOX = 20
_PART_CASES = 20


def hostile_cells(claims: Claims) -> Answer:
    """Ask the schema about every violation of every cell, and about initial margin looser than maintenance."""
    schema, rng = claims.schema, claims.rng("hostile-cells")
    case, count, wrong, example = claims.draw(schema, rng), 0, 0, None
    for table in (case.market, case.parameters):
        tries: list[tuple[int, Table, Table | None]] = []
        for place, stored in violations(schema, table):
            tries.append((place, table.replace({place: stored}), None))
        tries += [(place, initial, table) for place, initial in loosened(schema, table)]
        for place, hostile, maintenance in tries:
            count += 1
            if accepts(schema, hostile, maintenance=maintenance):
                wrong += 1
                cell = schema.cells(table.name)[place]
                said = f"{cell.name} may be {hostile.cells[place]}, which its {cell.bits} bits or its order rule out"
                example = example or Example(said)
    return Answer("hostile-cells", "", "hostile cells, by the schema", count, wrong, example)


def intervals(claims: Claims, statement: str) -> Answer:
    """Evaluate every node at random holdings and cells, most of them at their ends: its interval must hold it."""
    schema, rng, count, wrong, example = claims.schema, claims.rng("intervals"), 0, 0, None
    for number in range(_INTERVAL_CASES):
        case = corner(schema, rng) if number % 3 else claims.draw(schema, rng, shrink=0, share=0)
        for node, value in node_values(schema, case):
            if isinstance(node, Constant):
                continue
            count += 1
            if outside(node, value):
                wrong += 1
                low, high = node.interval
                said = f"{node} is {value}, outside its interval from {low} to {high}"
                example = example or Example(said, node.where, case_document(schema, case))
    return Answer("intervals", statement, "values of nodes, by their intervals", count, wrong, example)


def parts_add_up(claims: Claims) -> Answer:
    """Compare the sum of the rule's named parts with the surplus: the explainer shows the one as the other."""
    schema, rng, wrong, example = claims.schema, claims.rng("parts"), 0, None
    for number in range(_PART_CASES):
        case = corner(schema, rng) if number % 2 else claims.draw(schema, rng)
        found = evaluate(schema, case.holdings, case.market, case.parameters)
        total = sum(found.parts.values())
        if total != found.surplus:
            wrong += 1
            said = f"the parts {', '.join(found.parts)} add up to {total}, the surplus is {found.surplus}"
            example = example or Example(said, "", case_document(schema, case))
    return Answer("parts", "", "accounts, whose parts add up", _PART_CASES, wrong, example)


def complement(pair: Mapping[str, Tried], count: int) -> Answer:
    """Ask both circuits about random, corner and around-zero accounts: exactly the one the engine says may hold."""
    claims, schema = pair["sufficiency"].claims, pair["sufficiency"].schema
    rng, kinds, wrong, example = claims.rng("complement"), Counter[str](), Counter[str](), None
    scale = money_scale(schema)

    def fault(case: Case, surplus: int) -> str:
        held = {statement: tried.satisfiable(case) for statement, tried in pair.items()}
        if held == {"sufficiency": surplus >= 0, "shortfall": surplus < 0}:
            return ""
        return "both" if all(held.values()) else "wrong" if any(held.values()) else "neither"

    for number, (case, surplus) in enumerate(claims.cases(rng, count)):
        if number % 10 == 0 and case.surplus(schema) != surplus:  # what was moved to zero is there
            claims.cash_counts_in_full = False
            surplus = case.surplus(schema)  # noqa: PLW2901
        found = fault(case, surplus)
        kinds["sufficient" if surplus >= 0 else "short"] += 1
        kinds["within_a_money_unit"] += -scale <= surplus < scale
        if found:
            wrong[found] += 1
            example = example or _complement_example(pair, case, found, fault)
    details = {**kinds, **{kind: wrong[kind] for kind in ("both", "neither", "wrong")}}
    tries, faults = kinds["sufficient"] + kinds["short"], sum(wrong.values())
    if not faults and not (kinds["sufficient"] and kinds["short"]):
        missing = "short" if kinds["sufficient"] else "sufficient"
        faults, example = 1, Example(f"of {tries:,} accounts none is {missing}: the rule decides nothing")
    asked = f"accounts: {wrong['both']} both, {wrong['neither']} neither, {wrong['wrong']} wrong"
    return Answer("complement", "", asked, tries, faults, example, details)


def box_complement(tried: Tried, count: int) -> Answer:
    """Ask the box circuit about accounts and boxes: it holds exactly where the worst surplus is not negative."""
    rng, wrong, tries, example, kinds = tried.rng("box-complement"), 0, 0, None, Counter[str]()
    for case, surplus in tried.claims.cases(rng, count):
        tries += 1
        kinds["sufficient" if surplus >= 0 else "short"] += 1
        if tried.satisfiable(case) is not (surplus >= 0):
            wrong += 1
            if example is None:
                said = f"the box circuit {'refuses' if surplus >= 0 else 'accepts'} a worst surplus of {surplus}"
                example = _blamed(tried, case, said)
    asked = "accounts, by the worst of their box"
    return Answer("complement", tried.statement, asked, tries, wrong, example, dict(kinds))


def markets_inside(family: Family, plain: Claims, box: Tried, count: int) -> Answer:
    """Evaluate the plain rule at markets inside boxes that are accepted with less than a money unit to spare."""
    rng, wrong, tries, example = box.rng("markets-inside"), 0, 0, None
    for _ in range(count):
        if tries >= count:
            break
        case = drawn(plain.schema, rng, shrink=rng.choice([8, 14]))
        table, ends = box_around(plain.schema, box.schema, case, rng)
        there = replace(case, market=table)
        for moved, worst in box.claims.near_zero(there, there.surplus(box.schema)):
            if worst < 0:
                continue
            for number in range(_MARKETS_A_BOX):
                market = market_inside(plain.schema, box.schema, ends, rng, corner=number % 4 == 0)
                inside = replace(moved, market=market)
                tries += 1
                if inside.surplus(plain.schema) < 0:
                    wrong += 1
                    said = f"a box of {family.name} with a worst surplus of {worst} holds a market where it is short"
                    example = example or Example(said, "", case_document(plain.schema, inside))
    return Answer("markets-inside", box.statement, "markets inside accepted boxes", tries, wrong, example)


def _complement_example(
    pair: Mapping[str, Tried], case: Case, found: str, fault: Callable[[Case, int], str]
) -> Example:
    """Return the fault at an account as simple as it can be made, with the node that is to blame."""
    schema = pair["sufficiency"].schema
    level, scale, cash = case.surplus(schema), money_scale(schema), schema.holdings[0]

    def still(tried: Case) -> Case | None:
        """Return the case or, so that faults near zero stay there, one with cash that levels its surplus."""
        levelled = tried.holdings.cash + (level - tried.surplus(schema)) // scale
        level_cash = min(max(levelled, cash.minimum), cash.maximum)
        for each in (tried, replace(tried, holdings=replace(tried.holdings, cash=level_cash))):
            if fault(each, each.surplus(schema)) == found:
                return each
        return None

    case = simpler(schema, case, still)
    surplus = case.surplus(schema)
    held = [statement for statement, tried in pair.items() if tried.satisfiable(case)]
    said = f"{' and '.join(held) or 'neither circuit'} can be proved of a surplus of {surplus}"
    due = pair["sufficiency" if surplus >= 0 else "shortfall"]
    refusal = due.refusal(case)
    if refusal is not None:
        said += f" ({due.statement} fails at {refusal})"
    examples = [_blamed(tried, case, said) for tried in pair.values()]
    return next((example for example in examples if example.where), examples[0])


def _blamed(tried: Tried, case: Case, said: str) -> Example:
    """Return an example with the first node whose interval is wrong, or that the circuit has another value for."""
    document = case_document(tried.schema, case)
    for node, value in node_values(tried.schema, case):
        if outside(node, value):
            low, high = node.interval
            return Example(
                f"{said}: {node} is {value}, outside its interval from {low} to {high}", node.where, document
            )
    other = apart(tried.lowering, tried.tape(case), tried.schema, case)
    if other is None:
        return Example(said, "", document)
    node, held, value = other
    return Example(f"{said}: {node} is {value} by its evaluate and {held} in the circuit", node.where, document)
