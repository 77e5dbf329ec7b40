"""The names at the front door."""

from __future__ import annotations

import stook

EXPORTED = [
    "Bundle",
    "Partition",
    "StookError",
    "Store",
    "Task",
    "__version__",
    "checks",
    "env",
    "export",
    "external",
    "import_disdat",
    "open",
    "partitions",
    "path",
    "plan",
    "predict",
    "run",
    "source",
    "task",
    "why",
]


def test_exports_are_frozen() -> None:
    """`stook.__all__` is what it was; a name is added or taken away on purpose and with a changelog entry."""
    assert sorted(stook.__all__) == EXPORTED


def test_every_export_resolves() -> None:
    """Each name at the front door leads to something, and `dir` shows it."""
    assert all(getattr(stook, name) is not None for name in stook.__all__)
    assert set(stook.__all__) <= set(dir(stook))
