"""A proof that should not exist, or one that snarkjs does not understand, would be lost here."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zkmargin.kernel as facade
from zkmargin.kernel import Kernel, Proof, ProvingKey, R, VerifyingKey, development_secrets, is_development_key
from zkmargin.kernel.errors import FileError, FormatError, Unsatisfied
from zkmargin.kernel.groth16_data import G2_GENERATOR

G1_GENERATOR = (1, 2)
SnarkJs = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def ceremony(small: Any, snarkjs: SnarkJs, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """snarkjs' own key of the small circuit, before and after its one contribution."""
    folder = tmp_path_factory.mktemp("ceremony")
    empty, powers, prepared, first, last = (
        folder / name for name in ("a.ptau", "b.ptau", "c.ptau", "d.zkey", "e.zkey")
    )
    for arguments in (
        ("powersoftau", "new", "bn128", 4, empty),
        ("powersoftau", "contribute", empty, powers, "-e=test"),
        ("powersoftau", "prepare", "phase2", powers, prepared),
        ("groth16", "setup", small.r1cs, prepared, first),
        ("zkey", "contribute", first, last, "-e=test"),
    ):
        assert snarkjs(*arguments).returncode == 0
    return first, last


def prove(key: ProvingKey, circuit: Any) -> Proof:
    return key.prove(circuit.witness_bytes(), 5, 7)


def test_a_proof_verifies_for_its_inputs_and_no_others(either: Kernel, small: Any, small_keys: Any) -> None:
    key, circuit = small_keys[either], small.circuit
    assert (key.n_public, key.n_variables, key.domain_size) == (2, len(circuit.witness), 16)
    proof = prove(key, circuit)
    assert either.verify(key.verifying_key, circuit.public, proof)
    for position in range(2):
        for change in (1, R - 1):
            other = list(circuit.public)
            other[position] = (other[position] + change) % R
            assert not either.verify(key.verifying_key, other, proof)


def test_both_kernels_make_the_same_key_and_the_same_proof(
    native: Kernel, reference: Kernel, small: Any, small_keys: Any, tmp_path: Path
) -> None:
    secrets = dataclasses.asdict(development_secrets())
    assert reference.setup(small.r1cs, tmp_path / "twin.zkey", **secrets) == small.verifying_key
    assert (tmp_path / "twin.zkey").read_bytes() == small.data
    assert small_keys[native].verifying_key == small_keys[reference].verifying_key == small.verifying_key
    assert prove(small_keys[native], small.circuit) == prove(small_keys[reference], small.circuit)


def test_a_thousand_proofs_of_one_statement_all_differ(small: Any, small_keys: Any, native: Kernel, tally: Any) -> None:
    witness = small.circuit.witness_bytes()
    proofs = {facade.prove(small_keys[native], witness) for _ in range(1_000)}
    alike = 2_000 - len({proof.a for proof in proofs}) - len({proof.c for proof in proofs})
    tally("P2", "proofs of one statement, no point of two alike", 1_000, alike)


def test_a_witness_that_breaks_a_row_leaves_no_proof(
    either: Kernel, small: Any, small_keys: Any, generator: random.Random
) -> None:
    wires = range(1, len(small.circuit.witness))
    fast = type(either).__name__ == "NativeKernel"
    for wire in wires if fast else generator.sample(wires, 1):
        for change in (1, R - 1, generator.randrange(1, R)) if fast else (1,):
            circuit = dataclasses.replace(small.circuit, witness=list(small.circuit.witness))
            circuit.witness[wire] = (circuit.witness[wire] + change) % R
            assert not circuit.satisfied
            proof = prove(small_keys[either], circuit)
            assert not either.verify(small.verifying_key, circuit.public, proof)
    with pytest.raises(Unsatisfied):
        facade.prove(small_keys[either], circuit.witness_bytes())


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda w: w[:-32], "witness-length"),
        (lambda w: w + bytes(32), "witness-length"),
        (lambda w: b"", "witness-length"),
        (lambda w: w[:-1], "witness-not-canonical"),
        (lambda w: (2).to_bytes(32, "little") + w[32:], "witness-one"),
        (lambda w: (1 + R).to_bytes(32, "little") + w[32:], "witness-not-canonical"),
        (lambda w: w[:-32] + R.to_bytes(32, "little"), "witness-not-canonical"),
        (lambda w: w[:-32] + b"\xff" * 32, "witness-not-canonical"),
    ],
)
def test_a_malformed_witness_is_refused(
    either: Kernel, small: Any, small_keys: Any, spoil: Callable[[bytes], bytes], code: str
) -> None:
    with pytest.raises(FormatError) as caught:
        small_keys[either].prove(spoil(small.circuit.witness_bytes()), 1, 1)
    assert caught.value.code == code


@pytest.mark.parametrize("secret", ["tau", "alpha", "beta", "delta"])
def test_a_set_up_that_gives_the_key_away_is_refused_and_writes_nothing(
    either: Kernel, small: Any, tmp_path: Path, secret: str
) -> None:
    values = [0, R, -1] + ([1] if secret in ("tau", "delta") else [])
    for value in values:
        secrets = {**dataclasses.asdict(development_secrets()), secret: value}
        with pytest.raises(FormatError) as caught:
            either.setup(small.r1cs, tmp_path / "bad.zkey", **secrets)
        assert caught.value.code == "setup-secrets"
    assert not list(tmp_path.iterdir())


def test_the_known_forgery_against_an_uncontributed_key_is_shut_out(
    either: Kernel, small: Any, circuits: ModuleType
) -> None:
    """K1: where delta = gamma, A = alpha, B = beta, C = −Σ input·IC proves every statement."""
    key, false = small.verifying_key, [3, 4]
    inputs = either.msm_g1(list(key.ic), [1, *false])
    forged = either.g1_multiply(inputs, R - 1)
    forgery = [
        (either.g1_multiply(key.alpha, R - 1), key.beta),
        (key.alpha, key.beta),
        (inputs, G2_GENERATOR),
        (forged, G2_GENERATOR),
    ]
    assert either.pairing_check(forgery), "the forgery must be real, or this test shows nothing"
    for change in ({"delta": G2_GENERATOR}, {"delta": key.gamma}, {"gamma": key.delta}):
        with pytest.raises(FormatError) as caught:
            dataclasses.replace(key, **change)
        assert caught.value.code == "key-uncontributed"
    # The same point in a .zkey: delta in G1 and G2 replaced by the generators, which stand there as beta does.
    sections = dict(circuits.sections_of(small.data))
    header = bytearray(sections[2])
    gamma2 = header[84 + 256 : 84 + 384]
    header[84 + 448 : 84 + 576] = gamma2
    data = circuits.container(b"zkey", 1, list({**sections, 2: bytes(header)}.items()))
    with pytest.raises(FormatError) as caught:
        either.load_key(data)
    assert caught.value.code == "key-uncontributed"


def test_the_development_key_is_forgeable_and_recognised(either: Kernel, small: Any, generator: random.Random) -> None:
    secrets, key = development_secrets(), small.verifying_key
    false = [generator.randrange(R), generator.randrange(R)]
    a, b = generator.randrange(1, R), generator.randrange(1, R)
    over_delta = pow(secrets.delta, -1, R)
    inputs = either.msm_g1(list(key.ic), [1, *false])
    c = either.g1_add(
        either.g1_multiply(G1_GENERATOR, (a * b - secrets.alpha * secrets.beta) * over_delta % R),
        either.g1_multiply(inputs, R - over_delta),
    )
    forged = Proof(either.g1_multiply(G1_GENERATOR, a), either.g2_multiply(G2_GENERATOR, b), c)
    assert either.verify(key, false, forged)
    assert is_development_key(key)
    other = dataclasses.replace(key, alpha=either.g1_multiply(key.alpha, 2))
    assert not is_development_key(other)


def test_json_of_keys_and_proofs_survives_a_round_trip(small: Any, small_keys: Any, native: Kernel) -> None:
    key, proof = small.verifying_key, prove(small_keys[native], small.circuit)
    assert VerifyingKey.from_json(json.loads(json.dumps(key.as_json()))) == key
    assert Proof.from_json(json.loads(json.dumps(proof.as_json()))) == proof


def test_snarkjs_accepts_our_proof_and_key_and_our_verifier_accepts_snarkjs_proof(
    either: Kernel, small: Any, small_keys: Any, snarkjs: SnarkJs, tmp_path: Path
) -> None:
    names = (
        "vk.json",
        "public.json",
        "proof.json",
        "witness.wtns",
        "exported.json",
        "theirs.json",
        "their_public.json",
    )
    vk, public, proof, witness, exported, theirs, their_public = (tmp_path / name for name in names)
    circuit = small.circuit
    vk.write_text(json.dumps(small.verifying_key.as_json()))
    public.write_text(json.dumps([str(value) for value in circuit.public]))
    proof.write_text(json.dumps(prove(small_keys[either], circuit).as_json()))
    facade.write_wtns(witness, circuit.witness_bytes())
    assert facade.read_wtns(witness) == circuit.witness_bytes()
    assert witness.stat().st_mode & 0o777 == 0o600

    assert "OK!" in snarkjs("groth16", "verify", vk, public, proof).stdout
    assert "SUCCESSFULLY" in snarkjs("wtns", "check", small.r1cs, witness).stdout
    assert snarkjs("zkey", "export", "verificationkey", small.zkey, exported).returncode == 0
    assert json.loads(exported.read_text()) == small.verifying_key.as_json()
    assert snarkjs("groth16", "prove", small.zkey, witness, theirs, their_public).returncode == 0
    assert json.loads(their_public.read_text()) == json.loads(public.read_text())
    assert either.verify(small.verifying_key, circuit.public, Proof.from_json(json.loads(theirs.read_text())))
    public.write_text(json.dumps(["1", "2"]))
    assert "OK!" not in snarkjs("groth16", "verify", vk, public, proof).stdout


def test_keys_of_snarkjs_ceremonies_prove_once_someone_contributed(
    either: Kernel, ceremony: Any, snarkjs: SnarkJs, small: Any, tmp_path: Path
) -> None:
    uncontributed, contributed = ceremony
    with pytest.raises(FormatError) as caught:
        either.load_key(uncontributed)
    assert caught.value.code == "key-uncontributed"
    assert caught.value.file == str(uncontributed)
    key = either.load_key(contributed)
    assert not is_development_key(key.verifying_key)
    proof, public, vk = prove(key, small.circuit), small.circuit.public, tmp_path / "vk.json"
    assert either.verify(key.verifying_key, public, proof)
    assert snarkjs("zkey", "export", "verificationkey", contributed, vk).returncode == 0
    assert VerifyingKey.from_json(json.loads(vk.read_text())) == key.verifying_key
    (tmp_path / "proof.json").write_text(json.dumps(proof.as_json()))
    (tmp_path / "public.json").write_text(json.dumps([str(value) for value in public]))
    assert "OK!" in snarkjs("groth16", "verify", vk, tmp_path / "public.json", tmp_path / "proof.json").stdout


def test_a_margin_sized_key_proves(
    native: Kernel, make: Callable[[Any], Any], circuits: ModuleType, generator: random.Random
) -> None:
    made = make(circuits.margin_circuit(generator, n_public=146, n_rows=3_949))
    key = native.load_key(made.zkey)
    assert (key.n_public, key.domain_size) == (146, 4_096)
    proof = facade.prove(key, made.circuit.witness_bytes())
    assert native.verify(key.verifying_key, made.circuit.public, proof)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Take SIGINT as a terminal sends it: a run in the background inherits that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_the_kernel_in_the_middle_and_leaves_it_whole(native: Kernel, generator: random.Random) -> None:
    points, scalars = [G2_GENERATOR] * (1 << 15), [generator.randrange(R) for _ in range(1 << 15)]
    expected = native.g2_multiply(G2_GENERATOR, sum(scalars) % R)
    whole = _timed(lambda: native.msm_g2(points, scalars))
    interrupt = threading.Timer(whole / 5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        native.msm_g2(points, scalars)
    stopped = time.perf_counter() - started
    interrupt.join()
    assert native.msm_g2(points, scalars) == expected
    print(f"stopped after {stopped:.3f} s of {whole:.3f} s")


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_a_file_that_is_not_there_is_an_input_error(either: Kernel, tmp_path: Path) -> None:
    with pytest.raises(FileError):
        either.load_key(tmp_path / "absent.zkey")
    with pytest.raises(FileError):
        either.setup(tmp_path / "absent.r1cs", tmp_path / "key.zkey", tau=2, alpha=3, beta=4, delta=5)
    with pytest.raises(FileError):
        facade.read_wtns(tmp_path / "absent.wtns")
