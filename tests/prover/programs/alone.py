"""A program that chooses this prover itself, and is run by plain Python."""

import sys
from pathlib import Path

from zkmargin.prover.pysnark import use

use(Path(sys.argv[1]))

from pysnark.runtime import PrivVal, PubVal  # noqa: E402 - after the backend is chosen

(PrivVal(6) * PrivVal(7) - PubVal(42)).assert_zero()
