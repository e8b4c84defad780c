"""Lost without these: a cache beside the key that changes a proof, shows a witness, or stands in the way."""

import os
import struct
from hashlib import sha256

import pytest

from zkmargin.kernel import kernel, prove, public_inputs, verify
from zkmargin.kernel.errors import FormatError, Unsatisfied
from zkmargin.kernel.prepared import prepared_path

CHUNK, HEADER, SECTIONS = 1 << 15, 32, 15
QUERIES = {"a": 0, "b1": 1, "b2": 2, "c": 3, "h": 4}  # where each query's points stand
BLINDING = (5, 7)


@pytest.fixture
def kept(small, tmp_path, native):
    """A key of its own folder, its cache made, and the proof it makes."""
    zkey = tmp_path / "circuit.zkey"
    zkey.write_bytes(small.data)
    honest = prove(native.load_key(small.data), small.circuit.witness_bytes(), blinding=BLINDING)
    native.load_key(zkey)
    return zkey, prepared_path(zkey), honest


def words(data):
    return list(struct.unpack(f"<{len(data) // 8}Q", data))


def sealed(values):
    """Return the file of these words with the digest they should have: what a program of the same user can write."""
    lengths, start, chunks = values[10 : 10 + SECTIONS], HEADER, []
    for length in lengths:
        section = values[start : start + length]
        chunks += [section[at : at + CHUNK] for at in range(0, length, CHUNK)]
        start += length
    header = [*values[:6], 0, 0, 0, 0, *values[10:HEADER]]
    packed = [struct.pack(f"<{len(chunk)}Q", *chunk) for chunk in (header, *chunks)]
    digest = sha256(b"".join(sha256(chunk).digest() for chunk in packed)).digest()
    return struct.pack(f"<{len(values)}Q", *values[:6], *words(digest), *values[10:])


def test_a_prepared_key_proves_as_the_key_does(kept, small, native):
    zkey, cache, honest = kept
    first = cache.read_bytes()
    assert cache.stat().st_mode & 0o777 == 0o600
    assert sealed(words(first)) == first
    for digest in (None, sha256(small.data).digest()):
        key = native.load_key(zkey, digest)
        assert cache.read_bytes() == first
        assert prove(key, small.circuit.witness_bytes(), blinding=BLINDING) == honest
        assert key.verifying_key == small.verifying_key
        assert (key.n_public, key.n_variables) == (small.circuit.n_public, len(small.circuit.witness))


def test_what_is_damaged_stale_or_foreign_is_replaced(kept, small, native, make, circuits, tally, generator):
    """Every kind of damage: the key loads as if there were no cache, and there is a whole one afterwards."""
    zkey, cache, honest = kept
    whole = cache.read_bytes()
    values = words(whole)
    broken = [b"", whole[:7], whole[:-1], whole[:-8], whole + bytes(8), bytes(len(whole)), zkey.read_bytes()]
    for _ in range(60):
        at, bit = generator.randrange(len(whole)), 1 << generator.randrange(8)
        broken.append(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
    broken.append(sealed([values[0] + 1, *values[1:]]))  # another version
    broken.append(sealed([values[0], values[1] + 1, *values[2:]]))  # another layout
    broken.append(sealed([*values[:2], values[2] ^ 1, *values[3:]]))  # another key
    broken.append(sealed([*values[:10], values[10] + 1, *values[11:]]))  # more wires than points
    wires = section_start(values, len(QUERIES))
    broken.append(sealed([*values[:wires], 1 << 32, *values[wires + 1 :]]))  # a wire that does not exist
    for content in broken:
        cache.write_bytes(content)
        assert prove(native.load_key(zkey), small.circuit.witness_bytes(), blinding=BLINDING) == honest
        assert cache.read_bytes() == whole
    tally("P4", "damaged, stale or foreign prepared keys, each replaced by a whole one", len(broken), 0)


def test_a_cache_that_others_could_have_written_is_not_read(kept, small, native, monkeypatch):
    """Its own folder is the user's affair; a group-writable file, somebody else's and a link elsewhere are not."""
    zkey, cache, honest = kept
    poisoned = words(cache.read_bytes())
    start = section_start(poisoned, QUERIES["a"])
    poisoned[start : start + 8] = poisoned[start + 8 : start + 16]

    def loads():
        assert prove(native.load_key(zkey), small.circuit.witness_bytes(), blinding=BLINDING) == honest

    cache.write_bytes(sealed(poisoned))
    cache.chmod(0o620)
    loads()
    cache.write_bytes(sealed(poisoned))
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: cache.stat().st_uid + 1 or 1)
        if cache.stat().st_uid == 0:
            os.chown(cache, 12_345, -1)
        loads()
    elsewhere = zkey.with_name("elsewhere")
    elsewhere.write_bytes(sealed(poisoned))
    cache.unlink()
    cache.symlink_to(elsewhere)
    loads()
    assert not cache.is_symlink()


def test_no_cache_is_no_failure(kept, small, native, monkeypatch):
    """A folder that takes no file, and a folder where the file should be."""
    zkey, cache, honest = kept
    for blocked in (False, True):
        cache.unlink()
        with monkeypatch.context() as patch:
            if blocked:
                cache.mkdir()
            else:
                patch.setattr("tempfile.mkstemp", lambda **_: (_ for _ in ()).throw(PermissionError(13, "read-only")))
            key = native.load_key(zkey)
        assert prove(key, small.circuit.witness_bytes(), blinding=BLINDING) == honest
        assert sorted(path.name for path in zkey.parent.iterdir()) == [
            "circuit.zkey",
            *([cache.name] if blocked else []),
        ]
        if blocked:
            cache.rmdir()
        else:
            native.load_key(zkey)
            assert cache.is_file()


def test_a_poisoned_cache_makes_no_proof(kept, small, native, tally, generator):
    """Points of the group in place of others', points off the curve, other coefficients: refused, or the honest proof.

    All sealed with the digest they should have. What makes no difference to this witness may prove: as the key itself.
    """
    zkey, cache, honest = kept
    whole = words(cache.read_bytes())
    wrong = same = 0
    said = []
    for number in range(80):
        values = list(whole)
        section = generator.choice([*QUERIES.values(), *range(11, SECTIONS)])
        start, length = section_start(values, section), values[10 + section]
        if not length:
            continue
        at = start + generator.randrange(length)
        if number % 2:
            values[at] ^= 1 << generator.randrange(60)
        else:
            other = start + generator.randrange(length)
            values[at : at + 8], values[other : other + 8] = values[other : other + 8], values[at : at + 8]
        cache.write_bytes(sealed(values))
        try:
            proof = prove(native.load_key(zkey), small.circuit.witness_bytes(), blinding=BLINDING)
        except (Unsatisfied, FormatError) as error:
            said.append(f"{error} {error.as_json()}")
            continue
        same += proof == honest
        wrong += proof != honest
        assert verify(small.verifying_key, public_inputs(native.load_key(zkey), small.circuit.witness_bytes()), proof)
    print(f"{len(said)} refused, {same} as the key itself, {wrong} other proofs")
    tally("P1", "poisoned prepared keys: no proof, or the honest one", len(said) + same + wrong, wrong)
    assert wrong == 0
    assert len(said) > 20
    assert not any(str(value) in text for text in said for value in small.circuit.witness if value > 99)


def test_a_poisoned_cache_does_not_unblind(kept, small, native):
    """Blinding points are the key's own: with every cached point the same, A is still as random as its blinding."""
    zkey, cache, _ = kept
    values = words(cache.read_bytes())
    start, length = section_start(values, QUERIES["a"]), values[10 + QUERIES["a"]]
    for at in range(start, start + length, 8):
        values[at : at + 8] = values[start : start + 8]
    cache.write_bytes(sealed(values))
    key = native.load_key(zkey)
    points = {key.prove(small.circuit.witness_bytes(), r, 7).a for r in range(2, 22)}
    assert len(points) == 20


def section_start(values, section):
    return HEADER + sum(values[10 : 10 + section])


def test_the_reference_needs_none(small, tmp_path):
    zkey = tmp_path / "circuit.zkey"
    zkey.write_bytes(small.data)
    kernel("reference").load_key(zkey)
    assert not prepared_path(zkey).exists()
