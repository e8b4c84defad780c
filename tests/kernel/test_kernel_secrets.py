"""Lost without this: a witness or a blinding that an error message repeats."""

import json
import traceback

import pytest

from zkmargin.kernel import R, prove
from zkmargin.kernel.errors import FormatError, Unsatisfied, ZkmarginError
from zkmargin.kernel.witness_program import BITS, Instruction, WitnessProgram

CANARY = 0x7A6B_6D61_7267_696E_2063_616E_6172_7920_3733_3931  # 20 bytes, far from anything a message counts


def forms(value):
    """Return what an error could show of a value: digits, hexadecimal, and its bytes as text, listed or base 64."""
    little, big = value.to_bytes(32, "little"), value.to_bytes(32, "big")
    digits = (str(value), str(value - R), str(R - value), f"{value:x}", big.hex().lstrip("0"), little.hex().rstrip("0"))
    return {
        form
        for text in (*digits, repr(little), repr(big), str(list(little[:20])), f"{value & (1 << 64) - 1}")
        for form in (text[:16], text[-16:])
        if len(form) > 6
    }


def faults(kernel, small, small_keys):
    """Give every way to make a kernel refuse something secret, each with the secrets in it."""
    key, honest = small_keys[kernel], list(small.circuit.witness)
    words = lambda values: b"".join(value.to_bytes(32, "little") for value in values)  # noqa: E731
    hidden = len(honest) - 1
    for label, witness in {
        "unsatisfied": [*honest[:hidden], CANARY],
        "not canonical": [*honest[:hidden], CANARY + R],
        "too long": [*honest, CANARY],
        "too short": [*honest[:3], CANARY],
        "not one": [CANARY, *honest[1:]],
    }.items():
        yield label, lambda witness=witness: prove(key, words(witness))
    yield "cut", lambda: prove(key, words([*honest[:hidden], CANARY])[:-1])
    for blinding in ((CANARY + R, 1), (1, CANARY + R)):
        yield "blinding", lambda blinding=blinding: prove(key, words(honest), blinding=blinding)
    yield "hash", lambda: kernel.poseidon([1, CANARY + R])
    yield "hash count", lambda: kernel.poseidon([CANARY] * 17)
    program = WitnessProgram()
    program.wires, program.inputs, program.labels = 9, 1, ["the size of slot 3"]
    program.pool.append({9: 1})
    program.instructions = [Instruction(BITS, 1, 8, 0, 0)]
    loaded = kernel.load_program(program.to_bytes())
    yield "program", lambda: loaded.run([], [CANARY])
    yield "program inputs", lambda: loaded.run([], [CANARY, CANARY])


def test_no_fault_of_the_kernel_repeats_a_secret(either, small, small_keys, tally):
    needles = forms(CANARY) | forms(CANARY + R)
    shown = 0
    cases = list(faults(either, small, small_keys))
    for label, case in cases:
        with pytest.raises((FormatError, Unsatisfied)) as caught:
            case()
        error = caught.value
        assert isinstance(error, ZkmarginError)
        text = "".join(traceback.format_exception(error)) + json.dumps(error.as_json()) + repr(error) + repr(error.args)
        found = [needle for needle in needles if needle in text]
        assert not found, (label, found)
        shown += len(found)
    tally("P1", "refusals of a kernel with a canary inside", len(cases), shown)
    assert len(cases) > 10
