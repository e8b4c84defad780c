"""Lost if these fail: a proof of some margin rule is accepted for other prices or parameters than it was made for (S4).

Real keys (of the development set-up), real proofs, the kernel's verifier: every family at its small shape.
"""

import pytest

from zkmargin.circuits.build import write_circuit
from zkmargin.kernel import R, verify
from zkmargin.kernel.errors import Insufficient, NotShort, ZkmarginError
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup

from ..families import STATEMENTS, FamilyMargin, compiled
from .test_families import ALL


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_proof_holds_for_its_own_public_inputs_and_no_others(name, statement, rng, tmp_path, tally):
    write_circuit(compiled(name, statement), tmp_path)
    development_setup(tmp_path)
    prover, trial = Prover.load(tmp_path), FamilyMargin(name, statement)
    case = trial.full_case(rng)
    proved = prover.prove(case.opening, case.market, case.parameters, credit=case.credit, context=case.context)
    key, public = prover.circuit_key.verifying_key, proved.public
    assert verify(key, public, proved.proof)
    tried = wrong = 0
    for place, value in enumerate(public):
        for other in {(value + 1) % R, (value - 1) % R, 0} - {value}:
            tried += 1
            wrong += verify(key, [*public[:place], other, *public[place + 1 :]], proved.proof)
        with pytest.raises(ZkmarginError):
            verify(key, [*public[:place], value + R, *public[place + 1 :]], proved.proof)
        tried += 1
    tally("S4", f"{name} {statement}: changed public inputs, by the kernel", tried, wrong)

    false = trial.case(rng, true=False)
    with pytest.raises((Insufficient, NotShort)):
        prover.prove(false.opening, false.market, false.parameters, credit=false.credit, context=false.context)
