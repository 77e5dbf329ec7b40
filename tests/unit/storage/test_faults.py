"""A storage that fails on purpose."""

from __future__ import annotations

import pytest

from stook.errors import InputError, NotFoundError, StorageError
from stook.storage import Entry, Storage, open_storage
from stook.testing import Crash, Fault, FaultyStorage, Operation, StorageTests, random_faults


class TestWithoutFaults(StorageTests):
    """With no faults it is a storage like any other."""

    @pytest.fixture
    def storage(self) -> Storage:
        """Memory behind it."""
        return FaultyStorage(open_storage("memory:"))


def test_error_before_does_nothing() -> None:
    """The write did not happen, and the next one goes through."""
    storage = FaultyStorage(open_storage("memory:"), [Fault("error-before", 1)])
    with pytest.raises(StorageError, match="before put_new 'a', operation 1"):
        storage.put_new("a", b"x")
    with pytest.raises(NotFoundError):
        storage.get("a")
    storage.put_new("a", b"x")


def test_error_after_has_done_it() -> None:
    """The write happened and its answer was lost."""
    inner = open_storage("memory:")
    storage = FaultyStorage(inner, [Fault("error-after", 1), Fault("error-after", 3, "put_new")])
    with pytest.raises(StorageError) as caught:
        storage.put_new("a", b"x")
    assert caught.value.kind == "injected"
    assert inner.get("a").data == b"x"
    storage.put_new("b", b"x")
    assert [entry.key for entry in storage.list()] == ["a", "b"]
    with pytest.raises(StorageError):
        storage.put_new("c", b"x")
    assert inner.get("c").data == b"x"


@pytest.mark.parametrize(("kind", "data"), [("truncate", b"0123"), ("flip", b"01235567")])
def test_damaged_reads(kind: str, data: bytes) -> None:
    """What is read is short by half or wrong in one bit, once; what is stored stays whole."""
    inner = open_storage("memory:")
    inner.put_new("a", b"01234567")
    faults = [Fault(kind, 1, "get"), Fault(kind, 1, "get_range")]
    storage = FaultyStorage(inner, faults)
    assert storage.get("a").data == data
    assert storage.get_range("a", 0, 8) == data
    assert storage.get("a").data == storage.get_range("a", 0, 8) == b"01234567"


@pytest.mark.parametrize(("kind", "written"), [("crash-before", 1), ("crash-after", 2)])
def test_crash_is_final(kind: str, written: int) -> None:
    """No `except Exception` swallows a crash, and nothing is done after it, clean-up included."""
    inner = open_storage("memory:")
    storage = FaultyStorage(inner, [Fault(kind, 2)])

    swallowed = []

    def write_all() -> None:
        try:
            for name in "abc":
                storage.put_new(name, b"x")
        except Exception as error:  # noqa: BLE001  as careless code would
            swallowed.append(error)
        finally:
            storage.delete("a")

    with pytest.raises(Crash):
        write_all()
    assert swallowed == []
    assert len(list(inner.list())) == written
    for call in (lambda: storage.get("a"), storage.list, lambda: storage.put_new("z", b"")):
        with pytest.raises(Crash):
            call()
    assert len(storage.log) == 2


def test_listing_breaks_off() -> None:
    """A fault after a listing comes when its entries were given, one before it gives none."""
    inner = open_storage("memory:")
    inner.put_new("a", b"x")
    storage = FaultyStorage(inner, [Fault("error-after", 1), Fault("error-before", 2)])
    entries = storage.list()
    assert next(entries) == Entry("a", 1)
    with pytest.raises(StorageError):
        next(entries)
    with pytest.raises(StorageError):
        storage.list()


def test_log() -> None:
    """The log has every operation with its number, name, key and fault."""
    storage = FaultyStorage(open_storage("memory:"), [Fault("error-after", 1, "delete")])
    storage.put_new("a", b"x")
    with pytest.raises(StorageError):
        storage.delete("a")
    list(storage.list("folder"))
    assert storage.log == (
        Operation(1, "put_new", "a"),
        Operation(2, "delete", "a", "error-after"),
        Operation(3, "list", "folder"),
    )


def test_random_faults_repeat() -> None:
    """One seed gives the same faults again, another seed others, about as many as the rate says."""
    faults = random_faults(7, operations=1000, rate=0.2)
    assert faults == random_faults(7, operations=1000, rate=0.2)
    assert faults != random_faults(8, operations=1000, rate=0.2)
    assert 150 < len(faults) < 250
    assert {fault.kind for fault in faults} == {"error-before", "error-after", "truncate", "flip"}
    assert all(1 <= fault.number <= 1000 for fault in faults)
    assert random_faults(7, operations=1000, rate=0.0) == ()


@pytest.mark.parametrize("fault", [("explode", 1, None), ("flip", 0, None), ("flip", 1, "post")])
def test_faults_that_are_none(fault: tuple[str, int, str | None]) -> None:
    """A misspelt fault is refused, lest a test pass because nothing went wrong."""
    with pytest.raises(InputError):
        Fault(*fault)
