"""The remote that is meant where none is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from stook.errors import NotFoundError
from stook.store import Store
from tests.unit.store.remotes.conftest import OpenStore


def _has(store: Store, *names: str, folder: Path) -> Store:
    for name in names:
        store.add_remote(name, str(folder / name))
    return store


@pytest.mark.parametrize(("names", "meant"), [(("backup",), "backup"), (("backup", "origin"), "origin")])
def test_the_only_one_or_origin_is_meant(
    tmp_path: Path, machine: OpenStore, names: tuple[str, ...], meant: str
) -> None:
    """Every verb goes to the only remote, and to origin where there are several, and says which that was."""
    ann = _has(machine("ann"), *names, folder=tmp_path)
    ann.add("raw", 1)
    assert ann.push("raw").remote == ann.fetch().remote == ann.pull().remote == meant
    there = ann.at_remote()
    assert (there.repository.url, len(there.ls())) == (str(tmp_path / meant), 1)
    there.close()


def test_of_several_one_must_be_named(tmp_path: Path, machine: OpenStore) -> None:
    """Where none of several is origin, every verb says which there are."""
    ann = _has(machine("ann"), "backup", "mirror", folder=tmp_path)
    for verb in (ann.push, ann.pull, ann.fetch, ann.at_remote):
        with pytest.raises(NotFoundError, match="it has backup, mirror") as caught:
            verb()
        assert (caught.value.kind, caught.value.hint) == (
            "remote-not-found",
            "name one of them, such as backup",
        )


def test_a_mistyped_name_is_told_the_near_one(tmp_path: Path, machine: OpenStore) -> None:
    """Who misses a letter is asked whether that remote was meant; who names another is told how to add it."""
    ann = _has(machine("ann"), "backup", "origin", folder=tmp_path)
    with pytest.raises(NotFoundError) as caught:
        ann.fetch("orign")
    assert caught.value.hint == "did you mean origin?"
    with pytest.raises(NotFoundError) as caught:
        ann.fetch("team")
    assert caught.value.hint == "stook remote add team URL"
