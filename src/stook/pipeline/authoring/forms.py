"""What of a bundle `run` can see though its digest does not tell: order of keys, kinds of tables, order in memory.

Equal content has equal digests, whatever library made it. A task that goes through a dict in order, or asks of what
type a table is, may still come to something else, so for inputs both count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blake3 import blake3

from stook.errors import IntegrityError
from stook.format import canonical, values
from stook.model.tree import Dict, Node, Object, Sequence, Value

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["digest_as_input", "form_of", "form_of_value", "with_form"]

_CONTEXT = "stook v1 form of an input"


def digest_as_input(bundle: Bundle) -> str:
    """Return the digest of a bundle's content and form: that of its content where there is no more to tell."""
    manifest = bundle.record.manifest  # unchecked: who reads the data is told where it is damaged
    try:
        return with_form(bundle.digest, form_of(manifest.tree if manifest else bundle.tree))
    except IntegrityError:
        return bundle.digest


def with_form(digest: str, form: str) -> str:
    """Return the digest of some content in a form."""
    return canonical.digest(_CONTEXT, digest.encode(), form.encode()) if form else digest


def form_of(node: Node) -> str:
    """Return a digest of the form of a data tree; empty where its content tells all."""
    return _digest([*_parts(node)])


def form_of_value(value: object) -> str:
    """Return the same of a plain value, or a part of one."""
    text = values.dump(value)
    return _digest([["", blake3(text).hexdigest()]] if b"{" in text else [])


def _digest(parts: list[list[object]]) -> str:
    return canonical.digest(_CONTEXT, canonical.encode(parts)) if parts else ""


def _parts(node: Node, place: str = "") -> Iterator[list[object]]:
    """Yield what there is to tell of each place, in any order. Keys that are sorted are nothing to tell."""
    if isinstance(node, Dict):
        keys = [key for key, _ in node.entries]
        if keys != sorted(keys):
            yield [place, keys]
        for at, (_, child) in enumerate(sorted(node.entries, key=lambda entry: entry[0])):
            yield from _parts(child, f"{place}/{at}")
    elif isinstance(node, Sequence):
        for at, child in enumerate(node.nodes):
            yield from _parts(child, f"{place}/{at}")
    elif isinstance(node, Value):
        if node.blob.data is None or b"{" in node.blob.data:
            yield [place, node.blob.digest]  # of its text, in which keys have an order
    elif isinstance(node, Object):
        seen = {name: node.meta[name] for name in ("library", "type", "form", "order") if name in node.meta}
        if seen:
            yield [place, seen]
