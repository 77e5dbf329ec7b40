"""What a bundle was made from: code, parameters, inputs, and the circumstances."""

from __future__ import annotations

import msgspec

__all__ = ["Environment", "Input", "Lineage"]


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bundle that was used, and the role it played."""

    role: str
    name: str
    id: str
    digest: str


class Environment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where and with what a bundle was made; it informs, and never decides whether to re-run."""

    python: str = ""
    platform: str = ""
    host: str = ""
    user: str = ""
    packages: dict[str, str] = {}
    git_commit: str = ""
    git_dirty: bool | None = None


class Lineage(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a bundle came to be.

    Attributes:
        task: `module:Name` of the task, or the verb (`add`) where there was none.
        fingerprint: The cache key; empty where the bundle is no task's output.
        algorithm: Version of the fingerprint algorithm.
        code: Digest of each definition in the task's closure, by `module:name`.
        params: The task's parameters by name.
        inputs: The bundles used.
        sources: Paths and URLs that data was added from, as they were given but without secrets.
        environment: The circumstances.
        started: Microseconds since the epoch.
        ended: Microseconds since the epoch.
    """

    task: str = ""
    fingerprint: str = ""
    algorithm: int = 0
    code: dict[str, str] = {}
    params: dict[str, object] = {}
    inputs: tuple[Input, ...] = ()
    sources: tuple[str, ...] = ()
    environment: Environment = Environment()
    started: int = 0
    ended: int = 0
