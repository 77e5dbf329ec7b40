"""Where a bundle is from, as lines of a tree, as plain values, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from stook.model.labels import Labels
from stook.model.visible import visible
from stook.store.ancestry import Ancestor, Ancestry, Use

__all__ = ["TreeLine", "as_nested", "as_plain", "iter_tree", "plain_ancestor", "to_svg"]

_SHORT = 8
_MOST_DEEP = 100
_STATES = {
    "elsewhere": "its data is on a remote",
    "removed": "removed",
    "collected": "removed, and its content is gone",
    "unreadable": "what made it cannot be read",
    "unknown": "not in this store",
}


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of a lineage written as a tree.

    Attributes:
        branch: The lines that lead to it, such as `│  └─ `.
        name: Its role where that is not its name, `name@` with the end of its id, and what tells it from others of
            that name.
        bundle: The bundle.
        note: What else there is to say: that it was removed, that it stands above already, what it was added from.
    """

    branch: str
    name: str
    bundle: Ancestor
    note: str


def iter_tree(ancestry: Ancestry) -> Iterator[TreeLine]:
    """Yield a lineage line by line; a bundle that is in it several times goes on only where it comes first."""
    bundles = {bundle.id: bundle for bundle in ancestry.bundles}
    differences = _differences(ancestry)
    onward = ancestry.next_to()
    shown: set[str] = set()
    todo: list[tuple[str, str, Use | None, str]] = [("", "", None, ancestry.root.id)]
    while todo:
        branch, below, use, identifier = todo.pop()
        bundle = bundles[identifier]
        is_again = identifier in shown and identifier in onward
        label = _label(bundle, use, is_up=ancestry.direction == "up") + differences[identifier]
        yield TreeLine(branch, label, bundle, _note(bundle, ancestry.root, is_again=is_again))
        if identifier in shown:
            continue
        shown.add(identifier)
        uses = onward.get(identifier, [])
        for number, step in enumerate(reversed(uses)):
            corner, line = ("└─ ", "   ") if number == 0 else ("├─ ", "│  ")
            todo.append((below + corner, below + line, step, _other(ancestry, step)))


def as_plain(ancestry: Ancestry) -> dict[str, object]:
    """Return a lineage as plain JSON: all bundles, each with what leads on from it; times are UTC."""
    onward = ancestry.next_to()
    key = "inputs" if ancestry.direction == "up" else "outputs"
    return {
        "bundle": ancestry.root.ref,
        "direction": ancestry.direction,
        "all": ancestry.is_all,
        "bundles": [
            plain_ancestor(bundle) | {key: [_plain_use(ancestry, use) for use in onward.get(bundle.id, [])]}
            for bundle in ancestry.bundles
        ],
        "ends": [bundle.ref for bundle in ancestry.ends()],
    }


def as_nested(ancestry: Ancestry) -> dict[str, object]:
    """Return a lineage as plain JSON, bundles within bundles; one that came before is only named, as `again`."""
    bundles = {bundle.id: bundle for bundle in ancestry.bundles}
    onward = ancestry.next_to()
    key = "inputs" if ancestry.direction == "up" else "outputs"
    top = plain_ancestor(ancestry.root)
    shown = {ancestry.root.id}
    todo: list[tuple[dict[str, object], str, int]] = [(top, ancestry.root.id, 0)]
    while todo:
        place, identifier, depth = todo.pop()
        below: list[dict[str, object]] = []
        place[key] = below
        for use in onward.get(identifier, []):
            other = _other(ancestry, use)
            step = {"role": use.role, "item": use.item, **plain_ancestor(bundles[other])}
            below.append(step)
            if other in shown or depth + 1 >= _MOST_DEEP:
                step["again" if other in shown else "cut"] = True
                continue
            shown.add(other)
            todo.append((step, other, depth + 1))
    return top


def plain_ancestor(bundle: Ancestor) -> dict[str, object]:
    """Return one bundle of a lineage as plain JSON."""
    return {
        "name": bundle.name,
        "id": bundle.id,
        "context": bundle.context,
        "state": bundle.state,
        "task": bundle.task,
        "owner": bundle.owner,
        "time": bundle.time.isoformat(timespec="microseconds") if bundle.time else None,
        "seconds": bundle.seconds,
        "digest": bundle.digest,
        "sources": list(bundle.sources),
    }


def to_svg(ancestry: Ancestry) -> str:
    """Return a lineage as a picture, from the first inputs on the left to what was made last on the right."""
    from stook.app.layers_svg import Box, draw

    keys = {bundle.id: str(number) for number, bundle in enumerate(ancestry.bundles)}
    differences = _differences(ancestry)
    boxes = [
        Box(
            keys[bundle.id],
            _box_lines(bundle, ancestry.root, differences[bundle.id]),
            is_faint=bundle.state != "here",
        )
        for bundle in ancestry.bundles
    ]
    arrows = [(keys[use.used], keys[use.made]) for use in ancestry.uses]
    way = "made from" if ancestry.direction == "up" else "used for"
    return draw(boxes, arrows, title=f"What {ancestry.root.ref} was {way}", marked="0")


def _differences(ancestry: Ancestry) -> dict[str, str]:
    """Return by id what tells each bundle from others of its name, after a blank; empty where nothing does."""
    labels = Labels()
    for number, bundle in enumerate(ancestry.bundles):
        labels.add(number, bundle.name, bundle.values)
    found = (labels.difference(number) for number in range(len(ancestry.bundles)))
    return {bundle.id: text and f" {text}" for bundle, text in zip(ancestry.bundles, found, strict=True)}


def _plain_use(ancestry: Ancestry, use: Use) -> dict[str, object]:
    other = _other(ancestry, use)
    name = use.name if ancestry.direction == "up" else ""
    return {"role": use.role, "item": use.item, "id": other, **({"name": name} if name else {})}


def _other(ancestry: Ancestry, use: Use) -> str:
    return use.used if ancestry.direction == "up" else use.made


def _label(bundle: Ancestor, use: Use | None, *, is_up: bool) -> str:
    name = f"{bundle.name}@{bundle.id[-_SHORT:]}"
    if use is None:
        return name
    role = use.role if use.role != use.name else ""
    if is_up:
        before = f"{role}: " if role else ""
        return f"{before}{name}[{use.item}]" if use.item else f"{before}{name}"
    part = f" from [{use.item}]" if use.item else ""
    return f"{name} as {role}{part}" if role else f"{name}{part}"


def _note(bundle: Ancestor, root: Ancestor, *, is_again: bool) -> str:
    if is_again:
        return "see above"
    notes = [_STATES[bundle.state]] if bundle.state in _STATES else []
    notes += [f"in the context {bundle.context}"] if bundle.context not in {"", root.context} else []
    notes += [f"from {', '.join(bundle.sources)}"] if bundle.sources else []
    return "; ".join(notes)


def _box_lines(bundle: Ancestor, root: Ancestor, difference: str) -> tuple[str, ...]:
    time = _local(bundle.time) if bundle.time else ""
    took = f"{bundle.seconds:.1f} s" if bundle.seconds is not None else ""
    note = _note(bundle, root, is_again=False)
    lines = (
        f"{bundle.name}@{bundle.id[-_SHORT:]}{difference}",
        bundle.task,
        " · ".join(filter(None, (time, took))),
        note,
    )
    return tuple(visible(line) for line in lines if line)


def _local(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"
