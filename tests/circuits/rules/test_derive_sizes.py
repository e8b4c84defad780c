"""Lost if this fails: Derive's portfolio margin outgrows its domain, and every proof costs twice as much."""

from zkmargin.circuits.build import compile_statement

from ..test_constraint_counts import FAMILY_SHAPES


def test_128_options_under_33_scenarios_fit_their_domains(say):
    """The domain holds rows + public inputs + 1."""
    shape = FAMILY_SHAPES["derive-pmrm2"](128)
    assert (shape["expiries"], shape["strikes"], shape["scenarios"] + shape["skews"]) == (14, 64, 33)
    for statement, domain in (("sufficiency", 1 << 16), ("shortfall", 1 << 14)):
        circuit = compile_statement("derive-pmrm2", shape, statement)
        rows, public = circuit.system.rows, len(circuit.public)
        left = domain - rows - public - 1
        say(f"{statement}: {rows:,} constraints, {public:,} public inputs, {left:,} of {domain:,} left")
        assert rows <= 65_000
        assert rows + public + 1 <= domain
