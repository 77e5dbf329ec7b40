"""Where in a file something is written, for errors to say."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["where_is"]


def where_is(owner: Any, name: str = "") -> str:
    """Return `file.py:12: `, the place of a class or function, or of an attribute in it; empty where not known.

    Read from the source only when asked, which is when something is wrong with it.
    """
    import inspect

    found = inspect.getattr_static(owner, "function", None)  # which no descriptor of the user's gets to see
    function = found.__func__ if isinstance(found, staticmethod) else owner
    try:
        file = inspect.getsourcefile(function)
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return ""
    if not file:
        return ""
    at = re.compile(rf"\s*(?:def\s+)?{re.escape(name)}\s*[:=(]") if name else None
    places = [number for number, line in enumerate(lines) if at and at.match(line)]
    return f"{file}:{max(first, 1) + (places[0] if places else 0)}: "
