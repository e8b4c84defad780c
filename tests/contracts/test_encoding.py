"""The bytes that two sides agree on: fixed vectors, so that they can never drift."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from zkmargin.contracts import encoding
from zkmargin.contracts.cells import CellRules, CellSchema, pack_cells, pack_moves, table_chunks
from zkmargin.kernel import Proof
from zkmargin.kernel.errors import InputError


def test_keccak_is_ethereums():
    assert encoding.keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_coordinates_of_the_second_group_are_swapped_for_the_chain(synthetic):
    proof = Proof((1, 2), ((3, 4), (5, 6)), (7, 8))
    assert encoding.proof_words(proof) == [1, 2, 4, 3, 6, 5, 7, 8]


def test_key_bytes_are_words_in_the_order_of_the_design():
    class Key:
        alpha, ic = (1, 2), [(15, 16), (17, 18)]
        beta, gamma, delta = ((4, 3), (6, 5)), ((8, 7), (10, 9)), ((12, 11), (14, 13))

    raw = encoding.key_bytes(Key())
    assert [int.from_bytes(raw[i : i + 32], "big") for i in range(0, len(raw), 32)] == list(range(1, 19))
    assert encoding.circuit_id(raw) == encoding.keccak(raw)
    chunks = encoding.key_chunks(bytes(2 * encoding.CHUNK_BYTES + 1))
    assert [len(chunk) for chunk in chunks] == [encoding.CHUNK_BYTES, encoding.CHUNK_BYTES, 1]


def test_the_table_hash_is_pinned():
    schema = bytes(range(32))
    packed = schema + (7).to_bytes(32, "big") + (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert encoding.table_hash(schema, 7, [1, 2]) == encoding.keccak(packed)
    assert encoding.table_hash(schema, 7, [1, 2]).hex() == VECTORS["table"]


def test_cell_kinds_are_packed_as_documented():
    cell = CellSchema(5, 9, not_below=3, order="initial<=maintenance")
    assert cell.kind(7) == (5 << 128 | 9, 4 | 2 << 32)
    assert CellSchema(0, 1).kind(0) == (1, 0)
    assert CellSchema(0, 1, order="initial>=maintenance").kind(5) == (1, 1 << 32)
    rules = CellRules.of([CellSchema(0, 1), CellSchema(2, 300), CellSchema(0, 1)])
    assert (rules.kinds, rules.kind_of, rules.width) == ((1, 0, 2 << 128 | 300, 0), bytes([0, 1, 0]), 2)
    words = b"".join(word.to_bytes(32, "big") for word in rules.kinds)
    assert rules.hash == encoding.keccak(words + rules.kind_of)


def test_cells_and_moves_are_packed_by_the_schemas_width():
    assert pack_cells([1, 258], 2) == bytes([0, 1, 1, 2])
    assert pack_moves({70_000: 5, 2: 258}, 2) == bytes([0, 0, 2, 1, 2, 1, 0x11, 0x70, 0, 5])
    assert [len(one) for one in table_chunks(bytes(16 * 3000), 16)] == [24_560, 23_440]
    for bad in ({1 << 24: 0}, {-1: 0}, {0: 1 << 16}, {0: -1}):
        with pytest.raises(InputError):
            pack_moves(bad, 2)
    with pytest.raises(InputError):
        CellRules.of([CellSchema(0, index + 1) for index in range(257)])


def test_contexts_are_pinned():
    gate, owner = "0x" + "11" * 20, "0x" + "22" * 20
    circuit = bytes([7]) * 32
    terms = {"round_": 48_211, "version": 1_763_654_400, "nonce": 3, "deadline": 1_763_654_700}
    account = encoding.account_id(owner, "desk-7")
    where = (31_337, gate, circuit)
    opened = encoding.context_of_open(*where, owner, "desk-7", 99, **terms)
    certified = encoding.context_of_certify(*where, account, 99, **terms)
    flagged = encoding.context_of_flag(*where, account, 99, **terms)
    assert (hex(opened), hex(certified), hex(flagged)) == VECTORS["contexts"]
    types = ["string", "uint256", "address", *["bytes32"] * 4, *["uint256"] * 3]
    arguments = encoding.keccak(encode(["uint64", "uint256", "uint64", "uint8"], [48_211, 0, 1_763_654_400, 1]))
    action = b"flag".ljust(32, b"\0")
    values = ["zkmargin/context/1", *where, account, action, arguments, 99, 3, 1_763_654_700]
    assert flagged == int.from_bytes(encoding.keccak(encode(types, values)), "big") >> 8


def test_labels_fit_a_word():
    assert encoding.label_bytes("desk") == b"desk" + bytes(28)
    with pytest.raises(InputError):
        encoding.label_bytes("x" * 33)


VECTORS = {
    "table": "1df14f8f0788cdf7f8f9a9ad92faed11750d68f9230d4b8673705963782746ef",
    "contexts": (
        "0xbf135e9fc6c124b00fdeb8201bd1527f8ae44c732678fa3a25ccb20f6a82de",
        "0x28399252e18fa1bc5aa38cce386304ac86834c3aa75a1da42dc98f94e38167",
        "0x5dbf7abf4ce9986ef05d491cc479e31a455dbe5ab35f4dce3493f5b7eaac90",
    ),
}
