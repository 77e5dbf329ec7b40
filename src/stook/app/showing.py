"""What there is to say of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stook.errors import StookError
from stook.format import values
from stook.model.tree import Leaf, Object
from stook.store import Bundle, Store
from stook.store.reading.describing import item_facts, table_shape
from stook.store.reading.summary import summarise

__all__ = ["Details", "Item", "describe"]


@dataclass(frozen=True, slots=True)
class Item:
    """One leaf of a bundle.

    Attributes:
        path: Where in the tree; `stook cat` and `stook get` take it.
        kind: `value`, `file`, `folder`, or the kind of an object such as `frame`.
        about: What it is in a few words.
        size: Bytes.
        digest: Of the content; empty for a folder.
        columns: Name and type of each column of a table; empty where it is none, or cannot be read.
    """

    path: str
    kind: str
    about: str
    size: int
    digest: str
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """Everything about one bundle, as plain values in the order in which a reader wants them.

    Parameters are the tagged JSON of the repository format, times are ISO 8601 in UTC.
    """

    ref: str
    name: str
    id: str
    digest: str
    time: str
    owner: str
    size: int
    task: str
    committed: dict[str, str] | None
    aliases: tuple[str, ...]
    versions: int
    tags: dict[str, str]
    params: dict[str, object]
    items: tuple[Item, ...]
    sources: tuple[str, ...]
    inputs: tuple[dict[str, str], ...]
    code: dict[str, str]
    environment: dict[str, object]
    seconds: float | None
    fingerprint: str


def describe(store: Store, bundle: Bundle) -> Details:
    """Gather everything about a bundle, without loading its data.

    Args:
        store: The store that it was had from.
        bundle: The bundle.
    """
    lineage = bundle.lineage
    environment = lineage.environment
    about = {name: getattr(environment, name) for name in environment.__struct_fields__}
    return Details(
        ref=bundle.ref,
        name=bundle.name,
        id=bundle.id,
        digest=bundle.digest,
        time=bundle.time.isoformat(timespec="seconds"),
        owner=bundle.owner,
        size=bundle.size,
        task=bundle.task,
        committed=plain_commit(bundle),
        aliases=_aliases(store, bundle),
        versions=store.repository.catalog.count_versions(bundle.record.context, bundle.name),
        tags=dict(bundle.tags),
        params={name: values.to_json(value) for name, value in bundle.params.items()},
        items=tuple(_item(bundle, path, leaf) for path, leaf in bundle.items()),
        sources=lineage.sources,
        inputs=tuple({"role": i.role, "name": i.name, "id": i.id, "digest": i.digest} for i in bundle.inputs),
        code=lineage.code,
        environment={name: value for name, value in about.items() if value not in ("", {}, None)},
        seconds=(lineage.ended - lineage.started) / 1e6 if lineage.ended else None,
        fingerprint=bundle.fingerprint,
    )


def plain_commit(bundle: Bundle) -> dict[str, str] | None:
    """Return why a bundle is kept, who said so, and when; None where it is scratch."""
    commit = bundle.committed
    if commit is None:
        return None
    time = commit.time.isoformat(timespec="seconds")
    return {"message": commit.message, "owner": commit.owner, "time": time}


def _aliases(store: Store, bundle: Bundle) -> tuple[str, ...]:
    return tuple(found.alias for found in store.aliases(bundle.name) if found.id == bundle.id)


def _item(bundle: Bundle, path: str, leaf: Leaf) -> Item:
    item = summarise(path, leaf)
    found = Item(item.path, item.kind, item.about, item.size, item.digest)
    if not isinstance(leaf, Object):
        return found
    try:
        if leaf.kind == "frame":
            return replace(found, columns=table_shape(bundle.repository, leaf).columns)
        return replace(found, about=_about(item_facts(bundle.repository, leaf)) or found.about)
    except StookError as error:  # the rest is worth showing
        return replace(found, about=f"{found.about}; {error.message}".lstrip("; "))


def _about(facts: dict[str, object]) -> str:
    """Return an array's shape and type, such as `3x4 float64`."""
    shape, dtype = facts.get("shape"), facts.get("dtype")
    return f"{'x'.join(map(str, shape))} {dtype}".strip() if isinstance(shape, list) else ""
