"""Make `vectors/encodings.json`: what can never change, at the small shape and at the full one.

Run `python -m tests.circuits.statements.make_vectors` from the repository's root. Commitments, tags and table hashes
stand in accounts and on chains: when this file's output changes, every account made before is lost.
"""

import json
from pathlib import Path

from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.statements.commitment import commit, hash_plain, pack, tag
from zkmargin.circuits.statements.engine import bind

VECTORS = Path(__file__).with_name("vectors") / "encodings.json"
KINDS = ("commitment", "flow", "leaf", "node", "nullifier", "salt", "key")
OWNER = (
    995203441582195749578291179787384436505546430278305826713579947235728471134,
    5472060717959818805561601436314318772137091100104008585924551046643952123905,
)


def opening(shape):
    """Return the fixed opening: both signs, zeros, and the ends of every width."""
    sizes = [(1 << 36) - 1, -(1 << 36) + 1, 0, -1, *range(1, shape.positions)][: shape.positions]
    amounts = [(1 << 56) - 1, 1, 0, 7][: shape.collateral]
    debts = [0, (1 << 56) - 1, 3, 1][: shape.debts]
    holdings = Holdings(-(1 << 62), tuple(sizes), tuple(amounts), tuple(debts))
    return Opening(holdings, OWNER, (1 << 248) - 19)


def table(schema, name, number):
    """Return a fixed table inside the schema: cell i is i steps above its minimum."""
    cells = tuple(cell.minimum + cell.offset + i for i, cell in enumerate(schema.cells(name)))
    return Table(name, number, cells)


def vectors():
    """Return the content of the file."""
    shapes = {}
    for shape in (Shape(4, 2, 2, 2), Shape(16, 4, 4, 3)):
        schema = cross_margin_schema(shape)
        fixed, empty = opening(shape), Opening(Holdings.empty(shape), OWNER, 1)
        market, parameters = table(schema, "market", 48211), table(schema, "parameters", 7)
        for each in (market, parameters):
            schema.check_table(each)
        shapes["x".join(str(n) for n in shape.as_json().values())] = {
            "schema_hash": "0x" + schema.hash.hex(),
            "rule_hash": "0x" + bind(schema).rule_hash.hex(),
            "tags": {kind: str(tag(kind, schema, 5)) for kind in KINDS},
            "packed": [str(element) for element in pack(schema, fixed.holdings)],
            "commitment": str(commit(schema, fixed)),
            "commitment_of_nothing": str(commit(schema, empty)),
            "table_hashes": {t.name: "0x" + schema.table_hash(t).hex() for t in (market, parameters)},
        }
    chain = {str(n): str(hash_plain(1, list(range(1, n + 1)))) for n in (1, 15, 16, 31)}
    return {"schema": "zkmargin/vectors/encodings/1", "shapes": shapes, "hash_of_1_to_n_under_tag_1": chain}


if __name__ == "__main__":
    VECTORS.parent.mkdir(exist_ok=True)
    VECTORS.write_text(json.dumps(vectors(), indent=1) + "\n")
