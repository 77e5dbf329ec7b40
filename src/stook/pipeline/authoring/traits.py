"""What a task says of itself beside its parameters: how it is to be run, kept and told from its older self."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypedDict

import msgspec

from stook.errors import InputError
from stook.pipeline.authoring.parameters.parameter import shown
from stook.pipeline.authoring.where import where_is

__all__ = ["TRAITS", "TraitOptions", "Traits", "traits_of"]

_OWN_TRAITS: Final = "_stook_traits"
_MOST_RETRIES: Final = 1_000
_MOST_SECONDS: Final = 1e9
_SIZE = r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?"
_POWERS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class Traits(msgspec.Struct, frozen=True):
    """What a task says of itself beside its parameters.

    Attributes:
        tags: Tags of its bundles.
        version: A key to be changed by hand, which counts in the fingerprint.
        cache: Whether a result that is there is taken; else it runs each time.
        retries: How often it is tried again after a failure.
        backoff: Seconds before the first of these, doubled each time.
        timeout: Seconds that it may take; None for any.
        cpus: CPUs that it uses.
        memory: Bytes of memory that it uses; None where nobody knows.
        checks: What its output has to pass to be kept.
        reads: Files that it reads, or patterns of those, from the workspace.
        ignore: Modules and definitions that do not count as its code.
        includes: Modules, definitions and files that count as well.
    """

    tags: Mapping[str, str]
    version: str = ""
    cache: bool = True
    retries: int = 0
    backoff: float = 1.0
    timeout: float | None = None
    cpus: float = 1
    memory: int | None = None
    checks: tuple[Any, ...] = ()
    reads: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


class TraitOptions(TypedDict, total=False):
    """The same as keyword arguments of `@task`; `resources` may hold `cpus` and `memory`."""

    tags: Mapping[str, str]
    version: str | int
    cache: bool
    retries: int
    backoff: float
    timeout: float | None
    cpus: float
    memory: int | str | None
    resources: Mapping[str, Any]
    checks: Sequence[Any]
    reads: Sequence[str]
    ignore: Sequence[str]
    includes: Sequence[str]


def traits_of(task: type) -> Traits:
    """Return what a task says of itself beside its parameters.

    Raises:
        InputError: One of them has a value that it cannot have.
    """
    known: Traits | None = task.__dict__.get(_OWN_TRAITS)
    if known is None:
        try:
            known = _read_traits(_attributes(task), task.__name__)
        except InputError as error:
            place = where_is(task, str(error.facts["trait"]))
            raise InputError(
                f"{place}{error.message}", kind=error.kind, hint=error.hint, **error.facts
            ) from error
        type.__setattr__(task, _OWN_TRAITS, known)
    return known


def _attributes(task: type) -> dict[str, object]:
    """Return what a class and its bases set; `cpus` of a base does not outlast `resources` of what is derived."""
    given: dict[str, object] = {}
    for base in reversed(task.__mro__):
        own = {name: value for name, value in vars(base).items() if name in TRAITS}
        given = {
            name: value
            for name, value in given.items()
            if "resources" not in own or name not in {"cpus", "memory"}
        }
        given.update(own)
    return given


def _read_traits(given: Mapping[str, object], task: str) -> Traits:
    resources = given.get("resources", {})
    if not isinstance(resources, Mapping) or not resources.keys() <= {"cpus", "memory"}:
        raise _refusal("resources", resources, "a dict of cpus and memory", task)
    values: dict[str, Any] = {"tags": {}}
    for name, value in {**resources, **given}.items():
        if name == "resources":
            continue
        label, read = TRAITS[name]
        try:
            values[name] = read(value)
        except InputError as error:
            message = f"{task}: {name}: {error.message}"
            raise InputError(message, kind=error.kind, hint=error.hint, task=task, trait=name) from error
        except (TypeError, ValueError, ArithmeticError) as error:
            raise _refusal(name, value, label, task) from error
    return Traits(**values)


def _refusal(name: str, value: object, label: str, task: str) -> InputError:
    return InputError(
        f"{task}: {name} is {shown(value)}, which is not {label}",
        kind="bad-trait",
        hint=f"{name} is read by Stook and is no parameter: set it to {label}, or name the parameter otherwise",
        task=task,
        trait=name,
    )


def _tags(value: Any) -> Mapping[str, str]:
    from stook.store.publish import check_tags

    if not isinstance(value, Mapping):
        raise TypeError
    return dict(check_tags({_text(key): _text(tag) for key, tag in value.items()}))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError
    value.encode()  # which refuses what is no Unicode
    return value


def _version(value: Any) -> str:
    return str(value) if type(value) is int else _text(value)


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_RETRIES:
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= _MOST_SECONDS:
        raise TypeError
    return float(value)


def _some(value: Any) -> float:
    if _seconds(value) == 0:
        raise ValueError
    return float(value)


def _timeout(value: Any) -> float | None:
    return None if value is None else _some(value)


def _memory(value: Any) -> int | None:
    """Read bytes, or a text: `2GB` is 2,000,000,000 bytes, `2GiB` 2,147,483,648."""
    if value is None or type(value) is int:
        amount = value
    elif type(value) is not str:
        raise TypeError
    else:
        parts = re.fullmatch(_SIZE, value.strip(), re.IGNORECASE)
        if parts is None:
            raise ValueError
        number, unit, binary = parts.groups()
        amount = int(float(number) * (1024 if binary else 1000) ** _POWERS[unit.upper()])
    if amount is not None and not 0 < amount < 1 << 63:
        raise ValueError
    return amount


def _texts(value: Any) -> tuple[str, ...]:
    texts = tuple(_text(item) for item in _several([value] if isinstance(value, str) else value))
    if not all(texts) or any("\0" in text for text in texts):
        raise ValueError
    return texts


def _checks(value: Any) -> tuple[Any, ...]:
    from stook.frames.checks.definitions import Check

    checks = (value,) if isinstance(value, Check) else tuple(_several(value))
    if not all(isinstance(check, Check) for check in checks):
        raise TypeError
    return checks


def _several(value: Any) -> Any:
    """Return what can be gone through again and again, also by classes that inherit it; an iterator cannot."""
    if not isinstance(value, list | tuple | set | frozenset):
        raise TypeError
    return value


TRAITS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "tags": ("a dict from text to text", _tags),
    "version": ("a text or a whole number", _version),
    "cache": ("True or False", _bool),
    "retries": ("a whole number, 0 to 1,000", _count),
    "backoff": ("a number of seconds, 0 or more", _seconds),
    "timeout": ("a number of seconds, or None", _timeout),
    "cpus": ("a number, more than 0", _some),
    "memory": ("a number of bytes or a text such as '2GB'", _memory),
    "resources": ("a dict of cpus and memory", dict),
    "checks": ("a list of checks", _checks),
    "reads": ("a list of paths or patterns", _texts),
    "ignore": ("a list of modules or module:name", _texts),
    "includes": ("a list of modules, module:name or files", _texts),
}
"""Each trait: what it is, in words, and what reads it."""
