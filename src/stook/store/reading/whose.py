"""Errors about damaged content say whose content it is: the bundle's, and the item's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from stook.errors import IntegrityError

__all__ = ["VERIFY", "in_bundle", "in_item", "naming"]

VERIFY = "stook verify --deep"


@contextmanager
def naming(ref: str, item: str) -> Iterator[None]:
    """Make an `IntegrityError` of the block name the bundle and the item, each once and where there is one."""
    with in_bundle(ref) if ref else nullcontext(), in_item(item):
        yield


@contextmanager
def in_bundle(ref: str) -> Iterator[None]:
    """Make an `IntegrityError` of the block name the bundle, once."""
    try:
        yield
    except IntegrityError as error:
        raise _named(error, f"{ref}: ", "bundle", ref) from error


@contextmanager
def in_item(path: str) -> Iterator[None]:
    """Make an `IntegrityError` of the block name the item, once; a sole item has no path and is not named."""
    try:
        yield
    except IntegrityError as error:
        raise _named(error, f"item {path}: " if path else "", "item", path) from error


def _named(error: IntegrityError, prefix: str, fact: str, name: str) -> IntegrityError:
    if fact in error.facts:
        return error
    facts = {**error.facts, fact: name}
    return type(error)(prefix + error.message, kind=error.kind, hint=error.hint or VERIFY, **facts)
