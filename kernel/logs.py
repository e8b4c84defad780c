"""What was done, for those who listen: the logger `zkmargin`, to which no amount, holding, salt or witness is written.

Nothing is loaded for it: where nobody has imported `logging`, nobody listens.
"""

from __future__ import annotations

import sys
from typing import Literal

__all__ = ["note"]

_LOGGER = "zkmargin"


def note(level: Literal["debug", "info", "warning"], message: str, *values: object) -> None:
    """Log a sentence, its values in %-style. Without a handler nothing is printed, warnings neither."""
    logging = sys.modules.get("logging")
    if logging is None or not hasattr(logging, "NullHandler"):  # being imported at this moment
        return
    logger = logging.getLogger(_LOGGER)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.log(getattr(logging, level.upper()), message, *values)
