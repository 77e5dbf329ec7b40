"""Errors about content say whose it is, whether someone removed it, and which remotes were asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from stook.errors import IntegrityError, NotFoundError, StookError, StorageError
from stook.store.refresh import refresh
from stook.store.repository import Repository

__all__ = ["MISSING", "REMOTE_UNREACHABLE", "VERIFY", "collected", "in_bundle", "in_item", "naming"]

VERIFY = "stook verify --deep"
REMOTE_UNREACHABLE = "remote-unreachable"
"""The kind of the error for content that may be on a remote which cannot be asked."""
MISSING = frozenset({"missing-chunk", "missing-pack"})
"""The kinds of errors for content that is not there."""


@contextmanager
def naming(ref: str, item: str, repository: Repository) -> Iterator[None]:
    """Make an error of the block about content name the bundle and the item, each once and where there is one."""
    with in_bundle(ref, repository), in_item(item):
        yield


def in_bundle(ref: str, repository: Repository) -> AbstractContextManager[None]:
    """Make an error of the block about content name the bundle, once; not where the reference is empty.

    That is an `IntegrityError`, or the `StorageError` for content that is on a remote which cannot be reached. Where
    content is missing because the bundle was removed and garbage collected, it is a `NotFoundError` instead.
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
    """Make an error of the block about content name the item, once; a sole item has no path and is not named."""
    return _stating("item", path, f"item {path}: " if path else "")


@contextmanager
def _in_bundle(ref: str, repository: Repository) -> Iterator[None]:
    if repository.backing is not None:
        repository.backing.expect(_id(ref))
    try:
        with _stating("bundle", ref, f"{ref}: "):
            yield
    except IntegrityError as error:
        if error.kind in MISSING and _was_removed(ref, repository):
            raise collected(ref) from error
        if error.kind in MISSING and (asked := _find_asked(repository)):
            raise _nowhere(error, asked) from error
        raise


def _was_removed(ref: str, repository: Repository) -> bool:
    refresh(repository)  # another process may have done so
    return repository.catalog.find_removed(_id(ref)) is not None


def _find_asked(repository: Repository) -> tuple[str, ...]:
    return repository.backing.places() if repository.backing is not None else ()


def _nowhere(error: IntegrityError, asked: tuple[str, ...]) -> IntegrityError:
    """Return the error with the places that were asked for what is missing."""
    if "asked" in error.facts:
        return error
    message = f"{error.message}; nor is it on {', '.join(asked)}"
    return type(error)(message, kind=error.kind, hint=error.hint, **error.facts, asked=list(asked))


def _id(ref: str) -> str:
    return ref.rpartition("@")[2]


@contextmanager
def _stating(fact: str, name: str, prefix: str) -> Iterator[None]:
    try:
        yield
    except (IntegrityError, StorageError) as error:
        if fact in error.facts or not _is_about_content(error):
            raise
        facts = {**error.facts, fact: name}
        raise type(error)(
            prefix + error.message, kind=error.kind, hint=error.hint or VERIFY, **facts
        ) from error


def _is_about_content(error: StookError) -> bool:
    return isinstance(error, IntegrityError) or error.kind == REMOTE_UNREACHABLE
