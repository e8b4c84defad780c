"""Portfolios from the venues' own responses, one module a venue: read exactly, and held against the venue's own totals.

Foreign responses grow, so unknown fields are no errors unless they are called like something of value and are not zero;
a missing or ill-typed one is one sentence with its path. What is not whole, or not understood, is refused.
"""

from .aave import import_aave
from .binance import import_binance
from .deribit import import_deribit
from .derive import import_derive
from .dydx import import_dydx
from .hyperliquid import import_hyperliquid
from .market import MARKETS, import_market
from .naming import Naming
from .portfolio import Imported, import_csv, rounded_to_steps
from .response import Response

__all__ = [
    "MARKETS",
    "Imported",
    "Naming",
    "Response",
    "import_aave",
    "import_binance",
    "import_csv",
    "import_deribit",
    "import_derive",
    "import_dydx",
    "import_hyperliquid",
    "import_market",
    "rounded_to_steps",
]
