"""A constraint that does not hold, added past PySNARK's own check."""

from pysnark.runtime import LinComb, PrivVal, PubVal, add_constraint_unsafe

hidden = PrivVal(987654321)
PubVal(3).assert_nonzero()
add_constraint_unsafe(hidden, LinComb.ONE, LinComb.ZERO)
