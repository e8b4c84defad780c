"""Lost if these fail: every account, table and key made before today. None of this can ever change (E1 to E16)."""

import json
from dataclasses import replace

import pytest
from Crypto.Hash import keccak

from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.schema import HoldingSpec
from zkmargin.circuits.statements.commitment import commit, draw_salt, groups, pack, tag
from zkmargin.kernel import R, poseidon
from zkmargin.kernel.errors import InputError

from ..accounts import full_slots, random_case
from ..conftest import FULL, SMALL, compiled
from .make_vectors import KINDS, OWNER, VECTORS, opening, table, vectors


def test_the_vectors_stand():
    assert json.loads(VECTORS.read_text()) == json.loads(json.dumps(vectors()))


def keccak256(data):
    return keccak.new(digest_bits=256, data=data).digest()


def test_tags_are_made_as_written():
    """E12: keccak256("zkmargin/" kind "/1" ‖ schema hash ‖ number of values as a 32-byte word) >> 8."""
    schema = compiled("sufficiency").schema
    seen = set()
    for kind in KINDS:
        for count in (1, 5, 16, 255, 256):
            digest = keccak256(b"zkmargin/" + kind.encode() + b"/1" + schema.hash + count.to_bytes(32, "big"))
            assert tag(kind, schema, count) == int(digest.hex(), 16) // 256 < 1 << 248
            seen.add(tag(kind, schema, count))
    assert len(seen) == len(KINDS) * 5


def test_the_table_hash_is_that_of_packed_words():
    """E11: schema hash, number, cells, each a 32-byte word."""
    schema = compiled("sufficiency").schema
    for name, number in (("market", 3), ("parameters", 2**32)):
        fixed = table(schema, name, number)
        words = [int.from_bytes(schema.hash, "big"), number, *fixed.cells]
        assert schema.table_hash(fixed) == keccak256(b"".join(word.to_bytes(32, "big") for word in words))


@pytest.mark.parametrize("shape", [SMALL, FULL], ids=["small", "full"])
def test_holdings_are_packed_as_written(shape, rng):
    """E14, written once more as one string of bits: offset form, low bits first, as many as fit 253."""
    schema = compiled("sufficiency", shape).schema
    for _ in range(50):
        holdings = random_case(schema, rng).holdings
        elements, bits = [], ""
        for spec, value in zip(schema.holdings, holdings.values, strict=True):
            stored = value + (2 ** (spec.bits - 1) if spec.name == "cash" or spec.name.startswith("size") else 0)
            word = format(stored, f"0{spec.bits}b")
            assert len(word) == spec.bits
            if len(bits) + spec.bits > 253:
                elements.append(int(bits, 2))
                bits = ""
            bits = word + bits
        assert pack(schema, holdings) == [*elements, int(bits, 2)]
        assert all(element < 1 << 253 < R for element in pack(schema, holdings))


def test_different_holdings_never_share_packed_elements(rng):
    """-0 would be a second commitment to nothing; a neighbour's bits would be a commitment to two accounts."""
    schema = compiled("sufficiency").schema
    seen, drawn = {}, 1
    for i, spec in enumerate(schema.holdings):
        values = {spec.minimum, spec.minimum + 1, -1, 0, 1, spec.maximum - 1, spec.maximum}
        values = {value for value in values if spec.minimum <= value <= spec.maximum}
        drawn += len(values) - 1  # zero is the same account for every slot
        for value in values:
            flat = [0] * len(schema.holdings)
            flat[i] = value
            key = tuple(pack(schema, Holdings(flat[0], tuple(flat[1:5]), tuple(flat[5:7]), tuple(flat[7:]))))
            assert seen.setdefault(key, flat) == flat
    assert len(seen) == drawn
    assert [i for group in groups(schema) for i in group] == list(range(len(schema.holdings)))


def test_the_commitment_is_one_poseidon_of_tag_packed_key_and_salt():
    schema = compiled("sufficiency").schema
    fixed = opening(SMALL)
    packed = pack(schema, fixed.holdings)
    assert len(packed) == 2
    assert commit(schema, fixed) == poseidon([tag("commitment", schema, 5), *packed, *OWNER, fixed.salt])


def test_every_part_of_an_opening_moves_the_commitment(rng):
    schema = compiled("sufficiency").schema
    case = full_slots(schema, rng, 0)
    flat, key, salt = list(case.holdings.values), (3, 5), 11
    seen = {commit(schema, case.opening)}
    for i in range(len(flat)):
        moved = [*flat[:i], flat[i] + 1, *flat[i + 1 :]]
        holdings = Holdings(moved[0], tuple(moved[1:5]), tuple(moved[5:7]), tuple(moved[7:]))
        seen.add(commit(schema, Opening(holdings, key, salt)))
    for other in ((4, 5), (3, 6), (5, 3)):
        seen.add(commit(schema, Opening(case.holdings, other, salt)))
    seen.add(commit(schema, Opening(case.holdings, key, 12)))
    assert len(seen) == 1 + len(flat) + 3 + 1


@pytest.mark.parametrize(
    "holdings",
    [
        Holdings(1 << 62, (0,) * 4, (0, 0), (0, 0)),
        Holdings(-(1 << 62) - 1, (0,) * 4, (0, 0), (0, 0)),
        Holdings(0, (1 << 36, 0, 0, 0), (0, 0), (0, 0)),
        Holdings(0, (0, 0, 0, -(1 << 36)), (0, 0), (0, 0)),
        Holdings(0, (0,) * 4, (0, 1 << 56), (0, 0)),
        Holdings(0, (0,) * 4, (-1, 0), (0, 0)),
        Holdings(0, (0,) * 4, (0, 0), (-1, 0)),
        Holdings(0, (0,) * 4, (0, 0), (0, 1 << 56)),
        Holdings(0, (0,) * 3, (0, 0), (0, 0)),
    ],
)
def test_what_does_not_fit_is_never_packed_into_a_neighbour(holdings):
    with pytest.raises(InputError) as error:
        pack(compiled("sufficiency").schema, holdings)
    assert error.value.code in ("out-of-range", "shape")
    assert not any(character.isdigit() and len(word) > 3 for word in str(error.value).split() for character in word)


def test_salts_are_248_random_bits():
    salts = [draw_salt() for _ in range(400)]
    assert len(set(salts)) == 400
    assert all(0 <= salt < 1 << 248 for salt in salts)
    for bit in range(248):
        assert 100 < sum(salt >> bit & 1 for salt in salts) < 300


def test_openings_and_cases_show_nothing():
    assert repr(opening(SMALL)) == "Opening(…)"
    assert Table("market", 1, (1, 2)).replace({1: 5}).cells == (1, 5)


def test_an_element_is_filled_to_253_bits_and_not_one_further():
    """2^254 is above the order: one bit more, and two accounts would share an element."""
    real = compiled("sufficiency").schema
    for widths, expected in [
        ((200, 53), [[0, 1]]),
        ((200, 54), [[0], [1]]),
        ((253, 1), [[0], [1]]),
        ((100, 100, 53, 1), [[0, 1, 2], [3]]),
        ((1, 252, 253), [[0, 1], [2]]),
    ]:
        names = ["cash", *(f"size.{i}" for i in range(len(widths) - 1))]
        specs = tuple(
            HoldingSpec(name, "lot", bits, 0, (1 << bits) - 1) for name, bits in zip(names, widths, strict=True)
        )
        shape = Shape(len(widths) - 1, 0, 0)
        assert groups(replace(real, shape=shape, holdings=specs)) == expected
