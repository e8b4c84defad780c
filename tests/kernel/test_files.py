"""A malformed key, system or witness that loads would prove nothing, or anything (P4, K1, S4)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zkmargin.kernel import Kernel, Q, R, development_secrets, read_wtns, write_wtns
from zkmargin.kernel.errors import FileError, FormatError
from zkmargin.kernel.files import memory, read_file
from zkmargin.kernel.phase2 import PowersOfTau
from zkmargin.kernel.prepared import prepared_path
from zkmargin.kernel.reference.r1cs import read_r1cs
from zkmargin.kernel.strict_json import read_json

Sections = dict[int, bytes]
HEADER = 72 + 12
"""Where section 2 of a .zkey begins to hold points: after two moduli and three counts."""
MONTGOMERY = pow(2, 256, Q)
TWICE = pow(2, 512, R)


def put(data: bytes, at: int, new: bytes) -> bytes:
    at %= len(data)
    return data[:at] + new + data[at + len(new) :]


def word(value: int) -> bytes:
    return value.to_bytes(32, "little")


def coefficients(section: bytes) -> list[tuple[int, int, int, int]]:
    entries = (section[at : at + 44] for at in range(4, len(section), 44))
    return [(*struct.unpack_from("<III", entry), int.from_bytes(entry[12:], "little")) for entry in entries]


def packed(entries: list[tuple[int, int, int, int]]) -> bytes:
    return struct.pack("<I", len(entries)) + b"".join(
        struct.pack("<III", *entry[:3]) + word(entry[3]) for entry in entries
    )


def change_public_row(
    signal: int, change: Callable[[tuple[int, int, int, int]], list[tuple[int, int, int, int]]]
) -> Any:
    """Replace the row that binds `signal`: the last ones of the small circuit's two public wires and the 1."""

    def apply(sections: Sections) -> Sections:
        entries = coefficients(sections[4])
        last = max(row for _, row, _, _ in entries)
        out = []
        for entry in entries:
            out += change(entry) if entry[1] == last - 2 + signal else [entry]
        return {**sections, 4: packed(out)}

    return apply


def spoil(kind: int, at: int, new: bytes) -> Any:
    return lambda sections: {**sections, kind: put(sections[kind], at, new)}


def add_entry(*entry: int) -> Any:
    return lambda sections: {**sections, 4: packed([*coefficients(sections[4]), entry])}


ZKEYS: dict[str, tuple[Callable[[Sections], Sections], str]] = {
    "another protocol": (spoil(1, 0, b"\2"), "not a Groth16 key"),
    "another curve": (spoil(2, 4, word(Q + 2)), "not over BN254"),
    "another field": (spoil(2, 40, word(R + 2)), "not over BN254"),
    "wide field": (spoil(2, 0, b"\x30"), "not over BN254"),
    "wire count of 2^32 - 1": (spoil(2, 72, b"\xff" * 4), "more than 2^28 wires"),
    "wire count of 2^28": (spoil(2, 72, struct.pack("<I", 1 << 28)), "records of"),
    "public count of 2^32 - 1": (spoil(2, 76, b"\xff" * 4), "more public inputs than wires"),
    "one public input less": (spoil(2, 76, struct.pack("<I", 1)), "records of"),
    "domain of 2^27": (spoil(2, 80, struct.pack("<I", 1 << 27)), "records of"),
    "domain of 2^31": (spoil(2, 80, struct.pack("<I", 1 << 31)), "power of two"),
    "domain of 15": (spoil(2, 80, struct.pack("<I", 15)), "power of two"),
    "domain of 0": (spoil(2, 80, struct.pack("<I", 0)), "power of two"),
    "short header": (lambda s: {**s, 2: s[2][:-1]}, ""),
    "long header": (lambda s: {**s, 2: s[2] + b"\0"}, ""),
    "alpha off the curve": (spoil(2, HEADER, b"\7"), "not on its curve"),
    "beta2 off the curve": (spoil(2, HEADER + 128, b"\7"), "not on its curve"),
    "alpha at infinity": (spoil(2, HEADER, bytes(64)), "infinity"),
    "beta1 at infinity": (spoil(2, HEADER + 64, bytes(64)), "infinity"),
    "beta2 at infinity": (spoil(2, HEADER + 128, bytes(128)), "infinity"),
    "delta1 at infinity": (spoil(2, HEADER + 384, bytes(64)), "infinity"),
    "delta2 at infinity": (spoil(2, HEADER + 448, bytes(128)), "infinity"),
    "delta is gamma": (lambda s: spoil(2, HEADER + 448, s[2][HEADER + 256 : HEADER + 384])(s), "no one contributed"),
    "gamma is delta": (lambda s: spoil(2, HEADER + 256, s[2][HEADER + 448 :])(s), "no one contributed"),
    "an input point at infinity": (spoil(3, 64, bytes(64)), "infinity"),
    "an input point off the curve": (spoil(3, 64, b"\7"), "not on its curve"),
    "an input point too few": (lambda s: {**s, 3: s[3][:-64]}, "records of"),
    "an input point too many": (lambda s: {**s, 3: s[3] + s[3][-64:]}, "records of"),
    "A off the curve": (spoil(5, -64, b"\7"), "A points"),
    "B1 off the curve": (spoil(6, -64, word(5)), "B1 points"),
    "B2 off the curve": (spoil(7, -128, word(5)), "B2 points"),
    "C off the curve": (spoil(8, -64, word(5)), "C points"),
    "H off the curve": (spoil(9, -64, word(5)), "H points"),
    "a coordinate not below the modulus": (spoil(9, -64, word(Q)), "not below the field's modulus"),
    "a coordinate of 2^256 - 1": (spoil(5, -64, b"\xff" * 32), "not below the field's modulus"),
    "a coefficient count that lies": (spoil(4, 0, b"\xff" * 4), "do not fill"),
    "no coefficient count": (lambda s: {**s, 4: b""}, ""),
    "a coefficient of a third matrix": (add_entry(2, 0, 0, TWICE), "outside its matrices"),
    "a coefficient below the last row": (add_entry(0, 16, 0, TWICE), "outside its matrices"),
    "a coefficient of no wire": (add_entry(0, 0, 1 << 31, TWICE), "outside its matrices"),
    "a coefficient not canonical": (add_entry(0, 0, 0, R), "not below the field's order"),
    "no row of the constant": (change_public_row(0, lambda entry: []), "binds a public input"),
    "no row of input 1": (change_public_row(1, lambda entry: []), "binds a public input"),
    "no row of input 2": (change_public_row(2, lambda entry: []), "binds a public input"),
    "a doubled row": (change_public_row(1, lambda e: [(*e[:3], 2 * TWICE % R)]), "binds a public input"),
    "a zeroed row": (change_public_row(1, lambda e: [(*e[:3], 0)]), "binds a public input"),
    "another wire's row": (change_public_row(1, lambda e: [(*e[:2], 2, e[3])]), "binds a public input"),
    "a row with a second wire": (change_public_row(2, lambda e: [e, (*e[:2], 3, TWICE)]), "binds a public input"),
    "a row in the other matrix": (change_public_row(2, lambda e: [(1, *e[1:])]), "binds a public input"),
    "a row in both matrices": (change_public_row(1, lambda e: [e, (1, *e[1:])]), "binds a public input"),
}


@pytest.mark.parametrize("name", ZKEYS)
def test_a_malformed_key_is_refused_in_one_sentence(
    either: Kernel, small: Any, circuits: ModuleType, name: str
) -> None:
    change, sentence = ZKEYS[name]
    sections = change(dict(circuits.sections_of(small.data)))
    with pytest.raises(FormatError) as caught:
        either.load_key(circuits.container(b"zkey", 1, list(sections.items())))
    assert sentence in caught.value.message
    assert "\n" not in caught.value.message


def test_a_key_point_outside_the_subgroup_is_refused(
    either: Kernel, small: Any, circuits: ModuleType, generator: Any
) -> None:
    (x0, x1), (y0, y1) = circuits.curve_point(generator)
    stray = b"".join(word(value * MONTGOMERY % Q) for value in (x0, x1, y0, y1))
    for at in (128, 256, 448):
        sections = spoil(2, HEADER + at, stray)(dict(circuits.sections_of(small.data)))
        with pytest.raises(FormatError) as caught:
            either.load_key(circuits.container(b"zkey", 1, list(sections.items())))
        assert caught.value.code == "key-subgroup"


def test_sections_may_come_in_any_order(native: Kernel, small: Any, circuits: ModuleType) -> None:
    sections = sorted(circuits.sections_of(small.data), reverse=True)
    assert native.load_key(circuits.container(b"zkey", 1, sections)).verifying_key == small.verifying_key


def load_r1cs(either: Kernel, data: bytes, folder: Path) -> None:
    path = folder / "system.r1cs"
    path.write_bytes(data)
    either.setup(path, folder / "key.zkey", tau=2, alpha=3, beta=4, delta=5)


def load_wtns(either: Kernel, data: bytes, folder: Path) -> None:
    path = folder / "witness.wtns"
    path.write_bytes(data)
    read_wtns(path)


def load_zkey(either: Kernel, data: bytes, folder: Path) -> None:
    either.load_key(data)


@pytest.fixture
def files(small: Any, tmp_path: Path) -> dict[str, tuple[bytes, Any]]:
    write_wtns(tmp_path / "good.wtns", small.circuit.witness_bytes())
    wtns = (tmp_path / "good.wtns").read_bytes()
    return {
        "zkey": (small.data, load_zkey),
        "r1cs": (small.circuit.r1cs(), load_r1cs),
        "wtns": (wtns, load_wtns),
    }


@pytest.mark.parametrize("kind", ["zkey", "r1cs", "wtns"])
def test_a_container_that_is_cut_or_lies_about_sizes_is_refused(
    either: Kernel, files: Any, circuits: ModuleType, tmp_path: Path, kind: str
) -> None:
    data, load = files[kind]
    sections = circuits.sections_of(data)
    ends, at = [], 12
    for _, content in sections:
        ends += [at, at + 4, at + 12, at + 12 + len(content) // 2]
        at += 12 + len(content)
    bad = [data[:end] for end in (0, 3, 4, 8, 11, *ends, len(data) - 1)]
    bad += [data + b"\0", b"glub" + data[4:], put(data, 4, b"\x63"), put(data, 8, b"\xff" * 4), put(data, 8, bytes(4))]
    for end in ends[::4]:
        for size in (0, 1 << 40, (1 << 63) + 5, (1 << 64) - 1):
            bad.append(put(data, end + 4, struct.pack("<Q", size)))
    for left_out in sections:
        bad.append(circuits.container(data[:4], data[4], [each for each in sections if each != left_out]))
    bad.append(circuits.container(data[:4], data[4], [*sections, sections[0]]))
    for case in bad:
        with pytest.raises(FormatError):
            load(either, case, tmp_path)
    print(f"{len(bad)} cases")


def test_random_damage_to_a_key_never_does_worse_than_an_error(
    native: Kernel, reference: Kernel, small: Any, generator: Any, size: Any, tally: Any
) -> None:
    """Both kernels say the same about each damaged key; most damage is found, the rest is in points and values."""
    refused, count = 0, size(400, 10_000)
    for case in range(count):
        data = bytearray(small.data)
        for _ in range(generator.choice([1, 1, 2, 20])):
            data[generator.randrange(len(data))] = generator.randrange(256)
        verdict = _loads(native, bytes(data))
        refused += not verdict
        if case % 20 == 0:
            assert verdict == _loads(reference, bytes(data))
    assert refused > count * 3 // 4
    tally("P4", f"damaged .zkey files, {refused:,} of them refused, no crash", count)


def _loads(either: Kernel, data: bytes) -> bool:
    try:
        either.load_key(data)
    except FormatError:
        return False
    return True


R1CS: dict[str, Callable[[Sections], Sections]] = {
    "another field": spoil(1, 4, word(R + 2)),
    "another width": spoil(1, 0, b"\x08"),
    "no wires": spoil(1, 36, bytes(4)),
    "wire count of 2^32 - 1": spoil(1, 36, b"\xff" * 4),
    "a label too few": lambda s: {**s, 3: s[3][:-8]},
    "no labels": lambda s: {kind: content for kind, content in s.items() if kind != 3},
    "more outputs than wires": spoil(1, 40, b"\xff" * 4),
    "outputs and inputs that overflow": lambda s: spoil(1, 44, b"\xff" * 4)(spoil(1, 40, b"\x02")(s)),
    "more rows than it holds": spoil(1, 60, b"\xff" * 4),
    "one row less than it holds": lambda s: spoil(1, 60, struct.pack("<I", s[1][60] - 1))(s),
    "a header cut": lambda s: {**s, 1: s[1][:-1]},
    "a header too long": lambda s: {**s, 1: s[1] + b"\0"},
    "more terms than it holds": spoil(2, 0, b"\xff" * 4),
    "a term of no wire": spoil(2, 4, b"\xff" * 4),
    "a coefficient not canonical": spoil(2, 8, word(R)),
    "rows cut": lambda s: {**s, 2: s[2][:-1]},
}


@pytest.mark.parametrize("name", R1CS)
def test_a_malformed_constraint_system_is_refused(
    either: Kernel, small: Any, circuits: ModuleType, tmp_path: Path, name: str
) -> None:
    sections = R1CS[name](dict(circuits.sections_of(small.circuit.r1cs())))
    with pytest.raises(FormatError):
        load_r1cs(either, circuits.container(b"r1cs", 1, list(sections.items())), tmp_path)
    assert not (tmp_path / "key.zkey").exists()


@pytest.mark.parametrize(
    "change",
    [
        spoil(1, 4, word(Q)),
        spoil(1, 36, b"\xff" * 4),
        lambda s: {**s, 1: s[1] + b"\0"},
        lambda s: {**s, 2: s[2][:-32]},
        lambda s: {**s, 2: s[2][:-1]},
        spoil(2, 0, b"\2"),
        spoil(2, -32, word(R)),
    ],
)
def test_a_malformed_witness_file_is_refused(files: Any, circuits: ModuleType, tmp_path: Path, change: Any) -> None:
    sections = change(dict(circuits.sections_of(files["wtns"][0])))
    (tmp_path / "bad.wtns").write_bytes(circuits.container(b"wtns", 2, list(sections.items())))
    with pytest.raises(FormatError):
        read_wtns(tmp_path / "bad.wtns")


def removed_inputs(circuits: ModuleType, small: Any, private: int) -> bytes:
    """A header as circom writes it: private inputs that the optimiser removed are counted, their wires are not."""
    header = spoil(1, 48, struct.pack("<I", private))
    sections = header(dict(circuits.sections_of(small.circuit.r1cs())))
    return circuits.container(b"r1cs", 1, list(sections.items()))


@pytest.mark.parametrize("private", [0, 1 << 10, (1 << 32) - 1])
def test_private_inputs_that_the_optimiser_removed_are_no_wires(
    either: Kernel, small: Any, circuits: ModuleType, tmp_path: Path, private: int
) -> None:
    """snarkjs reads these, and a key that could not be made would leave a good circuit unproved."""
    if private and either.name() == "reference":
        assert len(read_r1cs(removed_inputs(circuits, small, private)).constraints) == len(small.circuit.rows)
        return
    path, zkey = tmp_path / "system.r1cs", tmp_path / "key.zkey"
    path.write_bytes(removed_inputs(circuits, small, private))
    secrets = development_secrets()
    key = either.setup(path, zkey, tau=secrets.tau, alpha=secrets.alpha, beta=secrets.beta, delta=secrets.delta)
    assert key == small.verifying_key
    proof = either.load_key(zkey).prove(small.circuit.witness_bytes(), 8, 9)
    assert either.verify(key, small.circuit.public, proof)


READERS: dict[str, Callable[[Kernel, Path], object]] = {
    "any file": lambda either, path: read_file(path),
    "witness": lambda either, path: read_wtns(path),
    "key": lambda either, path: either.load_key(path),
    "key beside a digest": lambda either, path: either.load_key(path, bytes(32)),
    "system": lambda either, path: either.setup(path, path.with_name("k"), tau=2, alpha=3, beta=4, delta=5),
    "powers": lambda either, path: PowersOfTau.load(path),
    "json": lambda either, path: read_json(path),
}


@pytest.mark.parametrize("kind", ["pipe", "device", "endless device", "socket", "folder", "link to a pipe"])
@pytest.mark.parametrize("reader", READERS)
def test_nothing_is_waited_for_that_is_no_file(either: Kernel, tmp_path: Path, reader: str, kind: str) -> None:
    """A pipe that nobody writes into, laid where a file is read, stops a desk's prover for good."""
    path = tmp_path / "laid"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    else:
        path = Path("/dev/zero" if kind == "endless device" else "/dev/full")
    with pytest.raises(FileError) as caught:
        READERS[reader](either, path)
    assert caught.value.code == ("bad-file" if kind == "socket" and reader != "json" else "unreadable")
    assert caught.value.file == str(path)


@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_a_terabyte_is_not_read(either: Kernel, tmp_path: Path, reader: str) -> None:
    """Sparse, it costs nothing to lay: read whole it costs the machine its memory."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileError) as caught:
        READERS[reader](either, path)
    assert caught.value.code == "too-large"


@pytest.mark.parametrize("reader", ["witness", "key", "system", "powers"])
def test_a_large_file_of_another_kind_is_left_after_its_first_bytes(
    either: Kernel, tmp_path: Path, reader: str
) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(memory() // 2)
    with pytest.raises(FormatError, match=r"this is not a (wtns|zkey|r1cs|ptau) file"):
        READERS[reader](either, path)


def test_a_file_is_read_whole_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size in (0, 1, 4096, (1 << 20) + 1):
        path.write_bytes(b"\7" * size)
        assert read_file(path, limit=size) == b"\7" * size
        if size:
            with pytest.raises(FileError, match="too large"):
                read_file(path, limit=size - 1)
    assert read_file(Path("/proc/self/status")).startswith(b"Name:")  # a file of no size that has content
    with pytest.raises(FileError, match="too large"):
        read_file(Path("/proc/self/status"), limit=8)


def test_a_pipe_in_the_place_of_a_keys_cache_is_passed_over(native: Kernel, small: Any, tmp_path: Path) -> None:
    zkey = tmp_path / "key.zkey"
    zkey.write_bytes(small.data)
    os.mkfifo(prepared_path(zkey))
    assert native.load_key(zkey, sha256(small.data).digest()).verifying_key == small.verifying_key


def test_a_witness_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    for witness in (b"", word(1)[:-1], word(2), word(1) + word(R)):
        with pytest.raises(FormatError):
            write_wtns(tmp_path / "bad.wtns", witness)
    assert not list(tmp_path.iterdir())
