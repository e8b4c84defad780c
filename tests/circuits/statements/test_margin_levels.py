"""Lost if these fail: an account admitted at initial margin is liquidated at once, since maintenance asks for more.

A version of the parameters is two tables. The schema orders their cells one by one (E6), and what is to follow is that
no account in no market has more surplus at initial margin than at maintenance margin.
"""

import pytest

from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.registry import rule_names
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.circuits.trials.accounts import corner, table

from ..families import drawn, schema_of
from ..shaped import values

EVERY = pytest.mark.parametrize("name", rule_names())
LARGER = {"span": Shape(3, 0, 0, None, (("commodities", 3), ("months", 1), ("scenarios", 1)))}  # pairs that compete


def case_of(schema, rng):
    return corner(schema, rng) if rng.random() < 0.2 else drawn(schema, rng)


def surplus(schema, case, parameters):
    return evaluate(schema, case.holdings, case.market, parameters, case.credit).surplus


@EVERY
def test_initial_margin_is_never_looser_where_the_cells_are_in_order(name, rng, size, tally):
    """Some cells moved as far as their order lets them, those that the schema leaves free the same at both levels."""
    schema, aim, tried, looser = schema_of(name), size(500, 20_000), 0, 0
    ordered = [cell for cell in schema.cells("parameters") if cell.levels]
    while tried < aim:
        case = case_of(schema, rng)
        cells = values(schema, "parameters", case.parameters)
        for cell in rng.sample(ordered, rng.choice([1, min(3, len(ordered)), len(ordered)])):
            dearer = cell.levels == "initial>=maintenance"
            end = cell.maximum if dearer else cell.minimum
            cells[cell.name] = rng.choice([end, rng.randint(*sorted((cells[cell.name], end)))])
        initial = table(schema, "parameters", lambda cell, cells=cells: cells[cell.name])
        if any(
            first > second and cell.levels == "initial<=maintenance"
            for cell, first, second in zip(
                schema.cells("parameters"), initial.cells, case.parameters.cells, strict=True
            )
        ):
            continue  # raised to keep another order
        schema.check_levels(initial, case.parameters)
        tried += 1
        looser += surplus(schema, case, initial) > surplus(schema, case, case.parameters)
    tally("E6", f"{name}: accounts at two levels in order, more surplus at initial margin", tried, looser)


@EVERY
def test_a_cell_without_an_order_is_one_that_none_would_fit(name, rng):
    """Such cells raise the surplus of some accounts and lower that of others; all else has its order."""
    schema = schema_of(name, LARGER.get(name))
    free = [cell for cell in schema.cells("parameters") if not cell.levels]
    wanted = {(cell.name.split(".")[1], sign) for cell in free for sign in (-1, 1)}
    for _ in range(4000):
        if not wanted:
            break
        case = case_of(schema, rng)
        cells, before = values(schema, "parameters", case.parameters), surplus(schema, case, case.parameters)
        for column in {column for column, _ in wanted}:
            cell = rng.choice([cell for cell in free if cell.name.split(".")[1] == column])
            changed = {**cells, cell.name: rng.randint(cells[cell.name], cell.maximum)}
            raised = table(schema, "parameters", lambda cell, changed=changed: changed[cell.name])
            change = surplus(schema, case, raised) - before
            if change:
                wanted.discard((column, 1 if change > 0 else -1))
    assert not wanted
