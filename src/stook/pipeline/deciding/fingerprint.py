"""The fingerprint of a task: the digest of all that its result depends on, which is the key of its cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stook.format import canonical, values
from stook.model.lineage import Input, Lineage
from stook.pipeline.authoring.inputs import arguments_of
from stook.pipeline.authoring.parameters import plain, typed
from stook.pipeline.authoring.requirements import Shape
from stook.pipeline.authoring.tasks import Task, values_of
from stook.pipeline.closure import Closure

if TYPE_CHECKING:
    from stook.pipeline.graph import Node

__all__ = ["FINGERPRINT_VERSION", "describe", "head_of"]

FINGERPRINT_VERSION = 3
_CONTEXT = "stook v3 fingerprint"


def head_of(closure: Closure) -> bytes:
    """Return what is the same for all tasks of a class."""
    return canonical.encode({"algorithm": FINGERPRINT_VERSION, "code": closure.digest})


def describe(
    node: Node,
    closure: Closure,
    head: bytes,
    inputs: Mapping[str, Input],
    *,
    spec: dict[str, object],
    env: dict[str, str],
) -> Lineage:
    """Return what there is to record of a task before it has run, its fingerprint included.

    Where inputs come from, when and by whom they were made does not count in that; only their content does, and in
    what lists and dicts `run` gets it.

    Args:
        node: The task.
        closure: Its code.
        head: What `head_of` gives for its class.
        inputs: Its inputs by role.
        spec: The task as `dump_task` gives it, without its parameters.
        env: Variables that its code reads, and digests of their values.
    """
    params = values_of(node.task)
    required = node.requirements
    material = [
        {name: typed(value) for name, value in params.items()},
        {role: used.digest for role, used in inputs.items()},
        [_ordered(required.shape, node.task), {name: _pairs(shape) for name, shape in required.held.items()}],
    ]
    return Lineage(
        task=node.task_id,
        fingerprint=canonical.digest(_CONTEXT, head, canonical.encode(material)),
        algorithm=FINGERPRINT_VERSION,
        code=closure.code,
        params={name: values.to_json(plain(value)) for name, value in params.items()},
        inputs=tuple(inputs.values()),
        version=node.traits.version,
        spec=spec,
        env=env,
    )


def _ordered(shape: dict[str, Shape] | list[Shape], task: Task) -> object:
    """Return what `requires` gave; the order of arguments with names counts where `run` takes any and can see it."""
    if isinstance(shape, dict) and not arguments_of(type(task)).takes_any:
        return {name: _pairs(inner) for name, inner in shape.items()}
    return _pairs(shape)


def _pairs(shape: Shape) -> object:
    """Return a shape with dicts as lists of pairs, in whose order `run` gets them."""
    if isinstance(shape, dict):
        return ("dict", [[key, _pairs(inner)] for key, inner in shape.items()])
    return [_pairs(inner) for inner in shape] if isinstance(shape, list) else shape
