"""What an error tells whoever meets it."""

from __future__ import annotations

import copy
import traceback

from stook.errors import InputError, NotFoundError


def test_a_traceback_shows_what_to_try() -> None:
    """In Python, too, an error ends with the next thing to do, and once only, from another process as well."""
    error = copy.copy(
        NotFoundError("there is no x", kind="x-not-found", hint="stook ls", x=1)
    )  # as by pickle
    shown = "".join(traceback.format_exception(error))
    assert shown == "stook.errors.NotFoundError: there is no x\ntry: stook ls\n"
    assert (str(error), error.kind, error.facts) == ("there is no x", "x-not-found", {"x": 1})
    assert not hasattr(InputError("no"), "__notes__")
