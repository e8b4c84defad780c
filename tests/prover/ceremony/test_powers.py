"""Powers of tau: whose lies would let their maker forge, so every kind of lie is refused."""

from __future__ import annotations

import copy
import struct

import pytest

from zkmargin.kernel import Q, R, g2_add, g2_multiply
from zkmargin.kernel.errors import FileError, FormatError
from zkmargin.kernel.phase2 import PowersOfTau

SECRETS = {"tau": 1234567, "alpha": 7654321, "beta": 5555}
GROUP_ORDER_TWIST = R * (2 * Q - R)


@pytest.fixture(scope="module")
def honest(powers):
    return powers.make_powers(2, **SECRETS)


@pytest.fixture
def refused(tmp_path):
    """Demand that a ptau is refused, with these words."""

    def check(ptau, words):
        path = tmp_path / "bad.ptau"
        path.write_bytes(ptau if isinstance(ptau, bytes) else ptau.to_bytes())
        with pytest.raises(FormatError, match=words):
            PowersOfTau.load(path)

    return check


def test_honest_powers_are_read_whoever_made_them(their_ptau, our_ptau):
    assert (PowersOfTau.load(their_ptau).power, PowersOfTau.load(their_ptau).contributions) == (4, 1)
    assert PowersOfTau.load(our_ptau).power == 5


@pytest.mark.parametrize("made_by", ["their_ptau", "our_ptau"])
def test_the_initial_key_has_the_bytes_of_snarkjs(made_by, request, small, other, snarkjs, tmp_path):
    ptau = request.getfixturevalue(made_by)
    for r1cs in (small, other):
        held, said = snarkjs("zkey", "new", r1cs, ptau, tmp_path / "theirs.zkey")
        assert held, said
        assert PowersOfTau.load(ptau).initial_key(r1cs.read_bytes()) == (tmp_path / "theirs.zkey").read_bytes()


def test_a_circuit_larger_than_the_powers_is_refused(honest, small, tmp_path):
    path = tmp_path / "small.ptau"
    path.write_bytes(honest.to_bytes())
    with pytest.raises(FormatError, match="needs a ptau of power 4, this one has 2"):
        PowersOfTau.load(path).initial_key(small.read_bytes())


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({"tau": 1}, "nobody contributed"),
        ({"tau": 0}, "nobody contributed"),
        ({"alpha": 1}, "nobody contributed"),
        ({"beta": 0}, "nobody contributed"),
        ({"tau": R - 1}, "root of unity"),
        ({"beta_g2": 5556}, "beta in G2 is not its beta in G1"),
    ],
)
def test_secrets_that_everyone_can_see_are_refused(powers, refused, secrets, words):
    refused(powers.make_powers(2, **{**SECRETS, **secrets}), words)


@pytest.mark.parametrize(("section", "words"), [(2, "tau"), (3, "of one tau"), (4, "alpha"), (5, "beta")])
def test_a_sequence_that_is_no_powers_of_one_tau_is_refused(honest, refused, section, words):
    last = len(honest.sections[section]) - 1
    for index in range(1 if section in (2, 3) else 0, last + 1):
        spoiled = copy.deepcopy(honest)
        spoiled.sections[section][index] = honest.sections[section][index - 1 if index else last]
        refused(spoiled, words)


@pytest.mark.parametrize("section", [12, 13, 14, 15])
def test_lagrange_points_of_other_powers_are_refused(honest, refused, section):
    count = len(honest.sections[section])
    for index in range(1, count):
        spoiled = copy.deepcopy(honest)
        spoiled.sections[section][index] = honest.sections[section][(index + 1) % count]
        refused(spoiled, "Lagrange points")
    print(f"section {section}: {count - 1} replaced, 0 accepted")


@pytest.mark.parametrize("section", [3, 6, 13])
def test_a_component_of_small_order_in_g2_is_refused(honest, refused, section, circuits, generator):
    """A random combination would miss order 10,069 once in 10,069 times: the subgroup is checked a point."""
    torsion = None
    while torsion is None:
        point = circuits.curve_point(generator)
        torsion = _multiple(point, GROUP_ORDER_TWIST // 10069)
    for index in range(len(honest.sections[section])):
        if section == 3 and index == 0:
            continue
        spoiled = copy.deepcopy(honest)
        spoiled.sections[section][index] = g2_add(spoiled.sections[section][index], torsion)
        refused(spoiled, "outside the prime subgroup")


def test_a_component_of_small_order_among_many_points_is_refused(powers, refused, circuits, generator):
    """Many points are checked by short random combinations instead of one by one."""
    honest = powers.make_powers(6, **SECRETS)
    torsion = None
    while torsion is None:
        torsion = _multiple(circuits.curve_point(generator), GROUP_ORDER_TWIST // 10069)
    for section, index in ((3, 17), (3, 63), (13, 0), (13, 126)):
        spoiled = copy.deepcopy(honest)
        spoiled.sections[section][index] = g2_add(spoiled.sections[section][index], torsion)
        refused(spoiled, "outside the prime subgroup")


def test_a_file_that_lies_about_its_form_is_refused(honest, refused, tmp_path):
    good = honest.to_bytes()
    refused(b"ptaX" + good[4:], "not a ptau")
    refused(good[:-1], "claims more bytes|ends too early")
    refused(good + b"\0", "bytes after")
    for power in (0, 1, 3, 28, 2**31):
        spoiled = copy.deepcopy(honest)
        spoiled.header = struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<II", power, power)
        refused(spoiled, "power|records|section")
    spoiled = copy.deepcopy(honest)
    spoiled.header = struct.pack("<I", 32) + R.to_bytes(32, "little") + struct.pack("<II", 2, 2)
    refused(spoiled, "BN254")
    unprepared = copy.deepcopy(honest)
    for section in (12, 13, 14, 15):
        del unprepared.sections[section]
    refused(unprepared, "prepare phase2")
    with pytest.raises(FileError):
        PowersOfTau.load(tmp_path / "none.ptau")


def test_one_changed_byte_in_powers_is_found(their_ptau, refused, generator, size, tally):
    """Everywhere but in the record of phase 1's contributions, of which only the powers reached are compared."""
    good, spans, at = their_ptau.read_bytes(), [], 12
    while at < len(good):
        kind, length = struct.unpack_from("<IQ", good, at)
        start = at + 12
        spans.append((start, 40 if kind == 1 else 4 + 448 if kind == 7 else length))
        at = start + length
    positions = [start + generator.randrange(span) for start, span in spans for _ in range(size(8, 200))]
    for position in positions:
        spoiled = bytearray(good)
        spoiled[position] ^= generator.randrange(1, 256)
        refused(bytes(spoiled), ".")
    tally("K2", "bytes of powers of tau changed", len(positions))


def _multiple(point, factor):
    """factor·point on the whole twist: the kernel's scalars end at R."""
    total, high = None, point
    while factor:
        total = g2_add(total, g2_multiply(high, factor % (1 << 250)))
        high = g2_multiply(g2_multiply(high, 1 << 125), 1 << 125)
        factor >>= 250
    return total
