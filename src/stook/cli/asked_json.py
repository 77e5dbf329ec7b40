"""What the commands of one call tell each other about JSON: whether it was asked for, and whether any was printed."""

from __future__ import annotations

import click

__all__ = ["AS_JSON", "PRINTED", "note_printed"]

AS_JSON = "stook.as-json"
PRINTED = "stook.json-printed"


def note_printed() -> None:
    """Remember that a document was begun: a second one, about what went wrong, would make both unreadable."""
    called = click.get_current_context(silent=True)
    if called is not None:
        called.meta[PRINTED] = True
