"""From a name as people write it to a bundle."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stook.catalog import BundleRow
from stook.errors import InputError, NotFoundError
from stook.format import records
from stook.model.record import BundleRecord
from stook.model.refs import FULL_ID, Ref, may_be_part, parse_ref

if TYPE_CHECKING:
    from stook.store.view import View

__all__ = ["find_row", "get_row", "name_not_found"]


def find_row(store: View, ref: str) -> BundleRow | None:
    """Return what the catalog has under a name, `name@alias`, `name@id`, an id, or part of one, or None.

    Raises:
        InputError: The text is no reference, or part of several ids.
    """
    wanted = parse_ref(ref)
    catalog, context = store.repository.catalog, store.find_context_id()
    if wanted.id and len(wanted.id) == FULL_ID:
        row = catalog.find_bundle(wanted.id)
        return row if row and wanted.name in {"", _name(row)} else None
    if context is None:
        return None
    if wanted.id:
        return _find_part(catalog.find_prefix(context, wanted.name, wanted.id), ref)
    if wanted.alias:
        from stook.store.words.alias import find_alias

        alias = find_alias(store.repository, context, wanted.name, wanted.alias)
        if alias and alias.id:
            return catalog.find_bundle(alias.id)
        is_part = may_be_part(wanted.alias)
        return _find_part(catalog.find_prefix(context, wanted.name, wanted.alias), ref) if is_part else None
    latest = catalog.find_latest(context, wanted.name)
    if latest is None and may_be_part(ref):  # the end of one, as listings show it
        return _find_part(catalog.find_prefix(context, "", ref), ref)
    return latest


def _find_part(rows: list[BundleRow], ref: str) -> BundleRow | None:
    if len(rows) > 1:
        raise InputError(
            f"{ref} stands for several versions", kind="ambiguous-ref", hint="give more of the id"
        )
    return rows[0] if rows else None


def get_row(store: View, ref: str) -> BundleRow:
    """Return what the catalog has under a reference.

    Raises:
        NotFoundError: There is nothing; the hint names what is near.
    """
    row = find_row(store, ref)
    if row is None:
        raise _not_found(store, parse_ref(ref))
    return row


def name_not_found(store: View, name: str) -> NotFoundError:
    """Return the error for a name of which there is no version; its hint names what is near."""
    return _not_found(store, Ref(name))


def _name(row: BundleRow) -> str:
    record = records.load(row.payload)
    return record.name if isinstance(record, BundleRecord) else ""


def _not_found(store: View, ref: Ref) -> NotFoundError:
    context = store.find_context_id()
    catalog = store.repository.catalog
    names = catalog.names(context) if context else []
    name = shlex.quote(ref.name)
    if ref.id and len(ref.id) == FULL_ID and catalog.find_removed(ref.id):
        return NotFoundError(
            f"{ref} was removed", kind="version-removed", hint=f"stook restore {ref.id}", name=ref.name
        )
    if ref.name in names and ref.alias:
        from stook.store.words.alias import alias_not_found

        return alias_not_found(store, ref.name, ref.alias)
    if ref.name in names:
        message = f"{ref.name} has no version {ref.id}"
        return NotFoundError(message, kind="version-not-found", hint=f"stook log {name}", name=ref.name)
    if ref.name and context and catalog.removed(context, ref.name):
        return NotFoundError(
            f"all versions of {ref.name} were removed",
            kind="bundle-removed",
            hint=f"stook restore {name}",
            name=ref.name,
        )
    import difflib

    near = difflib.get_close_matches(ref.name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "stook ls shows what there is"
    if context is None and store.contexts():
        hint = "stook context lists the contexts; there is none of that name"
    message = f"no bundle {str(ref)!r} in the context {store.context!r}"
    return NotFoundError(message, kind="bundle-not-found", hint=hint, name=ref.name)
