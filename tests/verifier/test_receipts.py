"""Lost if these fail: a receipt nobody wrote is taken for one, or a hostile one ends in a traceback."""

import json
from pathlib import Path

import pytest

from zkmargin.kernel.errors import ProofRejected
from zkmargin.verifier.proof_files import read_proof, write_proof
from zkmargin.verifier.receipt import Receipt, make_receipt, proof_hash

PATH = Path("receipt.json")


@pytest.fixture
def receipt(world, statement):
    key, proved = world.provers[statement].circuit_key, world.proved[statement]
    return make_receipt(key, proved.proof, proved.public, (world.market, world.parameters), margin="initial")


def test_a_receipt_survives_its_file(receipt, world, statement, tmp_path):
    assert Receipt.parse(receipt.to_bytes(), PATH) == receipt
    assert (receipt.round, receipt.version, receipt.credit, int(receipt.context, 16)) == (7, 3, "5", 99)
    proved = world.proved[statement]
    write_proof(tmp_path / "proof", proved.proof, proved.public, receipt)
    found = read_proof(tmp_path / "proof")
    assert (found.public, found.proof, found.receipt) == (proved.public, proved.proof, receipt)
    assert proof_hash(found.proof) == receipt.proof_hash


def test_what_is_no_receipt_is_refused(receipt, tally):
    honest = json.loads(receipt.to_bytes())
    hostile = [{**honest, "more": 1}, {**honest, "schema": "zkmargin/receipt/2"}, [], None, {}, 1, "x"]
    for name, value in honest.items():
        wrong = [None, [], {}, True, "", -1, 1.5, 1 << 64, "x" * 99, "0x" + 64 * "G", str(value).upper(), f"{value} "]
        free = name in ("statement", "rule", "box")  # any text: held against key and demands, not against a form
        wrong = [one for one in wrong if one != value and not (free and isinstance(one, str))]
        hostile += [{**honest, name: one} for one in wrong]
        hostile.append({key: one for key, one in honest.items() if key != name})
    for content in hostile:
        with pytest.raises(ProofRejected) as caught:
            Receipt.parse(json.dumps(content).encode(), PATH)
        assert caught.value.code == "schema", content
    for text in (b"", b"{", b"[" * 99_999, b'{"schema":1,"schema":1}', b"\xef\xbb\xbf{}", b"\xff"):
        with pytest.raises(ProofRejected):
            Receipt.parse(text, PATH)
    assert len(hostile) > 100
    tally("P4", "receipts that are none, refused in one word", len(hostile))
