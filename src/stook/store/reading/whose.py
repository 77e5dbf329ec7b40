"""Errors about lost content say whose content it is, the bundle's and the item's, and whether someone removed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from stook.errors import IntegrityError, NotFoundError
from stook.store.refresh import refresh
from stook.store.repository import Repository

__all__ = ["VERIFY", "collected", "in_bundle", "in_item", "naming"]

VERIFY = "stook verify --deep"
_MISSING = frozenset({"missing-chunk", "missing-pack"})


@contextmanager
def naming(ref: str, item: str, repository: Repository) -> Iterator[None]:
    """Make an `IntegrityError` of the block name the bundle and the item, each once and where there is one."""
    with in_bundle(ref, repository), in_item(item):
        yield


def in_bundle(ref: str, repository: Repository) -> AbstractContextManager[None]:
    """Make an `IntegrityError` of the block name the bundle, once; not where the reference is empty.

    Where content is missing because the bundle was removed and garbage collected, it is a `NotFoundError` instead.
    """
    return _in_bundle(ref, repository) if ref else nullcontext()


def collected(ref: str) -> NotFoundError:
    """Return the error for a bundle, as `name@id`, that was removed and whose content was collected."""
    return NotFoundError(
        f"{ref} was removed, and its content has been collected since",
        kind="collected",
        hint="add it again from where it came",
        bundle=ref.rpartition("@")[2],
    )


def in_item(path: str) -> AbstractContextManager[None]:
    """Make an `IntegrityError` of the block name the item, once; a sole item has no path and is not named."""
    return _stating("item", path, f"item {path}: " if path else "")


@contextmanager
def _in_bundle(ref: str, repository: Repository) -> Iterator[None]:
    try:
        with _stating("bundle", ref, f"{ref}: "):
            yield
    except IntegrityError as error:
        if error.kind in _MISSING and _was_removed(ref, repository):
            raise collected(ref) from error
        raise


def _was_removed(ref: str, repository: Repository) -> bool:
    refresh(repository)  # another process may have done so
    return repository.catalog.find_removed(ref.rpartition("@")[2]) is not None


@contextmanager
def _stating(fact: str, name: str, prefix: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if fact in error.facts:
            raise
        facts = {**error.facts, fact: name}
        raise type(error)(
            prefix + error.message, kind=error.kind, hint=error.hint or VERIFY, **facts
        ) from error
