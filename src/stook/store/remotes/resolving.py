"""From what people name to the bundles of a remote, as far as is known of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from stook.catalog import BundleRow
from stook.errors import InputError, NotFoundError
from stook.format import records
from stook.model.record import BundleRecord
from stook.model.refs import FULL_ID, Ref, check_name, may_be_part, parse_ref
from stook.store.remotes.remote import Remote
from stook.store.words.alias import find_alias

__all__ = ["get_there"]


def get_there(remote: Remote, names: Sequence[str], version: str) -> list[BundleRecord]:
    """Return the bundles of a remote that references stand for.

    Args:
        remote: The remote; what is known of it is up to date.
        names: The references.
        version: The version, or an alias, of the only name; empty where that is part of the references.

    Raises:
        NotFoundError: The remote has no such bundle.
        InputError: A reference makes no sense.
    """
    return [_get(remote, ref) for ref in _refs(names, version)]


def _refs(names: Sequence[str], version: str) -> list[Ref]:
    refs = [parse_ref(name) for name in names]
    if not version:
        return refs
    if len(refs) != 1 or refs[0].id or refs[0].alias:
        raise InputError(
            "a version goes with one name", kind="bad-version", hint="write stook pull NAME --version VERSION"
        )
    return [parse_ref(f"{refs[0].name}@{version}")]


def _get(remote: Remote, ref: Ref) -> BundleRecord:
    rows = _rows_there(remote, ref)
    if len(rows) > 1:
        raise InputError(
            f"{ref} stands for several versions", kind="ambiguous-ref", hint="give more of the id"
        )
    record = records.load_bundle(rows[0].payload) if rows else None
    mapped = record is not None and record.context == remote.config.remote_context
    if record is None or not mapped or ref.name not in {"", record.name}:
        raise _not_there(remote, ref)
    return record


def _rows_there(remote: Remote, ref: Ref) -> list[BundleRow]:
    catalog, context = remote.repository.catalog, remote.config.remote_context
    if len(ref.id) == FULL_ID:
        return _one(catalog.find_bundle(ref.id))
    if ref.id:
        return catalog.find_prefix(context, ref.name, ref.id)
    if not ref.alias:
        latest = catalog.find_latest(context, check_name(ref.name))
        is_part = latest is None and may_be_part(ref.name)
        return catalog.find_prefix(context, "", ref.name) if is_part else _one(latest)
    alias = find_alias(remote.repository, context, ref.name, ref.alias)
    if alias is not None and alias.id is not None:
        return _one(catalog.find_bundle(alias.id))
    return catalog.find_prefix(context, ref.name, ref.alias) if may_be_part(ref.alias) else []


def _not_there(remote: Remote, ref: Ref) -> NotFoundError:
    config = remote.config
    names = remote.repository.catalog.names(config.remote_context)
    import difflib

    near = difflib.get_close_matches(ref.name, names, n=1, cutoff=0.5) if ref.name not in names else []
    name = shlex.join([ref.name]) if ref.name in names else ""
    listing = f"stook ls --remote {shlex.quote(config.name)} {name}".rstrip()
    return NotFoundError(
        f"the remote {config.name} has no {str(ref)!r}",
        kind="bundle-not-found",
        hint=f"did you mean {near[0]}?" if near else f"{listing} shows what it has",
        name=ref.name,
    )


def _one(row: BundleRow | None) -> list[BundleRow]:
    return [row] if row else []
