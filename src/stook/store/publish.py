"""The order of writes that makes a bundle: chunks, then the manifest's, then the log line that commits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from stook.errors import InputError
from stook.format import manifests, trees, values
from stook.format.encoding import to_json
from stook.model.clock import is_id
from stook.model.lineage import Input, Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.refs import check_name
from stook.model.tree import Folder, Node, iter_items
from stook.store.keeping_code import keep_code, remember_code
from stook.store.stamp import append_relying

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.packs.writing import BundleWriter
    from stook.store.store import Store

__all__ = ["Description", "check_tags", "expect_latest", "publish"]

_INLINE_MANIFEST = 16 * 1024
_MAX_TAGS = 16 * 1024
_NAMED_PACKS = 256
_NAMED_INPUTS = 256


class Description(msgspec.Struct, frozen=True):
    """What is said of a bundle besides its data."""

    name: str
    params: dict[str, object]
    tags: dict[str, str]
    lineage: Lineage
    code: bytes | None = None

    @classmethod
    def of(
        cls,
        name: str,
        *,
        params: Mapping[str, object] | None,
        tags: Mapping[str, str] | None,
        inputs: Mapping[str, Bundle] | Iterable[Bundle],
        lineage: Lineage | None,
        code: bytes | None = None,
    ) -> Description:
        """Check and freeze it.

        Raises:
            InputError: The name is none, a tag is no string, or a parameter is no plain value.
        """
        lineage = lineage or Lineage(task="add")
        used = _inputs(inputs)
        return cls(
            name=check_name(name),
            params=_params(params or lineage.params),
            tags=check_tags(tags or {}),
            lineage=replace_inputs(lineage, used) if used else lineage,
            code=code,
        )


def replace_inputs(lineage: Lineage, inputs: tuple[Input, ...]) -> Lineage:
    """Return the lineage with other inputs."""
    return msgspec.structs.replace(lineage, inputs=inputs)


def expect_latest(store: Store, writer: BundleWriter, name: str) -> None:
    """Let a writer share chunks with the newest version of a name, whoever wrote it, though its packs are far away."""

    def find_packs() -> Sequence[str]:
        latest = store.find(name)
        return latest.record.packs if latest is not None else ()

    writer.index.expect(find_packs)


def publish(
    store: Store, tree: Node, writer: BundleWriter, description: Description, *, digest: str = ""
) -> Bundle:
    """Make a bundle known, once all that it needs is durable.

    Args:
        store: Where.
        tree: Its data tree.
        writer: Took the bytes.
        description: What is said of it.
        digest: That of the tree, where it is known already.

    Raises:
        StorageError: The storage refused; nothing is visible.
        ConflictError: Garbage collection took what it needs; nothing is visible.
    """
    repository, clock = store.repository, store.repository.clock
    writer.push()
    lineage = keep_code(repository, writer, description.code, description.lineage)
    manifest = Manifest(tree, description.params, lineage)
    described = manifests.dump(manifest)
    is_small = len(described) <= _INLINE_MANIFEST
    if not is_small:
        manifests.load(described)  # a small one is in the record, which is read again before it is written
    store.heed()  # so that the new id is greater than those others have made by now
    context = store.context_id()
    packs = writer.flush()
    blob = None if is_small else writer.for_description().add_bytes(described)
    meta_packs = writer.flush_description()
    code_packs = remember_code(repository, writer, lineage)
    rescued = writer.index.confirm()
    record = BundleRecord(
        id=clock.new_id(),
        context=context,
        name=description.name,
        digest=digest or trees.digest_tree(tree),
        size=_size(tree),
        time=int(clock.now() * 1e6),
        owner=repository.owner,
        task=description.lineage.task,
        fingerprint=description.lineage.fingerprint,
        tags=description.tags,
        manifest=manifest if is_small else None,
        manifest_blob=blob,
        conditional=description.lineage.is_conditional,
        inputs=None if is_small else _few_inputs(lineage),
        packs=tuple(dict.fromkeys((*meta_packs, *code_packs, *rescued, *packs)))[:_NAMED_PACKS],
    )
    append_relying(repository, writer.index, record)
    # Committed. The catalog takes the line in with the next read, many lines in one transaction.
    return store.bundle(record)


def _few_inputs(lineage: Lineage) -> tuple[str, ...] | None:
    found = tuple(dict.fromkeys(lineage.used_ids()))
    return found if len(found) <= _NAMED_INPUTS and all(map(is_id, found)) else None


def _size(tree: Node) -> int:
    total = 0
    for _, leaf in iter_items(tree):
        total += sum(f.blob.size for f in leaf.files) if isinstance(leaf, Folder) else leaf.blob.size
    return total


def _inputs(inputs: Mapping[str, Bundle] | Iterable[Bundle]) -> tuple[Input, ...]:
    from stook.store.bundle import Bundle

    if isinstance(inputs, Bundle):
        inputs = (inputs,)
    used: Iterable[tuple[object, object]] = (
        inputs.items() if isinstance(inputs, Mapping) else ((None, bundle) for bundle in inputs)
    )
    return tuple(_input(role, bundle, Bundle) for role, bundle in used)


def _input(role: object, bundle: object, kind: type[Bundle]) -> Input:
    if not isinstance(bundle, kind):
        raise InputError(
            f"the input {bundle!r:.80} is no bundle", kind="bad-input", hint="inputs=[store.get(name)]"
        )
    return Input(bundle.name if role is None else str(role), bundle.name, bundle.id, bundle.digest)


def _params(params: Mapping[str, object]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name, value in params.items():
        if type(name) is not str or not values.is_plain(value):
            raise InputError(
                f"the parameter {name!r} is {value!r}, which is no plain value",
                kind="bad-param",
                hint="give numbers, strings, dates, lists and dicts of those",
            )
        plain[name] = values.to_json(value)
    return plain


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as they can be kept. Raises InputError where one is no pair of strings, or they are too many."""
    if not tags:
        return {}
    for key, value in tags.items():
        if type(key) is not str or type(value) is not str or not key:
            raise InputError(
                f"the tag {key!r}: {value!r} is no pair of strings", kind="bad-tag", hint="write key=text"
            )
    if len(to_json(dict(tags))) > _MAX_TAGS:
        raise InputError(
            f"the tags take more than {_MAX_TAGS} bytes", kind="bad-tag", hint="put them into the data"
        )
    return dict(tags)
