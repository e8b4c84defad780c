"""Contributions: none can be dropped, changed or faked, and an uncontributed key is good for nothing (K1, K2)."""

from __future__ import annotations

import json
import struct

import pytest

from zkmargin.kernel import Proof, Q, VerifyingKey, kernel, pairing_check, verify
from zkmargin.kernel.errors import FormatError
from zkmargin.kernel.phase2 import beacon, check_key, claimed_transcript, contribute

REPLAY = bytes(range(64))
NAMES = ("Ada", "Zoë Ångström", "drand 4242")


@pytest.fixture(scope="module")
def chain(initial):
    """The initial key, two people's, and the beacon's."""
    keys = [initial]
    for name in NAMES[:2]:
        keys.append(contribute(keys[-1], name=name, text=b"dice: 3 1 4")[0])
    keys.append(beacon(keys[-1], name=NAMES[2], value=b"a public value", exponent=10)[0])
    return keys


def spans(key):
    """Section -> (start, size)."""
    at, found = 12, {}
    while at < len(key):
        kind, size = struct.unpack_from("<IQ", key, at)
        found[kind] = (at + 12, size)
        at += 12 + size
    return found


def test_contributions_are_listed_with_the_hashes_their_makers_saw(initial, chain):
    made = check_key(initial, chain[3]).contributions
    assert [each.name for each in made] == list(NAMES)
    assert [each.beacon is not None for each in made] == [False, False, True]
    again, digest = contribute(chain[1], name="Bob", replay=REPLAY)
    assert check_key(chain[1], again).contributions[-1].hash == digest
    assert check_key(initial, initial).contributions == ()


def test_a_replay_gives_the_same_key_and_fresh_entropy_another(initial):
    first = contribute(initial, name="Ada", text=b"text", replay=REPLAY)
    assert first == contribute(initial, name="Ada", text=b"text", replay=REPLAY)
    others = [
        contribute(initial, name="Ada", text=b"texu", replay=REPLAY),
        contribute(initial, name="Ada", text=b"text", replay=REPLAY[::-1]),
        contribute(initial, name="Ada", text=b"text"),
        contribute(initial, name="Ada", text=b"text"),
    ]
    assert len({first[0], *(key for key, _ in others)}) == 5
    value = {"name": "b", "value": b"x", "exponent": 10}
    assert beacon(first[0], **value) == beacon(first[0], **value)
    assert beacon(first[0], **value)[0] != beacon(first[0], **{**value, "exponent": 11})[0]


def test_snarkjs_and_this_kernel_contribute_to_each_other(their_ptau, small, initial, chain, snarkjs, tmp_path):
    ours, theirs, final = (tmp_path / name for name in ("ours.zkey", "theirs.zkey", "final.zkey"))
    ours.write_bytes(chain[2])
    held, said = snarkjs("zkey", "contribute", ours, theirs, "--name=Carol", "-e=some text")
    assert held, said
    assert [each.name for each in check_key(chain[2], theirs.read_bytes()).contributions][2:] == ["Carol"]
    held, said = snarkjs("zkey", "beacon", theirs, final, "0a0b0c", "10", "-n=their beacon")
    assert held, said
    assert beacon(theirs.read_bytes(), name="their beacon", value=b"\x0a\x0b\x0c", exponent=10)[0] == final.read_bytes()
    final.write_bytes(contribute(final.read_bytes(), name="Dan")[0])
    assert len(check_key(initial, final.read_bytes()).contributions) == 5
    held, said = snarkjs("zkey", "verify", small, their_ptau, final)
    assert held, said
    for name in ("ZKey Ok!", "Ada", "Zoë Ångström", "Carol", "their beacon", "Dan"):
        assert name in said


def test_one_changed_byte_anywhere_in_a_key_is_found(initial, chain, generator, size, tally):
    """All but contributors' names, which iden3's format puts under no hash: the ceremony's transcript holds those."""
    key = chain[3]
    names = {key.index(name.encode()) + i for name in NAMES for i in range(len(name.encode()))}
    positions = {0, 3, 4, 7, 8, 11}
    for start, length in spans(key).values():
        positions |= {start - 12, start - 9, start - 8, start - 1, start, start + length - 1}
        positions |= {start + generator.randrange(length) for _ in range(size(25, 500))}
    start, length = spans(key)[10]
    positions |= set(range(start + 64, start + length, size(5, 1)))
    positions -= names
    accepted = []
    for position in sorted(positions):
        spoiled = bytearray(key)
        spoiled[position] ^= generator.randrange(1, 256)
        try:
            check_key(initial, bytes(spoiled))
            accepted.append(position)
        except FormatError:
            pass
    assert len(positions) > 300
    tally("K2", "bytes of a key changed", len(positions), len(accepted))


def test_dropped_reordered_and_borrowed_contributions_are_refused(initial, chain, generator):
    def sections(key):
        return {kind: key[start : start + size] for kind, (start, size) in spans(key).items()}

    def joined(parts):
        out = b"zkey" + struct.pack("<II", 1, len(parts))
        return out + b"".join(struct.pack("<IQ", kind, len(part)) + part for kind, part in sorted(parts.items()))

    first, second, third = (sections(key) for key in chain[1:])
    record = second[10][len(first[10]) :]
    attacks = {
        "the last record dropped": {**second, 10: first[10]},
        "a record too many": {**first, 10: second[10]},
        "only the transcript of contributions": {**sections(initial), 10: second[10]},
        "delta of another step": {**second, 2: first[2]},
        "C of another step": {**second, 8: first[8]},
        "H of another step": {**second, 9: first[9]},
        "the first contribution replaced": {**third, 10: third[10][:64] + struct.pack("<I", 2) + third[10][68:]},
        "one record twice": {**second, 10: second[10][:64] + struct.pack("<I", 3) + second[10][68:] + record},
        "an extra section": {**second, 11: b"hidden"},
        "an IC point replaced": {**second, 3: second[3][64:] + second[3][:64]},
    }
    for what, parts in attacks.items():
        with pytest.raises(FormatError):
            print(what, check_key(initial, joined(parts)))
    fork = contribute(chain[1], name="fork")[0]
    with pytest.raises(FormatError, match="does not continue"):
        check_key(chain[2], fork)
    with pytest.raises(FormatError, match="does not continue"):
        check_key(chain[2], chain[1])


def test_a_known_forgery_under_an_uncontributed_key_gets_nowhere(initial, snarkjs, tmp_path, tally):
    """K1: with delta = gamma, A = alpha, B = beta, C = −Σ input·IC proves anything; snarkjs accepts it."""
    (tmp_path / "initial.zkey").write_bytes(initial)
    held, said = snarkjs("zkey", "export", "verificationkey", tmp_path / "initial.zkey", tmp_path / "vk.json")
    assert held, said
    content = json.loads((tmp_path / "vk.json").read_text())
    alpha, beta = content["vk_alpha_1"], content["vk_beta_2"]
    ic = [tuple(int(value) for value in point[:2]) for point in content["IC"]]
    inputs = (13, 42)  # no witness has these
    native = kernel("native")
    total = native.g1_add(ic[0], native.msm_g1(ic[1:], inputs))
    forged = Proof(
        a=tuple(int(value) for value in alpha[:2]),
        b=tuple(tuple(int(value) for value in pair) for pair in beta[:2]),
        c=(total[0], -total[1] % Q),
    )
    gamma = tuple(tuple(int(value) for value in pair) for pair in content["vk_gamma_2"][:2])
    minus_a = (forged.a[0], -forged.a[1] % Q)
    assert pairing_check([(minus_a, forged.b), (forged.a, forged.b), (total, gamma), (forged.c, gamma)])
    (tmp_path / "proof.json").write_text(json.dumps(forged.as_json()))
    (tmp_path / "public.json").write_text(json.dumps([str(value) for value in inputs]))
    held, said = snarkjs("groth16", "verify", tmp_path / "vk.json", tmp_path / "public.json", tmp_path / "proof.json")
    assert held, said

    with pytest.raises(FormatError, match="no one contributed"):
        VerifyingKey.from_json(content)
    for each in ("native", "reference"):
        with pytest.raises(FormatError, match="no one contributed"):
            kernel(each).load_key(initial)
    assert claimed_transcript(initial).contributions == ()

    contributed = native.load_key(contribute(initial, name="Ada")[0]).verifying_key
    assert contributed.ic == tuple(ic)
    tally("K1", "forgeries under keys of a ceremony", 1, int(verify(contributed, inputs, forged)))


def test_names_that_a_terminal_would_act_on_are_refused(initial):
    for name in ("\x1b[2J", "two\nlines", "n" * 256):
        with pytest.raises(FormatError, match="name"):
            contribute(initial, name=name)
    for value, exponent in ((b"", 10), (b"x" * 256, 10), (b"x", 9), (b"x", 41)):
        with pytest.raises(FormatError, match="beacon"):
            beacon(initial, name="b", value=value, exponent=exponent)
