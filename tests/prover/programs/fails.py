"""A program that PySNARK stops: 987654321 is hidden and not zero."""

from pysnark.runtime import PrivVal

PrivVal(987654321).assert_zero()
