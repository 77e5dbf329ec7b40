"""Two stores that share bundles through a remote, and one who watches it."""

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from stook.errors import ConflictError, StookError, StorageError
from stook.store import Bundle, Store
from stook.store.open import reopen
from stook.store.verify import verify

__all__ = [
    "CONTEXT",
    "SECRET",
    "add_some",
    "attempt",
    "check_contents",
    "check_sound",
    "open_store",
    "told",
    "watched",
]

CONTEXT = "team"
SECRET = "test-secret-access-key-of-nobody"  # noqa: S105 - nobody's
_SIZES = (10, 6_000, 150_000, 400_000)
_WEIGHTS = (3, 4, 3, 1)
_Result = TypeVar("_Result")


@lru_cache(64)
def _content(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size // 2) + bytes(size - size // 2)


def open_store(url: Path | str, cache: Path, owner: str) -> Store:
    """Open a store as a machine with this cache."""
    return reopen(str(url), CONTEXT, str(cache), owner)


def add_some(store: Store, chance: random.Random, folder: Path, count: int = 4) -> list[Bundle]:
    """Add bundles of random sizes, some made from others and some of equal content, and commit them."""
    made: list[Bundle] = []
    for _ in range(count):
        seed, size = chance.randrange(6), chance.choices(_SIZES, _WEIGHTS)[0]
        data: object = _content(seed, size)
        if chance.random() < 0.5:
            data = folder / f"given-{seed}-{size}" / "file"
            data.parent.mkdir(exist_ok=True)
            data.write_bytes(_content(seed, size))
        inputs = chance.sample(made, 1) if made and chance.random() < 0.3 else []
        name = f"n{chance.randrange(3)}"
        bundle = store.add(name, {"seed": seed, "size": size, "content": data}, inputs=inputs)
        made.append(store.commit(bundle, "for all"))
        if chance.random() < 0.4:
            store.tag(bundle, word=str(chance.randrange(9)))
        if chance.random() < 0.4:
            store.alias("prod", bundle)
    return made


def check_contents(bundles: Collection[Bundle]) -> None:
    """See that bundles have what was added."""
    for bundle in bundles:
        data = bundle.data
        found = data["content"]
        found = found.read_bytes() if isinstance(found, Path) else found
        assert found == _content(data["seed"], data["size"]), f"{bundle.ref} has not what was added"


def told(store: Store) -> dict[str, object]:
    """Return all that a store says of its bundles, but for their contents."""
    said: dict[str, object] = {
        bundle.id: (
            bundle.name,
            bundle.digest,
            bundle.tags,
            bundle.committed.message if bundle.committed else None,
            tuple(used.id for used in bundle.inputs),
        )
        for bundle in store.search()
    }
    return said | {
        f"{alias.name}@{alias.alias}": [move.id for move in alias.moves]
        for alias in store.aliases(dropped=True)
    }


def check_sound(*stores: Store) -> None:
    """See that nothing is wrong with what stores have."""
    for store in stores:
        found = verify(store, deep=True, quarantine=False)
        assert found.is_clean, (store, found.problems)


def attempt(act: Callable[[], _Result]) -> _Result | StookError:
    """Do something that may fail, and return the error if it is one that says what to do and tells no secret."""
    try:
        return act()
    except StookError as error:
        _check_error(error)
        return error


def _check_error(error: StookError) -> None:
    assert isinstance(error, StorageError | ConflictError), repr(error)
    assert error.exit_code in {6, 7}
    assert error.message
    assert error.kind not in {"bug", ""}
    text = "".join(traceback.format_exception(error)) + repr(error.facts)
    assert SECRET not in text
    assert "X-Amz-" not in text
    assert not [cause for cause in _causes(error) if type(cause).__module__.startswith("obstore")]


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield cause
        yield from _causes(cause)


@contextmanager
def watched(reader: Store, fresh: Collection[str]) -> Iterator[None]:
    """Let someone look at a store all the while, who must see all of `fresh` or nothing, and be able to read it."""
    over, begun = threading.Event(), threading.Event()
    before = {bundle.id for bundle in reader.search()}

    def look() -> None:
        read = set(before)
        while True:
            is_last = over.is_set()
            there = {bundle.id: bundle for bundle in reader.search()}
            news = there.keys() - before
            assert news in (set(), set(fresh) - before), "a part of a push is visible"
            check_contents([there[new] for new in news - read])
            read |= news
            begun.set()
            if is_last:
                return

    with ThreadPoolExecutor(1) as pool:
        watcher = pool.submit(look)
        watcher.add_done_callback(lambda _: begun.set())
        begun.wait()
        try:
            yield
        finally:
            over.set()
        watcher.result()
