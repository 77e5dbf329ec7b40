"""What a Luigi task's result depends on: its code, its parameters, and the content of what it requires."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi
import msgspec
from blake3 import blake3

from stook.errors import InputError
from stook.ext.luigi.code import code_of
from stook.format import canonical
from stook.model.lineage import Input, Lineage
from stook.pipeline.authoring.forms import digest_as_input
from stook.pipeline.closure import packages_in
from stook.pipeline.meeting.environment import read_environment
from stook.pipeline.source_code.git_changes import Checkout

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["Content", "flattened", "with_environment"]

_ALGORITHM = 2
_CONTEXT = "stook v1 luigi task"
_READ_BYTES = 1 << 20


class Content:
    """Knows what tasks are made of as of now. One for each question, for all that may change between two."""

    def __init__(self) -> None:
        self._known: dict[luigi.Task, Lineage | None] = {}

    @cached_property
    def store(self) -> Store:
        """The home store."""
        from stook.store import open_store

        return open_store()

    def find_lineage(self, task: luigi.Task) -> Lineage | None:
        """Return what there is to record of a task before it runs; None while something that it requires is not there.

        Raises:
            InputError: The content of something that it requires cannot be seen, or tasks require each other in a
                circle.
        """
        stack, open_tasks = [task], set()
        while stack:  # without recursion, for chains may be longer than Python's stack
            current = stack[-1]
            required = [one for _, one in flattened(current.requires())]
            todo = [one for one in required if _has_bundles(one) and one not in self._known]
            if not todo:
                stack.pop()
                if current not in self._known:
                    self._known[current] = self._read(current)
            elif current in open_tasks:
                raise InputError(
                    f"{current!r} requires itself, by way of others",
                    kind="cycle",
                    hint="take one of the requirements away",
                )
            else:
                open_tasks.add(current)
                stack += todo
        return self._known[task]

    def _read(self, task: luigi.Task) -> Lineage | None:
        inputs: dict[str, Input] = {}
        for role, required in flattened(task.requires()):
            if not _has_bundles(required) and not required.complete():
                return None
            for name, output in _outputs(required, role):
                found = self._input(name, output)
                if found is None:
                    return None
                inputs[name] = found
        code = code_of(type(task))
        params = dict(sorted(task.to_str_params(only_significant=True).items()))
        material = {
            "algorithm": _ALGORITHM,
            "code": code.closure.digest,
            "params": params,
            "inputs": {role: used.digest for role, used in inputs.items()},
        }
        return Lineage(
            task=code.task_id,
            fingerprint=canonical.digest(_CONTEXT, canonical.encode(material)),
            algorithm=_ALGORITHM,
            code=code.closure.code,
            params=params,
            inputs=tuple(used for used in inputs.values() if used.id),
            sources=tuple(used.name for used in inputs.values() if not used.id),
        )

    def _input(self, role: str, target: Any) -> Input | None:
        if _is_bundle(target):
            bundle: Bundle | None = target.find_bundle(self)
            return (
                Input(role, bundle.name, bundle.id, digest_as_input(bundle)) if bundle is not None else None
            )
        if not target.exists():
            return None
        name = str(getattr(target, "path", type(target).__name__))
        return Input(role, name, "", _digest(role, target))


def with_environment(lineage: Lineage, task: luigi.Task, store: Store) -> Lineage:
    """Return a lineage that says where and with what the task runs."""
    checkout = Checkout(code_of(type(task)).place.roots[0])
    found = read_environment(checkout, store.repository.owner)
    environment = msgspec.structs.replace(found, packages=packages_in(lineage.code))
    return msgspec.structs.replace(lineage, environment=environment)


def flattened(value: Any, role: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what Luigi lets stand in dicts, lists and generators, each with keys and positions that lead to it."""
    if isinstance(value, dict):
        parts: Iterator[tuple[object, Any]] = iter(value.items())
    elif (
        value is None or isinstance(value, str | luigi.Task | luigi.Target) or not hasattr(value, "__iter__")
    ):
        if value is not None:
            yield role or "0", value
        return
    else:
        parts = enumerate(value)
    for key, inner in parts:
        yield from flattened(inner, f"{role}.{key}" if role else str(key))


def _outputs(task: luigi.Task, role: str) -> Iterator[tuple[str, Any]]:
    """Yield the outputs of a task; of one that has none, as a wrapper has, those of what it requires."""
    outputs = list(flattened(task.output()))
    for place, output in outputs:
        yield role if len(outputs) == 1 else f"{role}.{place}", output
    if not outputs:
        for place, required in flattened(task.requires()):
            yield from _outputs(required, f"{role}.{place}")


def _has_bundles(task: luigi.Task) -> bool:
    return any(_is_bundle(output) for _, output in flattened(task.output()))


def _is_bundle(target: Any) -> bool:
    return hasattr(target, "find_bundle")


def _digest(role: str, target: Any) -> str:
    """Return the digest of what a target of Luigi's holds."""
    path = getattr(target, "path", None)
    if isinstance(target, luigi.LocalTarget) and isinstance(path, str):
        return _digest_path(Path(path))
    if not hasattr(target, "open"):
        raise InputError(
            f"the content of {role}, a {type(target).__name__}, cannot be seen, so a change of it would not be",
            kind="unseen-input",
            hint="give the task that makes it a BundleTarget as its output",
        )
    hasher = blake3()
    with target.open("r") as file:
        while block := file.read(_READ_BYTES):
            hasher.update(block if isinstance(block, bytes) else str(block).encode())
    return hasher.hexdigest()


def _digest_path(path: Path) -> str:
    from stook.store.intake.hashed import hash_file

    if not path.is_dir():
        return hash_file(path).digest
    hasher = blake3()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        name = file.relative_to(path).as_posix().encode("utf-8", "surrogateescape")
        hasher.update(len(name).to_bytes(8, "big") + name + hash_file(file).digest.encode())
    return hasher.hexdigest()
