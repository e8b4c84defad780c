"""F2: powers known before the inputs are chosen let eight wrong proofs cancel; ours are never known so early."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.rpc import RpcChain
from zkmargin.contracts import errors
from zkmargin.contracts.bindings import AccessManager, Registry
from zkmargin.contracts.encoding import MAINTENANCE, keccak, key_bytes, proof_words
from zkmargin.kernel import g1_add, msm_g1, pairing_check

CREDIT_BITS = 62
PROOFS = 8


@pytest.fixture(scope="module")
def rng(seed):
    return Random(f"{seed} batch seed")


@pytest.fixture(scope="module")
def chain():
    return EmbeddedChain(timestamp=1_790_000_000)


@pytest.fixture(scope="module")
def registry(chain):
    admin = chain.accounts[0]
    return Registry.deploy(chain, admin, AccessManager.deploy(chain, admin, admin).address)


@pytest.fixture(scope="module")
def key(synthetic, rng):
    return synthetic.SyntheticKey(1, rng)


@pytest.fixture(scope="module")
def circuit(registry, key):
    return registry.register(key_bytes(key.points), 1, [])


@pytest.fixture(scope="module")
def honest(batching, key, rng):
    """Eight valid proofs, each about a credit of its own: what the attacker may well have."""
    return batching.items_of(key, [[rng.randrange(1 << 40, 1 << 61)] for _ in range(PROOFS)])


def moved(items, steps):
    return [replace(item, singles=[item.singles[0] + step]) for item, step in zip(items, steps, strict=True)]


def accepted(registry, circuit, items):
    try:
        registry.verify_batch(circuit, items)
    except errors.BatchRejected:
        return False
    return True


class Naive:
    """NaiveBatch.sol on a chain."""

    def __init__(self, chain, batching, folder, key):
        from eth_abi import encode

        self.encode = encode
        self.chain = chain
        self.sender = chain.accounts[0]
        code, _ = batching.compiled("NaiveBatch", folder)
        self.address = chain.deploy(code, self.sender)
        raw = key_bytes(key.points)
        self.key = [int.from_bytes(raw[at : at + 32], "big") for at in range(0, len(raw), 32)]

    def store(self, inputs):
        data = keccak(b"set(uint256[])")[:4] + self.encode(["uint256[]"], [inputs])
        self.chain.transact(self.address, data, self.sender)

    def calldata(self, proofs):
        types = ["uint256[18]", "uint256[8][]"]
        return keccak(b"verify(uint256[18],uint256[8][])")[:4] + self.encode(types, [self.key, proofs])

    def verify(self, data):
        return int.from_bytes(self.chain.call(self.address, data, self.sender), "big") == 1


def test_a_seed_over_calldata_alone_falls_to_eight_proofs(
    chain, batching, key, honest, registry, circuit, tmp_path, tally
):
    naive = Naive(chain, batching, tmp_path, key)
    data = naive.calldata([list(item.proof) for item in honest])
    credits = [item.singles[0] for item in honest]
    naive.store(credits)
    assert naive.verify(data)
    # The powers are known, the inputs are not fixed: a short vector makes them lie.
    weights = batching.naive_powers(data, PROOFS)
    steps = batching.cancelling(weights)
    false = [credit + step for credit, step in zip(credits, steps, strict=True)]
    assert all(0 <= credit < 1 << CREDIT_BITS for credit in false)
    naive.store(false)
    assert naive.verify(data), "the attack on the naive verifier must work, or this test shows nothing"
    print(f"naive seed: {PROOFS} false credits accepted, off by at most 2^{max(map(abs, steps)).bit_length()}")
    for item, credit in zip(honest, false, strict=True):
        with pytest.raises(errors.ProofRejected):
            registry.verify(circuit, item.proof, [credit], [], [])
    # The same false credits against ours, and against the powers that ours had for the honest ones.
    assert not accepted(registry, circuit, moved(honest, steps))
    ours = batching.powers(circuit, honest, [(0, 0)] * PROOFS)
    steps = batching.cancelling(ours)
    assert sum(w * s for w, s in zip(ours, steps, strict=True)) == 0
    assert accepted(registry, circuit, honest)
    assert not accepted(registry, circuit, moved(honest, steps))
    tally("F2", "false credits that a seed over calldata alone accepts and ours refuses", 2 * PROOFS)


def test_chasing_the_powers_never_catches_them(batching, honest, registry, circuit, tally):
    """Each new choice of inputs has new powers, under which it does not cancel."""
    steps = [0] * PROOFS
    for _ in range(10):
        now = batching.powers(circuit, moved(honest, steps), [(0, 0)] * PROOFS)
        steps = batching.cancelling(now)
        assert not accepted(registry, circuit, moved(honest, steps))
    tally("F2", "rounds of chasing our powers by lattice reduction, refused", 10)


def test_wrong_c_points_cannot_be_fitted_to_known_powers(batching, key, honest, registry, circuit, synthetic, rng):
    """Shift C_1 by D and C_2 by −D·c_1/c_2: under the old powers the product would hold."""
    weights = batching.powers(circuit, honest, [(0, 0)] * PROOFS)
    d = rng.randrange(1, synthetic.R)
    shifts = [d, -d * weights[0] * pow(weights[1], -1, synthetic.R) % synthetic.R]
    assert (weights[0] * shifts[0] + weights[1] * shifts[1]) % synthetic.R == 0
    forged = list(honest)
    for at, shift in enumerate(shifts):
        c = g1_add(tuple(honest[at].proof[6:]), synthetic.g1(shift))
        forged[at] = replace(honest[at], proof=[*honest[at].proof[:6], *c])
    assert product_holds(key, forged, weights, synthetic)
    assert not accepted(registry, circuit, forged)


def product_holds(key, items, weights, synthetic):
    """Whether the product of the equations holds under given powers, by the kernel."""
    points, negative = key.points, synthetic.Q
    pairs = []
    for item, weight in zip(items, weights, strict=True):
        a = msm_g1([tuple(item.proof[:2])], [weight])
        w = item.proof
        pairs.append((a and (a[0], negative - a[1]), ((w[3], w[2]), (w[5], w[4]))))
    total = sum(weights) % synthetic.R
    inputs = sum(w * item.singles[0] for w, item in zip(weights, items, strict=True)) % synthetic.R
    pairs.append((msm_g1([points.alpha], [total]), points.beta))
    pairs.append((msm_g1(list(points.ic), [total, inputs]), points.gamma))
    pairs.append((msm_g1([tuple(item.proof[6:]) for item in items], weights), points.delta))
    return pairing_check(pairs)


@pytest.mark.parametrize("name", ["zero", "equal", "short"])
def test_what_weak_powers_would_accept(batching, key, honest, registry, circuit, synthetic, rng, name, tally):
    """Powers of 0, of 1 and of 8 bits: each accepts wrong proofs that ours refuses."""
    weights = {"zero": [1] * 7 + [0], "equal": [1] * 8, "short": [1, *(rng.randrange(1, 256) for _ in range(7))]}[name]
    steps = {"zero": [0] * 7 + [1], "equal": [1, -1] + [0] * 6, "short": [-weights[1], 1] + [0] * 6}[name]
    wrong = moved(honest, steps)
    assert product_holds(key, wrong, weights, synthetic)
    assert not accepted(registry, circuit, wrong)
    tally("F2", f"false credits that {name} powers accept and ours refuse", sum(map(bool, steps)))


def test_the_powers_depend_on_everything_that_is_verified(batching, circuit, synthetic, rng, tally):
    """Every word of every record, their order and their number; no power is 0, short or equal to another."""
    items = [
        batching.BatchItem([rng.randrange(synthetic.Q) for _ in range(8)], [rng.randrange(1 << 250)] * 2, [bytes(32)])
        for _ in range(4)
    ]
    points = [(rng.randrange(synthetic.Q), rng.randrange(synthetic.Q)) for _ in items]
    base = batching.powers(circuit, items, points)
    seen = [base, batching.powers(bytes(32), items, points), batching.powers(circuit, items[::-1], points[::-1])]
    seen += [batching.powers(circuit, items, points[::-1]), batching.powers(circuit, items[:3], points[:3])]
    for at, item in enumerate(items):
        variants = [replace(item, proof=[*item.proof[:w], item.proof[w] ^ 1, *item.proof[w + 1 :]]) for w in range(8)]
        variants += [replace(item, singles=[item.singles[0], item.singles[1] ^ 1])]
        variants += [replace(item, singles=[item.singles[0] ^ 1, item.singles[1]])]
        variants += [replace(item, table_ids=[bytes(31) + b"\x01"])]
        seen += [batching.powers(circuit, [*items[:at], one, *items[at + 1 :]], points) for one in variants]
        for other in ((points[at][0] ^ 1, points[at][1]), (points[at][0], points[at][1] ^ 1)):
            seen.append(batching.powers(circuit, items, [*points[:at], other, *points[at + 1 :]]))
    tails = [power for powers in seen for power in powers[1:]]
    assert len(set(tails)) == len(tails)
    assert all(power >> 100 for power in tails)
    tally("F2", "powers of batches that differ in one word, no two alike", len(tails))


def test_the_contract_scales_by_exactly_these_powers(anvil, synthetic, worlds, batching, seed):
    """A node's trace of the call: what the multiplication precompile is given. The hash is over memory as verified."""
    world = worlds.World(RpcChain(anvil), synthetic, seed)
    world.post_round(1)
    world.post_version(100)
    circuit, key = world.circuits["sufficiency"], world.keys["sufficiency"]
    tables, ys = world.table_ids(1, 100, MAINTENANCE), world.ys(key, 1, 100, MAINTENANCE)
    items = []
    for _ in range(4):
        singles = [world.rng.randrange(1 << 250) for _ in range(3)]
        words = proof_words(key.prove(world.public(singles, 1, 100, MAINTENANCE)))
        items.append(batching.BatchItem(words, singles, tables, ys))
    market = key.folded(4, world.rounds[1], from_ic0=False)
    point = g1_add(market, key.folded(7, world.versions[100][MAINTENANCE], from_ic0=True))
    expected = batching.powers(circuit, items, [point] * 4)
    scalars = multiplications(world, circuit, items)
    for item, power in zip(items[1:], expected[1:], strict=True):
        assert scalars[tuple(item.proof[:2])] == scalars[tuple(item.proof[6:])] == power
    assert scalars[tuple(key.points.alpha)] == sum(expected)
    assert scalars[point] == sum(expected)
    for j in range(3):
        share = sum(power * item.singles[j] for power, item in zip(expected, items, strict=True)) % synthetic.R
        assert scalars[key.points.ic[j + 1]] == share


def multiplications(world, circuit, items):
    """Return the scalar by point of every call of the multiplication precompile."""
    tuples = [(list(item.proof), list(item.singles), list(item.table_ids), list(item.ys)) for item in items]
    data = world.registry.data("verifyBatch", circuit, tuples)
    call = {"from": world.admin, "to": world.registry.address, "data": "0x" + data.hex()}
    options = {"enableMemory": True, "disableStack": False, "disableStorage": True}
    trace = world.chain.ask("debug_traceCall", call, "latest", options)
    found = {}
    for step in trace["structLogs"]:
        if step["op"] != "STATICCALL":
            continue
        stack = [int(word, 16) for word in step["stack"]]
        if stack[-2] != 7:
            continue
        memory = bytes.fromhex("".join(word.removeprefix("0x").zfill(64) for word in step["memory"]))
        x, y, scalar = (int.from_bytes(memory[stack[-3] + at : stack[-3] + at + 32], "big") for at in (0, 32, 64))
        found[x, y] = scalar
    return found
