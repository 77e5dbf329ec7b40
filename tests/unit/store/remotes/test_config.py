"""The object that lists a store's remotes: read with care, changed by compare-and-swap alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from stook.errors import ConflictError, FormatError
from stook.store.remotes.config import KEY, RemoteConfig, change_remotes, find_remote, read_remotes
from stook.testing import FaultyStorage
from tests.unit.store.remotes.conftest import OpenStore


def _config(name: str, context: str = "c1") -> RemoteConfig:
    return RemoteConfig(name, context, f"/{name}", "r1", "c2", {"region": "x"})


def test_nobody_overwrites_the_change_of_another(machine: OpenStore) -> None:
    """Of many who add remotes at the same time, each one's is there afterwards."""
    repository = machine("ann").repository

    def add(number: int) -> None:
        change_remotes(repository, lambda known: [*known, _config(f"r{number}")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    assert {one.name for one in read_remotes(repository)} == {f"r{number}" for number in range(12)}


def test_remotes_belong_to_contexts(machine: OpenStore) -> None:
    """Each context has remotes of its own, by name; without a context all are listed."""
    repository = machine("ann").repository
    assert read_remotes(repository) == ()
    change_remotes(repository, lambda _: [_config("z"), _config("a"), _config("a", "c9")])
    assert read_remotes(repository, "c1") == (_config("a"), _config("z"))
    assert len(read_remotes(repository)) == 3
    assert find_remote(repository, "c9", "a") == _config("a", "c9")
    assert find_remote(repository, "c9", "z") is None


def test_what_stays_as_it_is_is_not_written(machine: OpenStore) -> None:
    """A change that changes nothing needs no write."""
    repository = machine("ann").repository
    change_remotes(repository, lambda _: [_config("a")])
    repository.storage = counted = FaultyStorage(repository.storage)
    change_remotes(repository, lambda known: known)
    assert {operation.name for operation in counted.log} == {"get"}


def test_a_list_that_cannot_be_read_is_told(machine: OpenStore) -> None:
    """Damage is an error that says how to go on, and is not written over."""
    repository = machine("ann").repository
    repository.storage.put_new(KEY, b'{"remotes": [{"name": 1}]}')
    for act in (lambda: read_remotes(repository), lambda: change_remotes(repository, lambda _: [])):
        with pytest.raises(FormatError, match=r"remotes\.json") as caught:
            act()
        assert caught.value.kind == "bad-remotes"


def test_who_is_never_first_gives_up(machine: OpenStore) -> None:
    """Where others change the list each time, it is an error in the end and no endless loop."""
    repository = machine("ann").repository

    def always_late(known: tuple[RemoteConfig, ...]) -> list[RemoteConfig]:
        change_remotes(repository, lambda others: [*others, _config(f"r{len(others)}")])
        return [*known, _config("mine")]

    with pytest.raises(ConflictError) as caught:
        change_remotes(repository, always_late)
    assert caught.value.kind == "changed"
    assert "mine" not in {one.name for one in read_remotes(repository)}
