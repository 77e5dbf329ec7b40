"""The turn of whoever parses Python: one thread at a time."""

from __future__ import annotations

import threading
from typing import Final

__all__ = ["PARSING"]

PARSING: Final = threading.Lock()
"""To be held while `ast.parse` is called: Python 3.11 counts the depth of all trees that are being made together, and
raises SystemError where two threads make some."""
