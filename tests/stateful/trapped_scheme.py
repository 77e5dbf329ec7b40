"""A scheme of storages as an installed package would bring it: `trapped:NAME` is what a test has put there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from stook.storage.protocol import Storage

__all__ = ["PLACES", "installed", "open_trapped"]

PLACES: dict[str, Storage] = {}
_ENTRY_POINTS = "[stook.storages]\ntrapped = tests.stateful.trapped_scheme:open_trapped\n"


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Let the scheme be known for as long as the block lasts, as that of a package that is installed in a folder."""
    (folder / "trapped-0.dist-info").mkdir()
    (folder / "trapped-0.dist-info" / "entry_points.txt").write_text(_ENTRY_POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def open_trapped(url: str, _options: Mapping[str, str]) -> Storage:
    """Return the storage of a name."""
    return PLACES[url.partition(":")[2]]
