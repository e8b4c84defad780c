"""Byte-built circuits through every command, on both kernels; what cannot be used is refused and nothing is written."""

import json

import pytest

from zkmargin.circuits.foreign import load_r1cs
from zkmargin.circuits.r1cs import r1cs_bytes
from zkmargin.kernel import R
from zkmargin.kernel.errors import InputError, MismatchError
from zkmargin.prover.foreign import BrokenConstraint, check_files, development_key, simplify_files

EXAMPLES = ("product_and_sum", "all_hidden", "no_rows", "removed_input", "output_is_input", "adders")


def example(bytes_of_circom, name):
    return bytes_of_circom.adders(12) if name == "adders" else getattr(bytes_of_circom, name)()


@pytest.mark.parametrize(("name", "kernel"), [*((name, "native") for name in EXAMPLES), ("no_rows", "reference")])
def test_every_shape_is_proved(name, kernel, circom_bytes, command, tmp_path, monkeypatch):
    """Public outputs, unused wires, no public input, no constraint: all are circuits."""
    monkeypatch.setenv("ZKMARGIN_KERNEL", kernel)
    made = example(circom_bytes, name)
    r1cs, wtns, _ = made.write(tmp_path)
    key, verifying, proof, public = (tmp_path / file for file in ("k.zkey", "v.json", "p.json", "public.json"))
    code, answer = command("groth16", "setup", r1cs, key, verifying, "--development")
    assert (code, answer["constraints"]) == (0, len(made.rows))
    assert command("groth16", "prove", key, wtns, proof, public)[0] == 0
    assert command("groth16", "verify", verifying, public, proof, "--allow-development")[0] == 0
    stated = [int(value) for value in json.loads(public.read_text())]
    assert stated == made.values[1 : 1 + made.outputs + made.inputs]
    for i, value in enumerate(stated):  # an input in no constraint is bound as well
        wrong = [str(other) for other in (*stated[:i], (value + 1) % R, *stated[i + 1 :])]
        public.write_text(json.dumps(wrong))
        assert command("groth16", "verify", verifying, public, proof, "--allow-development")[0] == 1


def test_removed_inputs_are_counted_and_checked(circom_bytes, command, tmp_path):
    r1cs, wtns, _ = circom_bytes.removed_input().write(tmp_path)
    code, answer = command("groth16", "stats", r1cs)
    assert (code, answer["wires"], answer["constraints"], answer["public"]) == (0, 3, 1, ["c"])
    assert command("groth16", "check", r1cs, wtns)[0] == 0
    wtns.write_bytes(circom_bytes.removed_input().wtns([1, 10, 3]))
    assert command("groth16", "check", r1cs, wtns)[0] == 1


def test_files_as_other_tools_write_them_verify(circom_bytes, command, tmp_path):
    """rapidsnark names no curve and may leave zero bytes, exporters leave e(alpha, beta) out; spaces say nothing."""
    made = circom_bytes.removed_input()
    r1cs, wtns, _ = made.write(tmp_path)
    key, verifying, proof, public = (tmp_path / file for file in ("k.zkey", "v.json", "p.json", "public.json"))
    assert command("groth16", "setup", r1cs, key, verifying, "--development")[0] == 0
    assert command("groth16", "prove", key, wtns, proof, public)[0] == 0
    claimed, exported = json.loads(proof.read_text()), json.loads(verifying.read_text())
    del claimed["curve"], exported["vk_alphabeta_12"]
    written = [
        json.dumps(claimed, separators=(",", ":")),
        json.dumps(claimed, indent=4) + "\r\n\n",
        json.dumps(claimed) + "\n" + "\0" * 37,
    ]
    for text in written:
        proof.write_text(text)
        verifying.write_text(json.dumps(exported))
        public.write_text('["9"]\0')
        assert command("groth16", "verify", verifying, public, proof, "--allow-development")[0] == 0
    for stated in ('["09"]', '["+9"]', '[" 9"]', "[9]", '["9.0"]', '["9", ""]', '{"0": "9"}', '["0x9"]'):
        public.write_text(stated)
        code, answer = command("groth16", "verify", verifying, public, proof, "--allow-development")
        assert (code, answer["error"]["code"]) == (2, "bad-public"), stated
    public.write_text(json.dumps([str(9 + R)]))
    assert command("groth16", "verify", verifying, public, proof, "--allow-development")[0] == 1


def test_a_proof_of_a_broken_witness_is_never_made(circom_bytes, command, tmp_path):
    made = circom_bytes.product_and_sum()
    r1cs, wtns, _ = made.write(tmp_path)
    key, verifying, proof, public = (tmp_path / file for file in ("k.zkey", "v.json", "p.json", "public.json"))
    assert command("groth16", "setup", r1cs, key, verifying, "--development")[0] == 0
    wtns.write_bytes(made.wtns([*made.values[:6], 6, 0]))
    assert command("groth16", "prove", key, wtns, proof, public)[0] == 1
    assert not proof.exists()
    assert not public.exists()
    with pytest.raises(BrokenConstraint, match="constraint 1, which ties s, a, b, key") as caught:
        check_files(r1cs, wtns)
    assert (caught.value.constraint, caught.value.exit_code) == (1, 1)
    small = tmp_path / "small.r1cs", tmp_path / "small.wtns"
    assert command("groth16", "simplify", r1cs, wtns, *small)[0] == 1
    assert not small[0].exists()


def test_a_witness_of_another_circuit_is_told_from_a_broken_one(circom_bytes, tmp_path):
    r1cs = circom_bytes.product_and_sum().write(tmp_path)[0]
    wtns = circom_bytes.all_hidden().write(tmp_path, "other")[1]
    with pytest.raises(MismatchError):
        check_files(r1cs, wtns)


def test_one_key_serves_every_witness_of_a_simplified_circuit(circom_bytes, tmp_path):
    """The same circuit gives the same bytes whatever the witness, so the key of the first fits the second."""
    made = circom_bytes.product_and_sum()
    r1cs, wtns, _ = made.write(tmp_path)
    outputs = [(tmp_path / f"{i}.r1cs", tmp_path / f"{i}.wtns") for i in (1, 2)]
    simplify_files(r1cs, wtns, *outputs[0])
    wtns.write_bytes(made.wtns([1, 6, 9, 2, 0, 3, 4, 8]))
    simplify_files(r1cs, wtns, *outputs[1])
    assert outputs[0][0].read_bytes() == outputs[1][0].read_bytes()
    assert outputs[0][1].read_bytes() != outputs[1][1].read_bytes()
    assert outputs[0][1].stat().st_mode & 0o777 == 0o600
    for pair in outputs:
        assert check_files(*pair).names == ["one", "p", "s", "a", "idle", "key"]


def test_inputs_are_never_overwritten(circom_bytes, tmp_path):
    r1cs, wtns, _ = circom_bytes.adders(2).write(tmp_path)
    before = r1cs.read_bytes(), wtns.read_bytes()
    new = tmp_path / "o.r1cs", tmp_path / "o.wtns"
    for out in ((r1cs, new[1]), (new[0], wtns), (new[0], new[0]), (r1cs.with_suffix(".new"), new[1])):
        with pytest.raises(InputError, match="overwrite"):
            simplify_files(r1cs, wtns, *out)
    with pytest.raises(InputError, match="overwrite"):
        development_key(r1cs, tmp_path / "." / r1cs.name, tmp_path / "v.json")
    assert before == (r1cs.read_bytes(), wtns.read_bytes())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("setup", "circuit.r1cs", "k.zkey", "v.json"), "usage"),
        (("setup", "circuit.wtns", "k.zkey", "v.json", "--development"), "bad-format"),
        (("setup", "absent.r1cs", "k.zkey", "v.json", "--development"), "bad-file"),
        (("setup", "twice.r1cs", "k.zkey", "v.json", "--development"), "bad-format"),
        (("setup", "gates.r1cs", "k.zkey", "v.json", "--development"), "custom-gates"),
        (("check", "circuit.r1cs", "circuit.r1cs"), "bad-format"),
        (("check", "renamed.r1cs", "circuit.wtns"), "bad-format"),
        (("stats", "circuit.sym"), "bad-format"),
        (("simplify", "circuit.r1cs", "absent.wtns", "o.r1cs", "o.wtns"), "bad-file"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, code, circom_bytes, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = circom_bytes.all_hidden()
    made.write(tmp_path)
    (tmp_path / "gates.r1cs").write_bytes(made.r1cs(extra=[(4, b"\x01\0\0\0g\0\0\0\0\0")]))
    (tmp_path / "renamed.r1cs").write_bytes(made.r1cs())
    (tmp_path / "renamed.sym").write_text("1,7,0,main.x\n")
    made.rows = [([(1, 1), (1, 2)], [], [])]
    (tmp_path / "twice.r1cs").write_bytes(made.r1cs())
    exit_code, answer = command("groth16", *arguments)
    assert (exit_code, answer["error"]["code"]) == (2, code)
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".zkey", ".json") or path.stem == "o"]


def test_statistics_of_a_foreign_circuit(circom_bytes, command, tmp_path):
    code, answer = command("groth16", "stats", circom_bytes.product_and_sum().write(tmp_path)[0])
    assert (code, answer["linear"], answer["unused"], answer["unused_public"]) == (0, 1, 2, ["idle"])


def test_a_circuit_read_and_written_again_is_the_same_circuit(circom_bytes, tmp_path, snarkjs):
    made = circom_bytes.product_and_sum()
    r1cs, wtns, _ = made.write(tmp_path)
    again = tmp_path / "again.r1cs"
    again.write_bytes(r1cs_bytes(load_r1cs(r1cs)))
    assert snarkjs("wtns", "check", r1cs, wtns)
    assert snarkjs("wtns", "check", again, wtns)
