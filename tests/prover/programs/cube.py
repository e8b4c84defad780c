"""The cube of a public number, and a hidden size that a public price brings to -100."""

import sys

from pysnark.runtime import PrivVal, PubVal, snark


@snark
def cube(x):
    return x * x * x


print("the cube is", cube(int(sys.argv[1])))
size = PrivVal(25)
price = PubVal(-4)
(price * size + 100).assert_zero()
size.assert_nonzero()
(size / 5 - PrivVal(5)).assert_zero()
