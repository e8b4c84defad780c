"""Lost if these fail: a table that a family's circuits must not read gets in on chain (row S12), or an honest one not.

The contracts know a schema only as kinds of cells; here they judge every family's tables as the schema itself does.
"""

import pytest

from zkmargin.client.chains.deployment import cell_rules
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Board
from zkmargin.contracts.cells import pack_cells
from zkmargin.kernel.errors import InputError

from .. import families
from .test_hostile_tables import violations


@pytest.mark.parametrize("name", families.SHAPES)
def test_contracts_admit_exactly_the_tables_of_the_schema(name, rng, tally, size):
    schema, chain = families.schema_of(name), EmbeddedChain(timestamp=1_790_000_000)
    admin = chain.accounts[0]
    manager = AccessManager.deploy(chain, admin, admin).address
    refused = 0
    for table_name, cells in schema.tables:
        rules = cell_rules(schema, table_name)
        board = Board.deploy(chain, admin, manager, schema.hash, rules, 600)
        assert (
            board.cell_bytes == rules.width == -(-max(cell.maximum + cell.offset for cell in cells).bit_length() // 8)
        )
        for number in range(1, size(4, 100)):
            case = families.drawn(schema, rng)
            table = getattr(case, table_name)
            schema.check_table(table)
            board.post(number, chain.now(), table.cells)
            assert board.table_cells(board.round_table(number)) == list(table.cells)
        every = list(violations(schema, table))
        for place, stored in rng.sample(every, min(len(every), size(150, 2_000))):
            hostile = table.replace({place: stored})
            try:
                pack_cells(hostile.cells, rules.width)
            except InputError:
                refused += 1  # no bytes of the width a contract takes stand for it
                continue
            with pytest.raises((errors.CellOutOfBounds, errors.CellsOutOfOrder)) as error:
                board.read("post", number + 1, chain.now(), pack_cells(hostile.cells, rules.width))
            assert error.value.arguments["index"] == place or error.value.arguments["earlierIndex"] == place
            refused += 1
    tally("S12", f"hostile tables of {name} refused on chain", refused)
