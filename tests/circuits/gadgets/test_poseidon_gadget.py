"""Lost if these fail: the circuit hashes something else than wallets and contracts do, so no commitment ever opens."""

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.gadgets.poseidon import hash_values, poseidon_template
from zkmargin.circuits.statements.commitment import hash_plain
from zkmargin.circuits.trials.witnesses.machine import Machine
from zkmargin.kernel import R, poseidon, poseidon_constants


def hashed(inputs, values):
    """Stamp the template of `inputs` (ints are constants) and return (machine, filled tape, output)."""
    builder = Builder([], [f"v{i}" for i in range(len(values))])
    wires = [builder.hidden_wire(name) for name in builder.hidden]
    output = builder.stamp(poseidon_template(tuple(inputs)), wires, "hash")
    builder.program.finish(builder.system.wires, len(values))
    machine = Machine(builder.system, builder.program)
    tape = machine.fill([], values)
    return machine, tape, sum(tape[w] * k for w, k in output.terms.items()) % R


def constants_at(rng, width):
    """Yield which inputs are constants: none, a random choice, all; at small widths the ends and every other too."""
    count = width - 1
    yield set()
    yield set(rng.sample(range(count), rng.randrange(count)))
    yield set(range(count))
    if width <= 7:
        yield {0}
        yield {count - 1}
        yield set(range(count)) - {rng.randrange(count)}
        yield set(range(0, count, 2))


@pytest.mark.parametrize("width", range(2, 18))
def test_the_gadget_is_the_kernels_poseidon_at_every_width(width, rng):
    full, partial, *_ = poseidon_constants(width)
    assert full == 8
    for places in constants_at(rng, width):
        draw = rng.choice([lambda: rng.randrange(R), lambda: rng.choice([0, 1, R - 1])])
        values = [draw() for _ in range(width - 1)]
        template = [value if i in places else None for i, value in enumerate(values)]
        free = [value for i, value in enumerate(values) if i not in places]
        machine, tape, output = hashed(template, free)
        assert output == poseidon(values)
        assert machine.holds(tape)
        assert len(machine.rows) == 3 * (8 * width + partial - len(places) - 1) * bool(free)


@pytest.mark.parametrize("width", [2, 5, 17])
def test_every_wire_of_the_hash_is_determined(width, rng):
    """No wire of the hash can say anything else while its inputs stand: each is the product of two earlier ones."""
    values = [rng.randrange(R) for _ in range(width - 1)]
    machine, tape, _ = hashed([None] * (width - 1), values)
    for wire in rng.sample(range(width, machine.wires), 60):
        for other in (tape[wire] + 1, -tape[wire], 0):
            lie, changed = machine.replay(tape, {wire: other})
            assert not machine.accepts(lie, changed)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 30, 31])
def test_long_lists_are_hashed_as_the_chain_says(count, rng):
    values = [rng.randrange(R) for _ in range(count)]
    builder = Builder(["digest"], [f"v{i}" for i in range(count)])
    wires = [builder.hidden_wire(name) for name in builder.hidden]
    digest = hash_values(builder, 99, wires, "list")
    builder.equal(digest, builder.public("digest"), "digest")
    builder.program.finish(builder.system.wires, count)
    machine = Machine(builder.system, builder.program)
    tape = machine.fill([hash_plain(99, values)], values)
    assert machine.holds(tape)
    for place in {0, count // 2, count - 1}:
        lie, changed = machine.replay(tape, {machine.wires + place: values[place] + 1})
        assert changed
        assert not machine.holds(lie)

    chain = 99
    if count <= 15:
        assert hash_plain(99, values) == poseidon([99, *values])
    else:  # written out once more: every link takes fifteen, the last is filled with zeros
        padded = values + [0] * (-count % 15)
        for start in range(0, len(padded), 15):
            chain = poseidon([chain, *padded[start : start + 15]])
        assert hash_plain(99, values) == chain


def test_padding_a_list_with_zeros_is_another_list(rng):
    """Only because the number of values stands in the tag (row E12): the chain alone cannot tell them apart."""
    from zkmargin.circuits.statements.commitment import tag

    from ..conftest import compiled

    schema = compiled("sufficiency").schema
    values = [rng.randrange(R) for _ in range(20)]
    assert hash_plain(5, values) == hash_plain(5, [*values, 0])
    digests = {hash_plain(tag("leaf", schema, n), (values + [0] * 25)[:n]) for n in range(20, 45)}
    assert len(digests) == 25
