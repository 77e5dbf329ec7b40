"""Two who make a store in one place at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import InputError
from stook.storage import open_storage
from stook.store.repository import open_on
from tests.unit.store.aging import AgingStorage


@pytest.mark.parametrize("operation", [1, 2, 3])
def test_both_have_the_same_store(tmp_path: Path, operation: int) -> None:
    """Whenever the other was first, one store is made, and neither is told that something else is there."""
    storage = AgingStorage()
    others: list[str] = []

    def other() -> None:
        repository = open_on(storage.inner, cache=tmp_path / "other", owner="other")
        repository.storage.put_new("condemned/x", b"a thing that only a store has")
        others.append(repository.id)
        repository.close()

    storage.meddle_at(operation, other)
    ours = open_on(storage, cache=tmp_path / "ours", owner="us")
    assert others == [ours.id]
    ours.close()


def test_something_else_is_refused(tmp_path: Path) -> None:
    """A bucket that has objects, and is no store, is not made one."""
    storage = open_storage("memory:")
    storage.put_new("photos/cat.jpg", b"cat")
    with pytest.raises(InputError) as caught:
        open_on(storage, cache=tmp_path, owner="us")
    assert caught.value.kind == "not-a-store"
