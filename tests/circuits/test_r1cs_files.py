"""Circuits written elsewhere are read as they are meant, and a file that lies is refused with one sentence."""

import random
import struct
import tracemalloc

import pytest

from zkmargin.circuits.foreign import first_broken, foreign_stats, load_r1cs, witness_values
from zkmargin.circuits.r1cs import r1cs_bytes, read_r1cs, read_sym, sym_bytes
from zkmargin.kernel import R, read_wtns
from zkmargin.kernel.errors import FormatError, MismatchError
from zkmargin.kernel.reference.r1cs import read_r1cs as reference_reader

from .circom_bytes import EXAMPLES, MINUS, all_hidden, file_of, product_and_sum, section
from .conftest import SEED, compiled


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_foreign_circuit_keeps_every_row_and_name(name, tmp_path):
    made = EXAMPLES[name]()
    r1cs, wtns, _ = made.write(tmp_path)
    system = load_r1cs(r1cs)
    assert system.names[1:] == made.names[1:]
    assert system.public == tuple(made.names[1 : 1 + made.outputs + made.inputs])
    rows = [tuple({wire: k for wire, k in terms if k} for terms in row) for row in made.rows]
    assert [system.row(i) for i in range(system.rows)] == rows
    values = witness_values(system, read_wtns(wtns))
    assert values == made.values
    assert first_broken(system, values) is None


@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_our_own_circuits_come_back_byte_for_byte(statement):
    circuit = compiled(statement)
    system = read_r1cs(circuit.files["circuit.r1cs"])
    read_sym(circuit.files["circuit.sym"], system)
    assert (system.public, system.names[1:]) == (circuit.system.public, circuit.system.names[1:])
    assert r1cs_bytes(system) == circuit.files["circuit.r1cs"]
    assert sym_bytes(system) == circuit.files["circuit.sym"]


def test_the_reference_kernel_reads_the_same_rows():
    data = product_and_sum().r1cs()
    ours, theirs = read_r1cs(data), reference_reader(data)
    assert (ours.wires, len(ours.public)) == (theirs.n_wires, theirs.n_public)
    rows = [tuple({wire: k for wire, k in terms if k} for terms in row) for row in theirs.constraints]
    assert [ours.row(i) for i in range(ours.rows)] == rows


def test_the_first_broken_constraint_is_named_by_its_wires(tmp_path):
    made = product_and_sum()
    r1cs, _, sym = made.write(tmp_path)
    values = list(made.values)
    values[6] += 1  # key: only the second row knows it
    broken = first_broken(load_r1cs(r1cs), values)
    assert (broken.constraint, broken.wires) == (1, ("s", "a", "b", "key"))
    sym.unlink()
    assert first_broken(load_r1cs(r1cs), values).wires == ("public.1", "public.2", "hidden.0", "hidden.1")
    values[3] += 1
    assert first_broken(load_r1cs(r1cs), values).constraint == 0


def test_unused_wires_are_told_from_used_ones(tmp_path):
    counted = foreign_stats(load_r1cs(product_and_sum().write(tmp_path)[0]))
    assert (counted.constraints, counted.linear, counted.wires, counted.nonzeros) == (2, 1, 8, 7)
    assert (counted.unused, counted.unused_public, counted.public) == (2, ("idle",), ("p", "s", "a", "idle"))


def test_a_witness_of_another_circuit_is_no_witness(tmp_path):
    system = load_r1cs(product_and_sum().write(tmp_path)[0])
    with pytest.raises(MismatchError):
        witness_values(system, read_wtns(all_hidden().write(tmp_path, "other")[1]))


def row_of(*terms):
    made = all_hidden()
    made.rows = [(list(terms), [], [])]
    return made.r1cs()


def with_body(body):
    made = all_hidden()
    labels = struct.pack("<3Q", 0, 1, 2)
    return file_of(b"r1cs", 1, [(2, body), (1, made.header()), (3, labels)])


HUGE = (1 << 32) - 1
GOOD = all_hidden()
LIES = {
    "another magic": (b"R1CS" + GOOD.r1cs()[4:], "not a r1cs"),
    "another version": (GOOD.r1cs().replace(b"r1cs\x01", b"r1cs\x02"), "version 2"),
    "another field": (GOOD.r1cs(order=R - 2), "not over BN254"),
    "four billion wires": (GOOD.r1cs(wires=HUGE), "section 3"),
    "four billion rows": (GOOD.r1cs(rows=HUGE), "more constraints than it holds"),
    "four billion terms": (with_body(struct.pack("<3I", HUGE, 0, 0)), "more terms"),
    "fewer wires than inputs": (GOOD.r1cs(inputs=7), "fewer wires"),
    "outputs and inputs past 2^32": (GOOD.r1cs(inputs=HUGE, outputs=HUGE), "fewer wires"),
    "a wire that does not exist": (row_of((3, 1)), "uses wire 3 of 3"),
    "a wire twice": (row_of((1, 1), (1, MINUS)), "wire 1 twice"),
    "a coefficient that is the order": (row_of((1, R)), "not below the field's order"),
    "a row less than it has": (GOOD.r1cs(rows=0), "longer than its content"),
    "a body too short for its last row": (with_body(struct.pack("<3I", 0, 1, 0)), "more terms"),
    "bytes after the end": (GOOD.r1cs() + b"\0", "after its last section"),
    "a section twice": (GOOD.r1cs(extra=[(1, GOOD.header())]), "twice"),
    "no labels": (file_of(b"r1cs", 1, [(1, GOOD.header()), (2, GOOD.body())]), "no section 3"),
    "custom gates": (GOOD.r1cs(extra=[(4, struct.pack("<I", 1) + b"gate\0" + bytes(4))]), "custom gates"),
    "a header cut short": (
        file_of(b"r1cs", 1, [(1, GOOD.header()[:-1]), (2, GOOD.body()), (3, bytes(24))]),
        "header has the wrong length",
    ),
    "nothing": (b"", "not a r1cs"),
    "a section past the end": (b"r1cs" + struct.pack("<II", 1, 1) + section(1, b"")[:-8] + b"\xff" * 8, "more bytes"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lying_r1cs_is_refused_in_one_sentence(name):
    data, sentence = LIES[name]
    with pytest.raises(FormatError, match=sentence) as caught:
        read_r1cs(data)
    assert "\n" not in caught.value.message


def test_empty_custom_gate_sections_are_no_custom_gates():
    assert read_r1cs(GOOD.r1cs(extra=[(4, bytes(4)), (5, bytes(4))])).rows == 1


def test_a_lie_costs_no_memory():
    lies = [GOOD.r1cs(wires=HUGE), GOOD.r1cs(rows=HUGE), with_body(struct.pack("<3I", HUGE, 0, 0))]
    tracemalloc.start()
    for data in lies:
        with pytest.raises(FormatError):
            read_r1cs(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_cut_and_flipped_files_never_crash_the_reader(size, tally):
    rng, data = random.Random(SEED), product_and_sum().r1cs()
    refused = 0
    for end in range(len(data)):
        with pytest.raises(FormatError):
            read_r1cs(data[:end])
    flipped = size(3_000, 30_000)
    for _ in range(flipped):
        hurt = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            hurt[rng.randrange(len(hurt))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        try:
            read_r1cs(bytes(hurt))
        except FormatError:
            refused += 1
    assert refused > 1_000
    tally("P4", f"cut and flipped .r1cs files, {len(data) + refused} of them refused, no crash", len(data) + flipped)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "not text"),
        (b"1,1,0\n", "label,wire,component,name"),
        (b"1,one,0,main.x\n", "label,wire,component,name"),
        (b"1,1,0,main.x y\n", "label,wire,component,name"),
        (b"1,9,0,main.x\n", "another circuit"),
        (b"1,1,0,main." + b"x" * 5000 + b"\n", "label,wire,component,name"),
    ],
)
def test_a_sym_file_that_is_none_is_refused(content, sentence):
    with pytest.raises(FormatError, match=sentence):
        read_sym(content, read_r1cs(GOOD.r1cs()))


def test_the_first_of_several_names_of_a_wire_stays():
    system = read_r1cs(GOOD.r1cs())
    read_sym(b"1,1,0,main.x\n2,1,1,main.inner.x\n3,-1,1,main.gone\n4,0,0,main.unit\n", system)
    assert system.names == ["one", "x", "hidden.1"]
