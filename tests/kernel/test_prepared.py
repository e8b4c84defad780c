"""Lost without these: a cache beside the key that changes a proof, shows a witness, or stands in the way."""

import os
import struct
from hashlib import sha256

import pytest

from zkmargin.kernel import kernel, prove, public_inputs, verify
from zkmargin.kernel.errors import EnvironmentFault, FormatError, Unsatisfied
from zkmargin.kernel.prepared import load_with_cache, prepared_path, tables_budget

CHUNK, HEADER, SECTIONS = 1 << 15, 32, 15
COLUMNS, TABLES = 10 + SECTIONS, 12 + SECTIONS  # in the header: columns of the witness's points and of the quotient's
QUERIES = {"a": 0, "b1": 1, "b2": 2, "c": 3, "h": 4}  # where each query's points stand
BLINDING = (5, 7)
MASK = (1 << 64) - 1


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


def leaf(chunk):
    lanes = list(range(1, 9))
    for at, word in enumerate(chunk):
        product = (lanes[at % 8] ^ word) * 0x9E3779B97F4A7C15 & MASK
        lanes[at % 8] = product ^ product >> 32
    return lanes


def digest_of(header, runs):
    leaves = [word for run in runs for at in range(0, len(run), CHUNK) for word in leaf(run[at : at + CHUNK])]
    return words(sha256(struct.pack(f"<{len(header) + len(leaves)}Q", *header, *leaves)).digest())


def columns_of(values, section):
    return values[COLUMNS + (section == QUERIES["h"])] if section in QUERIES.values() else 1


def sealed(values):
    """Return the file of these words with the digests they should have: what a program of the same user can write."""
    start, firsts, others = HEADER, [], []
    for section, length in enumerate(values[10 : 10 + SECTIONS]):
        column = length // max(columns_of(values, section), 1)
        firsts.append(values[start : start + column])
        others += [values[at : at + column] for at in range(start + column, start + length, max(column, 1))]
        start += length
    header = [*values[:TABLES], *digest_of([], others), *values[TABLES + 4 : HEADER]]
    digest = digest_of([*header[:6], 0, 0, 0, 0, *header[10:]], firsts)
    return struct.pack(f"<{len(values)}Q", *header[:6], *digest, *header[10:], *values[HEADER:])


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
    outside = outside_tables(values)
    for _ in range(60):
        at, bit = 8 * generator.choice(outside) + generator.randrange(8), 1 << generator.randrange(8)
        broken.append(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
    broken.append(sealed([values[0] + 1, *values[1:]]))  # another version
    broken.append(sealed([values[0], values[1] + 1, *values[2:]]))  # another layout
    broken.append(sealed([*values[:2], values[2] ^ 1, *values[3:]]))  # another key
    broken.append(sealed([*values[:10], values[10] + 1, *values[11:]]))  # more wires than points
    wires = section_start(values, len(QUERIES))
    broken.append(sealed([*values[:wires], 1 << 32, *values[wires + 1 :]]))  # a wire that does not exist
    for column in (COLUMNS, COLUMNS + 1):  # columns that are not there
        broken.append(sealed([*values[:column], values[column] + 1, *values[column + 1 :]]))
    for content in broken:
        cache.write_bytes(content)
        assert prove(native.load_key(zkey), small.circuit.witness_bytes(), blinding=BLINDING) == honest
        assert cache.read_bytes() == whole
    tally("P4", "damaged, stale or foreign prepared keys, each replaced by a whole one", len(broken), 0)


def test_damaged_tables_are_not_used_and_go(kept, small, native, generator):
    """Looked at before the second proof: it and the third are the key's own, and the next load finds a whole file."""
    zkey, cache, honest = kept
    whole = cache.read_bytes()
    values = words(whole)
    inside = sorted(set(range(len(values))) - set(outside_tables(values)))
    assert bool(inside) == (native.name() == "native-ifma")
    for at in generator.sample(inside, min(20, len(inside))):
        broken = [*values[:at], values[at] ^ 1 << generator.randrange(64), *values[at + 1 :]]
        cache.write_bytes(struct.pack(f"<{len(values)}Q", *broken))
        key = native.load_key(zkey)
        for used in (False, True, True):
            assert prove(key, small.circuit.witness_bytes(), blinding=BLINDING) == honest
            assert cache.exists() is not used
        native.load_key(zkey)
        assert cache.read_bytes() == whole


def test_every_budget_proves_the_same(kept, small, native, monkeypatch):
    """None, too little, something and everything: the columns differ, the bytes of the proof do not."""
    zkey, cache, honest = kept
    seen = set()
    for mib, budget in ((0, 0), (0, 4096), (0, 100_000), (1, 1 << 20), (1 << 20, 1 << 40)):
        key = load_with_cache(zkey, budget=budget)
        values = words(cache.read_bytes())
        seen.add(tuple(values[COLUMNS : COLUMNS + 2]))
        rest = len(values) - len(outside_tables(values))
        assert 8 * rest <= budget
        proofs = {
            key.prove(small.circuit.witness_bytes(), *(x.to_bytes(32, "little") for x in BLINDING)) for _ in range(3)
        }
        assert len(proofs) == 1
        monkeypatch.setenv("ZKMARGIN_TABLES_MIB", str(mib))
        loaded = native.load_key(zkey)
        assert all(prove(loaded, small.circuit.witness_bytes(), blinding=BLINDING) == honest for _ in range(3))
    assert (1, 1) in seen
    assert len(seen) >= (3 if native.name() == "native-ifma" else 1)


def test_a_budget_that_is_none_is_refused(kept, native, monkeypatch):
    zkey, _, _ = kept
    monkeypatch.delenv("ZKMARGIN_TABLES_MIB", raising=False)
    assert tables_budget() == 32 << 20
    for wrong in ("-1", "1.5", "lots", "²", "1048577", " 5"):
        monkeypatch.setenv("ZKMARGIN_TABLES_MIB", wrong)
        with pytest.raises(EnvironmentFault) as caught:
            native.load_key(zkey)
        assert caught.value.code == "bad-tables-budget"
    monkeypatch.setenv("ZKMARGIN_TABLES_MIB", "1048576")
    assert tables_budget() == 1 << 40


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
    for number in range(160):
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
            key = native.load_key(zkey)
            prove(key, small.circuit.witness_bytes(), blinding=BLINDING)
            proof = prove(key, small.circuit.witness_bytes(), blinding=BLINDING)  # from the tables
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
    assert len(points) == 20  # the first without tables, the others with them


def outside_tables(values):
    """Return the numbers of all words but those of tables' further columns."""
    outside, start = list(range(HEADER)), HEADER
    for section, length in enumerate(values[10 : 10 + SECTIONS]):
        outside += range(start, start + length // columns_of(values, section))
        start += length
    return outside


def section_start(values, section):
    return HEADER + sum(values[10 : 10 + section])


def test_the_reference_needs_none(small, tmp_path):
    zkey = tmp_path / "circuit.zkey"
    zkey.write_bytes(small.data)
    kernel("reference").load_key(zkey)
    assert not prepared_path(zkey).exists()
