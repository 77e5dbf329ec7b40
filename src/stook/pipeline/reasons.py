"""Why a task runs: what differs between its fingerprint and the bundles that it made before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stook.format import values
from stook.model.lineage import Input, Lineage
from stook.pipeline.closure.walk import PACKAGE, packages_in
from stook.pipeline.fingerprint import FINGERPRINT_VERSION

if TYPE_CHECKING:
    from stook.store import Bundle

__all__ = ["History"]


class History:
    """The bundles of one name when a run began, newest first."""

    def __init__(self, bundles: list[Bundle]) -> None:
        self._bundles = [bundle for bundle in bundles if bundle.fingerprint]
        self._by_params: dict[str, Bundle] | None = None

    def reasons(self, now: Lineage) -> tuple[str, ...]:
        """Return why there is no bundle with this fingerprint.

        It is compared with the newest bundle that has the same parameters, else with the newest of all.
        """
        if not self._bundles:
            return ("never ran",)
        if self._by_params is None:
            self._by_params = {}
            for bundle in reversed(self._bundles):
                self._by_params[repr(bundle.lineage.params)] = bundle
        before = self._by_params.get(repr(now.params), self._bundles[0])
        return _differences(before.lineage, now) or ("its bundle is gone",)


def _differences(before: Lineage, now: Lineage) -> tuple[str, ...]:
    """Return what changed from one execution to the next, one line each."""
    if before.algorithm != FINGERPRINT_VERSION:
        return (f"algorithm changed: {before.algorithm} → {FINGERPRINT_VERSION}",)
    return (
        *_code(before.code, now.code),
        *_params(before.params, now.params),
        *_inputs(before, now),
        *_packages(before.code, now.code),
    )


def _code(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    keys = sorted(key for key in before.keys() | now.keys() if not key.startswith(PACKAGE))
    lines = [
        f"code changed: {key}" for key in keys if key in before and key in now and before[key] != now[key]
    ]
    lines += [f"code added: {key}" for key in keys if key not in before]
    return lines + [f"code no longer used: {key}" for key in keys if key not in now]


def _packages(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    olds, news = packages_in(before), packages_in(now)
    return [
        f"package {name} {olds.get(name, 'not used')} → {news.get(name, 'not used')}"
        for name in sorted(olds.keys() | news.keys())
        if olds.get(name) != news.get(name)
    ]


def _params(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    lines = []
    for name in [*now, *(name for name in before if name not in now)]:
        if name not in before:
            lines.append(f"parameter {name} added: {_show(now[name])}")
        elif name not in now:
            lines.append(f"parameter {name} removed: {_show(before[name])}")
        elif repr(before[name]) != repr(now[name]):
            lines.append(f"parameter {name}: {_show(before[name])} → {_show(now[name])}")
    return lines


def _show(value: object) -> str:
    loaded = values.from_json(value)
    return loaded if isinstance(loaded, str) and loaded else repr(loaded)


def _inputs(before: Lineage, now: Lineage) -> list[str]:
    old, new = {i.role: i for i in before.inputs}, {i.role: i for i in now.inputs}
    lines = []
    for role in [*new, *(role for role in old if role not in new)]:
        label = role if not role.isdigit() else (new.get(role) or old[role]).name
        if role not in old:
            lines.append(f"input {label} added: {_ref(new[role])}")
        elif role not in new:
            lines.append(f"input {label} removed: {_ref(old[role])}")
        elif old[role].digest != new[role].digest:
            lines.append(f"input {label} changed ({_ref(old[role])} → {_ref(new[role])})")
    return lines


def _ref(used: Input) -> str:
    return f"{used.name}@{used.id}" if used.id else "new content"
