"""From a name as people write it to a bundle."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from stook.catalog import BundleRow
from stook.errors import InputError, NotFoundError
from stook.format import records
from stook.model.record import BundleRecord
from stook.model.refs import Ref, parse_ref

if TYPE_CHECKING:
    from stook.store.store import Store

__all__ = ["find_row", "get_row"]


def find_row(store: Store, ref: str) -> BundleRow | None:
    """Return what the catalog has under `name`, `name@id`, `name@part-of-id` or an id; None where nothing.

    Raises:
        InputError: The text is no reference, or part of several ids.
    """
    wanted = parse_ref(ref)
    catalog, context = store.repository.catalog, store.find_context_id()
    if wanted.id and len(wanted.id) == 26:
        row = catalog.find_bundle(wanted.id)
        return row if row and wanted.name in {"", _name(row)} else None
    if context is None:
        return None
    if wanted.id:
        rows = catalog.find_prefix(context, wanted.name, wanted.id)
        if len(rows) > 1:
            raise InputError(
                f"{ref} stands for several versions", kind="ambiguous-ref", hint="give more of the id"
            )
        return rows[0] if rows else None
    return None if wanted.alias else catalog.find_latest(context, wanted.name)


def get_row(store: Store, ref: str) -> BundleRow:
    """Return what the catalog has under a reference.

    Raises:
        NotFoundError: There is nothing; the hint names what is near.
    """
    row = find_row(store, ref)
    if row is None:
        raise _not_found(store, parse_ref(ref))
    return row


def _name(row: BundleRow) -> str:
    record = records.load(row.payload)
    return record.name if isinstance(record, BundleRecord) else ""


def _not_found(store: Store, ref: Ref) -> NotFoundError:
    context = store.find_context_id()
    names = store.repository.catalog.names(context) if context else []
    if ref.name in names:
        message = (
            f"{ref.name} has no version {ref.id}" if ref.id else f"{ref.name} has no alias {ref.alias!r}"
        )
        return NotFoundError(message, kind="version-not-found", hint=f"stook show {ref.name}", name=ref.name)
    near = difflib.get_close_matches(ref.name, names, n=1, cutoff=0.5)
    return NotFoundError(
        f"no bundle {str(ref)!r} in the context {store.context!r}",
        kind="bundle-not-found",
        hint=f"did you mean {near[0]}?" if near else "stook ls shows what there is",
        name=ref.name,
    )
