"""Risk arrays: instruments repriced under scenarios, rounded once into public integer cells.

Needs numpy and scipy (`pip install "zkmargin[risk]"`), which are loaded when a table is made and not before.
"""

from .arrays import RiskArrays, risk_arrays
from .shocks import (
    Expiry,
    Scenario,
    SkewShock,
    Strike,
    VolMove,
    VolShock,
    discount_factor,
    linear_moves,
    shocked_vol,
)

__all__ = [
    "Expiry",
    "RiskArrays",
    "Scenario",
    "SkewShock",
    "Strike",
    "VolMove",
    "VolShock",
    "discount_factor",
    "linear_moves",
    "risk_arrays",
    "shocked_vol",
]
