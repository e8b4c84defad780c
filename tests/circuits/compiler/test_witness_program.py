"""Lost if these fail: a circuit folder from somewhere else takes the prover down, or fills wires it should not."""

import math
import os
import signal
import struct
import threading
from collections import Counter
from types import SimpleNamespace

import pytest

from zkmargin.kernel import R
from zkmargin.kernel.errors import FormatError, Unsatisfied
from zkmargin.kernel.native_kernel import NativeProgram
from zkmargin.kernel.witness_program import (
    BITS,
    DIVIDE,
    FLAGS,
    LARGEST,
    LINEAR,
    MULTIPLY_ADD,
    PRODUCTS,
    QUOTIENT,
    RANKED,
    ROOT,
    SIGN,
    Instruction,
    WitnessProgram,
)

from ..accounts import tuned_case
from ..conftest import compiled, machine
from ..expressions import tidy
from ..language.test_random_rules import rules

STATEMENTS = [("sufficiency", 0), ("shortfall", -1)]


@pytest.mark.parametrize(("statement", "target"), STATEMENTS)
def test_a_program_read_back_is_the_same_program(statement, target, rng):
    circuit = compiled(statement)
    data = circuit.program.to_bytes()
    again = WitnessProgram.from_bytes(data)
    assert again.to_bytes() == data
    case = tuned_case(circuit.schema, rng, target)
    assert again.run(case.public, case.hidden) == circuit.program.run(case.public, case.hidden)


def mutations(data, rng, count):
    """Yield damaged copies: cut, lengthened, bytes changed, and 32-bit words of the header and the steps replaced."""
    steps = struct.unpack_from("<8I", data, 4)[3]
    extremes = (0, 1, 2, 5, 6, 253, 254, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1)
    for i in range(count):
        broken = bytearray(data)
        if i % 10 == 0:
            del broken[rng.randrange(len(broken)) :]
        elif i % 10 == 1:
            broken += rng.randbytes(rng.randint(1, 40))
        elif i % 10 < 4:
            for _ in range(rng.randint(1, 4)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        else:
            word = rng.randrange(9) if i % 10 == 4 else 9 + rng.randrange(5 * steps)
            value = rng.choice(extremes) if rng.random() < 0.7 else rng.getrandbits(rng.choice([4, 10, 32]))
            struct.pack_into("<I", broken, 4 * word, value)
        yield bytes(broken)


def outcome(load, data, case):
    """Return ("refused" | "no witness", None) or ("ran", the witness)."""
    try:
        witness = load(data).run(case.public, case.hidden)
    except FormatError:
        return "refused", None
    except Unsatisfied:
        return "no witness", None
    if isinstance(witness, bytes):
        witness = [int.from_bytes(witness[i : i + 32], "little") for i in range(0, len(witness), 32)]
    return "ran", witness


def test_damaged_programs_never_crash_and_never_pass_for_a_witness(rng, say):
    """In both interpreters: both refuse the same files, and what they run they fill alike."""
    circuit, rows = compiled("sufficiency"), machine("sufficiency")
    data, counts = circuit.program.to_bytes(), Counter()
    case = tuned_case(circuit.schema, rng, 0)
    honest = circuit.program.run(case.public, case.hidden)
    for broken in mutations(data, rng, 1000):
        verdict, witness = outcome(WitnessProgram.from_bytes, broken, case)
        native = outcome(NativeProgram, broken, case)
        if verdict == "refused":
            assert native[0] == "refused"
        else:  # another count of inputs is a format error in the one, no witness in the other
            assert native == (verdict, witness) or (verdict, native[0]) == ("no witness", "refused")
        if verdict != "ran":
            counts[verdict] += 1
        elif len(witness) != rows.wires or not rows.holds(witness):
            counts["rows broken"] += 1
        elif witness[: 1 + rows.public] != honest[: 1 + rows.public]:
            counts["another statement"] += 1  # say, of another salt: true, and the prover compares what it asked
        else:
            counts["unharmed"] += 1
    say(f"1,000 damaged programs, two interpreters: {dict(counts)}")
    assert counts["refused"] > 300
    assert counts["rows broken"] > 50


def test_both_interpreters_fill_random_rules_alike(rng, say):
    """Quotients of negative numbers, choices among equals, magnitudes: the twins agree wire by wire."""
    ran = 0
    for rule in rules(rng, 150):
        for circuit in rule.circuits.values():
            data = circuit.program.to_bytes()
            values = tidy(rule.draw(rng))
            public, hidden = rule.inputs(values)
            case = SimpleNamespace(public=public, hidden=hidden)
            twin = outcome(WitnessProgram.from_bytes, data, case)
            assert twin == outcome(NativeProgram, data, case)
            if twin[0] == "ran":
                assert twin[1] == circuit.machine.fill(public, hidden)[: circuit.machine.wires]
                ran += 1
    say(f"300 circuits of random rules, two interpreters and the tests' own: {ran} witnesses, equal")
    assert ran > 100


def program(instruction, labels=("x",), wires=10, inputs=1):
    made = WitnessProgram()
    made.pool.append({0: 1})
    made.pool.append({1: 1})
    made.instructions, made.labels = [Instruction(*instruction)], list(labels)
    made.wires, made.inputs = wires, inputs
    return made.to_bytes()


@pytest.mark.parametrize(
    "instruction",
    [
        (LARGEST, 1, 0, 0, 0),  # the largest of nothing
        (LARGEST, 1, 3, 0, 0),
        (BITS, 1, 2, 0, 1),  # a label that does not exist
        (BITS, 1, 255, 0, 0),
        (BITS, 9, 2, 0, 0),
        (SIGN, 8, 2, 0, 0),
        (PRODUCTS, 1, 2, 0, 0),
        (LINEAR, 0, 1, 0, 0),  # the wire that is one
        (LINEAR, 10, 0, 0, 0),  # a hidden input's place
        (QUOTIENT, 1, 1, 1, 0),
        (QUOTIENT, 10, 1, 0, 0),
        (RANKED, 1, 0, 0, 0),  # the largest of nothing
        (RANKED, 1, 2, 0, 0),  # reads one combination more than there are
        (FLAGS, 1, 0, 0, 0),
        (FLAGS, 9, 2, 0, 0),
        (FLAGS, 1, 2, 0, 0),
        (ROOT, 10, 1, 0, 0),
        (ROOT, 1, 1, 2, 0),
        (DIVIDE, 10, 1, 0, 0),  # a hidden input's place
        (DIVIDE, 0, 1, 0, 0),  # the wire that is one
        (DIVIDE, 1, 1, 1, 0),  # reads one combination more than there are
        (DIVIDE, 1, 2, 0, 0),
        (DIVIDE, 1, 1, 0, 1),
        (MULTIPLY_ADD, 10, 1, 0, 0),
        (MULTIPLY_ADD, 1, 1, 0, 0),  # reads one combination more than there are
        (12, 1, 1, 0, 0),
    ],
)
def test_an_instruction_that_names_no_place_is_refused(instruction):
    with pytest.raises(FormatError) as error:
        WitnessProgram.from_bytes(program(instruction))
    assert error.value.code == "bad-program"


def ranks(k, *values):
    """Return a program that ranks hidden values by k, the first hidden one, then takes the root of the last."""
    made, places = WitnessProgram(), 2 * len(values) + 3
    made.wires, made.inputs, made.labels = places, 1 + len(values), [""]
    for i in range(1 + len(values)):
        made.pool.append({places + i: 1})
    made.instructions = [
        Instruction(RANKED, 1, len(values), 0, 0),
        Instruction(FLAGS, 2, len(values), 0, 0),
        Instruction(ROOT, 2 + len(values), 1, len(values), 0),
    ]
    expected = sorted(values, reverse=True)
    chosen = min(max(1, k), len(values))
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))[:chosen]
    flags = [int(i in order) for i in range(len(values))]
    root = math.isqrt(max(0, values[-1]))
    return made, [k, *values], [1, expected[chosen - 1] % R, *flags, root, *[0] * (places - 3 - len(values))]


def test_ranks_flags_and_roots_are_the_same_in_both_interpreters(rng):
    wide = [rng.randrange(-(1 << 250), 1 << 250) for _ in range(6)]
    for k, values in [(2, [5, -3, 5, 5]), (1, [0]), (0, [1, 2]), (9, [-1, -2]), (-4, [3, 7]), (3, wide), (R - 5, wide)]:
        made, hidden, expected = ranks(k if k < R // 2 else k - R, *values)
        data = made.to_bytes()
        case = SimpleNamespace(public=[], hidden=hidden)
        twin = outcome(WitnessProgram.from_bytes, data, case)
        assert twin == ("ran", expected)
        assert twin == outcome(NativeProgram, data, case)


def quotients(numerator, divisor, addend=0):
    """Return a program that divides two hidden values, then multiplies them and adds a third."""
    made = WitnessProgram()
    made.wires, made.inputs, made.labels = 3, 3, ["the slope"]
    for i in range(3):
        made.pool.append({3 + i: 1})
    made.instructions = [Instruction(DIVIDE, 1, 1, 0, 0), Instruction(MULTIPLY_ADD, 2, 1, 0, 0)]
    return made, [numerator, divisor, addend]


def test_divisions_in_the_field_are_the_same_in_both_interpreters(rng, say):
    corners = [0, 1, 2, R - 1, R - 2, R // 2, R // 2 + 1, -1, -7, 1 << 253]
    pairs = [(a, b) for a in corners for b in corners if b]
    pairs += [(rng.randrange(R), rng.randrange(1, R)) for _ in range(1000)]
    for a, b in pairs:
        c = rng.randrange(R)
        made, hidden = quotients(a, b, c)
        case = SimpleNamespace(public=[], hidden=hidden)
        expected = ("ran", [1, a * pow(b, -1, R) % R, (a * b + c) % R])
        assert outcome(WitnessProgram.from_bytes, made.to_bytes(), case) == expected
        assert outcome(NativeProgram, made.to_bytes(), case) == expected
    say(f"{len(pairs)} quotients and products, two interpreters, equal to the integers'")


@pytest.mark.parametrize("load", [WitnessProgram.from_bytes, NativeProgram])
@pytest.mark.parametrize("divisor", [0, R, -R])
@pytest.mark.parametrize("numerator", [0, 1, -5])
def test_a_division_by_zero_is_no_witness_and_names_the_check(load, numerator, divisor):
    """Zero by zero among them: any quotient would satisfy the row."""
    made, hidden = quotients(numerator, divisor)
    with pytest.raises(Unsatisfied) as error:
        load(made.to_bytes()).run([], hidden)
    assert error.value.code == "division-by-zero"
    assert str(error.value) == "no witness: the slope divides by zero"
    assert error.value.hint == "the slope"


def test_a_division_needs_the_third_version():
    data = bytearray(quotients(1, 2)[0].to_bytes())
    assert struct.unpack_from("<I", data, 4) == (3,)
    for version in (1, 2, 4):
        struct.pack_into("<I", data, 4, version)
        for load in (WitnessProgram.from_bytes, NativeProgram):
            with pytest.raises(FormatError) as error:
                load(bytes(data))
            assert error.value.code == "bad-program"


def test_damaged_divisions_are_refused_alike_and_never_crash(rng, say):
    counts = Counter()
    for _ in range(300):
        made, hidden = quotients(*(rng.randint(-3, 3) for _ in range(3)))
        case = SimpleNamespace(public=[], hidden=hidden)
        for broken in mutations(made.to_bytes(), rng, 10):
            verdict, witness = outcome(WitnessProgram.from_bytes, broken, case)
            native = outcome(NativeProgram, broken, case)
            assert native == (verdict, witness) or (verdict, native[0]) == ("no witness", "refused")
            counts[verdict] += 1
    say(f"300 programs of divisions damaged ten ways, two interpreters: {dict(counts)}")
    assert min(counts["refused"], counts["ran"]) > 100
    assert counts["no witness"] > 20


def test_divisions_count_in_what_a_program_may_read():
    """Each takes as long as hundreds of products: the eighth is one too many for what is left."""
    for divisions, taken in ((7, True), (8, False)):
        program = reading(13_421, 20_000)
        for i in range(divisions):
            program.pool.append({0: 1})
            program.pool.append({0: 1})
            source = len(program.pool) - 2
            program.instructions.append(Instruction(DIVIDE, 13_422 + i, 1, source, 0))
        program.wires = 20_000
        data = program.to_bytes()
        for load in (WitnessProgram.from_bytes, NativeProgram):
            if taken:
                load(data)
                continue
            with pytest.raises(FormatError, match="terms are run"):
                load(data)


def test_damaged_ranks_are_refused_alike_and_never_crash(rng, say):
    """Counts, places and k itself replaced: both interpreters refuse the same files and fill the others alike."""
    counts = Counter()
    for _ in range(300):
        made, hidden, _ = ranks(rng.randint(-2, 9), *(rng.randint(-9, 9) for _ in range(rng.randint(1, 6))))
        case = SimpleNamespace(public=[], hidden=hidden)
        for broken in mutations(made.to_bytes(), rng, 10):
            verdict, witness = outcome(WitnessProgram.from_bytes, broken, case)
            native = outcome(NativeProgram, broken, case)
            assert native == (verdict, witness) or (verdict, native[0]) == ("no witness", "refused")
            counts[verdict] += 1
    say(f"300 programs of ranks damaged ten ways, two interpreters: {dict(counts)}")
    assert min(counts["refused"], counts["ran"]) > 100


def test_a_program_is_written_in_the_oldest_version_that_has_its_steps():
    assert struct.unpack_from("<I", compiled("sufficiency").program.to_bytes(), 4) == (1,)
    data = bytearray(ranks(1, 2, 3)[0].to_bytes())
    assert struct.unpack_from("<I", data, 4) == (2,)
    for version in (0, 1, 4):
        struct.pack_into("<I", data, 4, version)
        for load in (WitnessProgram.from_bytes, NativeProgram):
            with pytest.raises(FormatError) as error:
                load(bytes(data))
            assert error.value.code == "bad-program"


def test_a_program_that_asks_for_the_machines_memory_is_refused():
    """Four bytes of the header were once enough to allocate 34 GB."""
    assert WitnessProgram.from_bytes(program((LINEAR, 9, 1, 0, 0))).wires == 10
    for wires, inputs in ((2**32 - 1, 1), (10, 2**32 - 1), (0, 0), (2**31, 2**31)):
        with pytest.raises(FormatError):
            WitnessProgram.from_bytes(program((LINEAR, 9, 1, 0, 0), wires=wires, inputs=inputs))


def reading(steps, terms):
    """Return a program that reads one combination of many terms at every step."""
    program = WitnessProgram()
    program.wires, program.inputs = 1 + steps, 1
    program.labels = ["x"]
    program.pool.append(dict.fromkeys(range(terms), 1))
    program.instructions = [Instruction(LINEAR, 1 + i, 1, 0, 0) for i in range(steps)]
    return program


def test_a_program_whose_steps_share_their_terms_is_bounded():
    """A megabyte of steps that each read one combination of a million terms would run for hours."""
    for load in (WitnessProgram.from_bytes, NativeProgram):
        with pytest.raises(FormatError, match=r"20000 steps that read 400020000 terms: at most \d+ steps") as caught:
            load(reading(20_000, 20_000).to_bytes())
        assert caught.value.code == "bad-program"
        assert load(reading(1_000, 1_000).to_bytes()).run([], [7])


def test_sorting_counts_in_what_a_program_may_read():
    size = 1 << 12
    program = WitnessProgram()
    program.wires, program.inputs, program.labels = 1 + 6_000, 0, ["x"]
    for _ in range(1 + size):
        program.pool.append({0: 1})
    program.instructions = [Instruction(RANKED, 1 + i, size, 0, 0) for i in range(6_000)]
    for load in (WitnessProgram.from_bytes, NativeProgram):
        with pytest.raises(FormatError, match="terms are run"):
            load(program.to_bytes())


@pytest.mark.parametrize("load", [WitnessProgram.from_bytes, NativeProgram])
def test_ctrl_c_stops_a_running_program(load):
    loaded = load(reading(9_000, 9_000).to_bytes())  # seconds in Rust, a minute in Python
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    try:
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            loaded.run([], [7])
    finally:
        interrupt.join()
        signal.signal(signal.SIGINT, before)


def test_the_wrong_number_of_hidden_inputs_is_no_witness():
    with pytest.raises(Unsatisfied):
        compiled("sufficiency").program.run([0], [1, 2])


def test_an_unsatisfied_program_names_the_check_and_no_value(rng):
    circuit = compiled("sufficiency")
    case = tuned_case(circuit.schema, rng, -1)
    with pytest.raises(Unsatisfied) as error:
        circuit.program.run(case.public, case.hidden)
    assert str(error.value) == "no witness: surplus does not fit 115 bits"
