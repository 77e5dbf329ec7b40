"""Why a task runs: what differs between its fingerprint and the bundles that it made before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from stook.errors import IntegrityError, StookError, StorageError
from stook.format import values
from stook.model.lineage import Input, Lineage
from stook.pipeline.closure.entry import PACKAGE, packages_in
from stook.pipeline.deciding.fingerprint import FINGERPRINT_VERSION

if TYPE_CHECKING:
    from stook.model.code import Definition
    from stook.pipeline.closure import CodeText
    from stook.store import Bundle

__all__ = ["Change", "History", "explain"]

_VERSION = "version:"
Kind = Literal["algorithm", "code", "version", "parameter", "input", "package"]


class Change(msgspec.Struct, frozen=True):
    """One thing that differs between what a task was and what it is.

    Attributes:
        kind: What sort of thing it is.
        name: The definition, parameter, role or package.
        line: What happened to it, in a line.
        diff: Of a definition whose text was kept, what changed in it, as `diff -u` shows it; empty elsewhere.
    """

    kind: Kind
    name: str
    line: str
    diff: str = ""


class History:
    """The bundles of one name when a run began, newest first."""

    def __init__(self, bundles: list[Bundle]) -> None:
        self._bundles = [bundle for bundle in bundles if bundle.fingerprint]
        self._newest: dict[str, Bundle] | None = None

    def reasons(self, now: Lineage) -> tuple[str, ...]:
        """Return why there is no bundle with this fingerprint, one line each."""
        before = self.find_before(now)
        if before is None:
            return ("never ran",)
        parts = _parts(now)
        if parts and parts != _parts(before.manifest.lineage):
            return (f"never ran for {', '.join(part for _, part in parts)}",)
        try:
            changes = _changes(before.lineage, now)
        except (IntegrityError, StorageError) as error:
            return (f"the description of {before.ref} cannot be read: {error.message}",)
        return tuple(change.line for change in changes) or ("its bundle is gone",)

    def find_before(self, now: Lineage) -> Bundle | None:
        """Return what to compare with: the newest of the same parameters and partition, of the partition, of all."""
        if not self._bundles:
            return None
        if self._newest is None:
            self._newest = {}
            for bundle in reversed(self._bundles):
                with suppress(IntegrityError, StorageError):  # nothing can be compared with that one
                    self._newest |= dict.fromkeys(("", *_keys(bundle.manifest.lineage)), bundle)
        same, alike = _keys(now)
        return self._newest.get(same) or self._newest.get(alike) or self._newest.get("")


def _keys(lineage: Lineage) -> tuple[str, str]:
    """Return what a task is looked for by: its parameters and partitions, and the partitions alone."""
    parts = _parts(lineage)
    return repr((lineage.params, parts)), repr(parts)


def _parts(lineage: Lineage) -> list[tuple[str, str]]:
    """Return which partitions of tables a task has got, by role."""
    return sorted([(used.role, used.part) for used in lineage.inputs if used.part])


def explain(before: Bundle, now: Lineage, texts: Iterable[CodeText] = ()) -> tuple[Change, ...]:
    """Return what changed since a bundle was made, with what changed in the text of each definition.

    Args:
        before: The bundle.
        now: What there is to record of the task now.
        texts: The text of its closure now.
    """
    changes = _changes(before.lineage, now)
    if not any(change.kind == "code" for change in changes):
        return changes
    old = {one.key: one for one in _kept(before)}
    new = {one.key: one for one in texts}
    return tuple(_with_diff(change, old, new) if change.kind == "code" else change for change in changes)


def _kept(bundle: Bundle) -> tuple[Definition, ...]:
    """Return the definitions that were kept with a bundle; none where they were not, or are damaged."""
    from stook.format import code_texts

    blob = bundle.manifest.lineage.code_blob
    if blob is None:
        return ()
    try:
        return code_texts.load(bundle.repository.reader().read(blob)).definitions
    except StookError:
        return ()


def _with_diff(change: Change, old: Mapping[str, Definition], new: Mapping[str, CodeText]) -> Change:
    was, now = old.get(change.name), new.get(change.name)
    if not old or (was is None and now is None):
        return change
    import difflib

    lines = difflib.unified_diff(
        was.text.splitlines() if was else [],
        now.text.splitlines() if now else [],
        f"{was.path}:{was.line}" if was else "nothing",
        f"{now.path}:{now.line}" if now else "nothing",
        lineterm="",
    )
    return Change(change.kind, change.name, change.line, "\n".join(lines))


def _changes(before: Lineage, now: Lineage) -> tuple[Change, ...]:
    if before.algorithm != FINGERPRINT_VERSION:
        line = f"algorithm changed: {before.algorithm} → {FINGERPRINT_VERSION}"
        return (Change("algorithm", "", line),)
    return (
        *_version(before, now),
        *_code(before.code, now.code),
        *_params(before.params, now.params),
        *_inputs(before, now),
        *_packages(before.code, now.code),
    ) or _others(before, now)


def _others(before: Lineage, now: Lineage) -> tuple[Change, ...]:
    if before.fingerprint == now.fingerprint:
        return ()
    return (Change("input", "", "inputs reach run in another form"),)


def _version(before: Lineage, now: Lineage) -> Iterator[Change]:
    if before.version != now.version:
        yield Change("version", "", f"version: {before.version or 'none'} → {now.version or 'none'}")


def _code(before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    if before == now:
        return []
    keys = sorted(key for key in before.keys() | now.keys() if not key.startswith((PACKAGE, _VERSION)))
    both = [key for key in keys if key in before and key in now and before[key] != now[key]]
    return [
        *(Change("code", key, f"code changed: {key}") for key in both),
        *(Change("code", key, f"code added: {key}") for key in keys if key not in before),
        *(Change("code", key, f"code no longer used: {key}") for key in keys if key not in now),
    ]


def _packages(before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    if before == now:
        return []
    olds, news = packages_in(before), packages_in(now)
    return [
        Change("package", name, f"package {name} {olds.get(name, 'not used')} → {news.get(name, 'not used')}")
        for name in sorted(olds.keys() | news.keys())
        if olds.get(name) != news.get(name)
    ]


def _params(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Change]:
    for name in [*now, *(name for name in before if name not in now)]:
        if name not in before:
            yield Change("parameter", name, f"parameter {name} added: {_show(now[name])}")
        elif name not in now:
            yield Change("parameter", name, f"parameter {name} removed: {_show(before[name])}")
        elif repr(before[name]) != repr(now[name]):
            yield Change("parameter", name, f"parameter {name}: {_show(before[name])} → {_show(now[name])}")


def _show(value: object) -> str:
    loaded = values.from_json(value)
    return loaded if isinstance(loaded, str) and loaded else repr(loaded)


def _inputs(before: Lineage, now: Lineage) -> Iterator[Change]:
    old, new = {i.role: i for i in before.inputs}, {i.role: i for i in now.inputs}
    for role in [*new, *(role for role in old if role not in new)]:
        label = role if not role.isdigit() else (new.get(role) or old[role]).name
        if role not in old:
            yield Change("input", role, f"input {label} added: {_ref(new[role])}")
        elif role not in new:
            yield Change("input", role, f"input {label} removed: {_ref(old[role])}")
        elif old[role].digest != new[role].digest:
            yield Change("input", role, f"input {label} changed ({_ref(old[role])} → {_ref(new[role])})")


def _ref(used: Input) -> str:
    part = f" {used.part}" if used.part else ""
    item = f"[{used.item}]" if used.item else ""
    return f"{used.name}@{used.id}{item}{part}" if used.id else "new content"
