"""V1, V2: one verdict everywhere, each refusal with its own name, and lack of gas is never a verdict."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Registry
from zkmargin.contracts.chain import OutOfGas
from zkmargin.contracts.encoding import key_bytes, proof_words
from zkmargin.kernel import Proof, kernel, verify
from zkmargin.kernel.errors import FormatError

ROOT = Path(__file__).parents[2]

# What the kernel says -> what the contract says.
NAMES = {
    "input-not-canonical": "InputNotCanonical",
    "input-count": "InputCountWrong",
    "proof-not-canonical": "ProofNotCanonical",
    "proof-off-curve": "MalformedProof",
    "proof-subgroup": "MalformedProof",
    "proof-infinity": "MalformedProof",
}


@pytest.fixture(scope="module")
def registry():
    chain = EmbeddedChain(timestamp=1_790_000_000)
    admin = chain.accounts[0]
    return Registry.deploy(chain, admin, AccessManager.deploy(chain, admin, admin).address)


def on_chain(registry, circuit, words, public):
    try:
        registry.verify(circuit, words, public, [], [])
    except errors.SolidityError as error:
        return error.name
    return "accepted"


def off_chain(judge, key, words, public):
    proof = Proof((words[0], words[1]), ((words[3], words[2]), (words[5], words[4])), (words[6], words[7]))
    try:
        return "accepted" if judge(key, public, proof) else "ProofRejected"
    except FormatError as error:
        return NAMES[error.code]


def mutations(words, public, q, r):
    """Every word + 1, + q, 0, swapped with its neighbour; every input + 1, + r, 0; the lengths."""
    yield words, public
    for i, word in enumerate(words):
        for changed in ((word + 1) % q, word + q, 0):
            yield [*words[:i], changed, *words[i + 1 :]], public
        swapped = list(words)
        swapped[i], swapped[i ^ 1] = swapped[i ^ 1], swapped[i]
        yield swapped, public
    for i, value in enumerate(public):
        for changed in ((value + 1) % r, value + r, 0):
            yield words, [*public[:i], changed, *public[i + 1 :]]
    yield words, public[:-1]
    yield words, [*public, 0]


@pytest.fixture(scope="module")
def cases(registry, synthetic, seed):
    """(key, circuit, words, public) of 12 keys with 1 to 6 inputs."""
    rng = Random(seed)
    made = []
    for index in range(12):
        key = synthetic.SyntheticKey(1 + index % 6, rng)
        circuit = registry.register(key_bytes(key.points), 1 + index % 6, [])
        public = [rng.randrange(1, synthetic.R) for _ in key.ic[1:]]
        words = proof_words(key.prove(public))
        made += [(key.points, circuit, *case) for case in mutations(words, public, synthetic.Q, synthetic.R)]
    return made


def test_the_chain_and_the_kernel_give_one_verdict(registry, cases, tally):
    verdicts = {}
    for key, circuit, words, public in cases:
        said = on_chain(registry, circuit, words, public)
        assert said == off_chain(verify, key, words, public)
        verdicts[said] = verdicts.get(said, 0) + 1
    tally("V1", "mutated proofs and inputs: chain and kernel of one verdict", len(cases))
    assert len(cases) >= 500
    assert verdicts["accepted"] == 12
    assert set(verdicts) == {"accepted", "ProofRejected", *NAMES.values()}


def test_the_reference_kernel_gives_the_same_verdict(registry, cases, tally):
    judge = kernel("reference").verify
    sample = cases[:: len(cases) // 100]
    for key, circuit, words, public in sample:
        assert off_chain(judge, key, words, public) == on_chain(registry, circuit, words, public)
    tally("V1", "mutated proofs and inputs: chain and reference kernel of one verdict", len(sample))


def test_snarkjs_gives_the_same_verdict(registry, cases, synthetic, tmp_path, tally):
    """snarkjs knows yes and no. It reads a word + q modulo q and accepts it: only we refuse those."""
    sample = [case for case in cases[:: len(cases) // 130] if all(word < synthetic.Q for word in case[2])]
    sample = [case for case in sample if len(case[3]) == len(case[0].ic) - 1]
    asked = [
        {
            "key": key.as_json(),
            "public": [str(value) for value in public],
            "proof": Proof(
                (words[0], words[1]), ((words[3], words[2]), (words[5], words[4])), (words[6], words[7])
            ).as_json(),
        }
        for key, _, words, public in sample
    ]
    (tmp_path / "cases.json").write_text(json.dumps(asked))
    node = shutil.which("node")
    assert node is not None
    script = """
        const fs = require("fs"); const snarkjs = require(process.argv[1]);
        (async () => {
          const said = [];
          for (const one of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) {
            let answer = false;
            try { answer = await snarkjs.groth16.verify(one.key, one.public, one.proof); } catch (error) {}
            said.push(answer);
          }
          fs.writeFileSync(process.argv[3], JSON.stringify(said));
          process.exit(0);
        })();
    """
    files = [ROOT / "node_modules/snarkjs", tmp_path / "cases.json", tmp_path / "said"]
    command = [node, "-e", script, *map(str, files)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    said = json.loads((tmp_path / "said").read_text())
    ours = [on_chain(registry, circuit, words, public) == "accepted" for _, circuit, words, public in sample]
    assert said == ours
    tally("V1", "mutated proofs and inputs: chain and snarkjs of one verdict", len(sample))
    assert len(sample) >= 100
    assert any(said)


def test_a_point_outside_the_subgroup_is_malformed(registry, synthetic, seed):
    key = synthetic.SyntheticKey(2, Random(seed))
    circuit = registry.register(key_bytes(key.points), 2, [])
    words = proof_words(key.prove([5, 6]))
    (x, y) = synthetic.outside_the_subgroup()
    with pytest.raises(errors.MalformedProof):
        registry.verify(circuit, [*words[:2], x[1], x[0], y[1], y[0], *words[6:]], [5, 6], [], [])


def test_too_little_gas_is_never_a_verdict(registry, synthetic, seed, tally):
    """V2: at every gas limit a good proof is accepted or the gas was short; a bad one is never accepted."""
    key = synthetic.SyntheticKey(3, Random(seed))
    circuit = registry.register(key_bytes(key.points), 3, [])
    public = [7, 8, 9]
    good = proof_words(key.prove(public))
    seen = {}
    for words, verdict in ((good, "accepted"), ([good[0], synthetic.Q - good[1], *good[2:]], "ProofRejected")):
        for gas in range(30_000, 330_000, 1_500):
            try:
                registry.send("verify", circuit, words, public, [], [], gas=gas)
                said = "accepted"
            except OutOfGas:
                said = "OutOfGas"
            except errors.SolidityError as error:
                said = error.name
            assert said in (verdict, "OutOfGas", "GasTooLow")
            seen[said] = seen.get(said, 0) + 1
    tally("V2", "verifications at rising gas limits: the verdict or none", sum(seen.values()))
    assert set(seen) == {"accepted", "ProofRejected", "OutOfGas", "GasTooLow"}


def test_a_bad_point_cannot_burn_a_callers_gas(registry, synthetic, seed):
    """The precompile takes all it is given when a point is bad: the cap is what it gets."""
    key = synthetic.SyntheticKey(1, Random(seed + 1))
    circuit = registry.register(key_bytes(key.points), 1, [])
    words = proof_words(key.prove([1]))
    words[1] = (words[1] + 1) % synthetic.Q
    data = registry.data("verify", circuit, words, [1], [], [])
    evm = registry.chain
    with pytest.raises(errors.MalformedProof):
        registry.send("verify", circuit, words, [1], [], [], gas=5_000_000)
    assert evm.last_gas_used < 300_000
    assert len(data) > 256
