"""What a bundle was made from: code, parameters, inputs, what was read meanwhile, and the circumstances."""

from __future__ import annotations

import msgspec

from stook.model.tree import Blob

__all__ = ["Asked", "Environment", "Input", "Lineage", "Read"]


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bundle that was used, and the role it played.

    Attributes:
        role: Key or position in what the task required.
        name: The bundle's name.
        id: Its version.
        digest: Digest of what was used of it, and of its form where a task can see that.
        item: The item that was used, where it was not all.
        part: The partition that was used, where it was not all: `column=key`, or a range of rows.
    """

    role: str
    name: str
    id: str
    digest: str
    item: str = ""
    part: str = ""


class Read(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that a task opened by itself, or a folder that it listed.

    Attributes:
        path: From the workspace, with `/`; absolute where it is elsewhere.
        digest: Of the file's bytes, or of the names in the folder; empty where there was nothing.
        is_folder: Whether names were listed.
    """

    path: str
    digest: str = ""
    is_folder: bool = False


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task that a task asked for while it ran.

    Attributes:
        spec: The task and its parameters, as `pipeline.specs` writes them.
        name: Name of its bundle.
        id: The version that was handed out.
        digest: Digest of its content.
    """

    spec: dict[str, object]
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
        code_digests: Where `code` is, in a description that leaves it out because it is long.
        params: The task's parameters by name.
        inputs: The bundles used.
        sources: Paths and URLs that data was added from, as they were given but without secrets.
        environment: The circumstances.
        started: Microseconds since the epoch.
        ended: Microseconds since the epoch.
        version: The key that the task's author gave by hand.
        reads: Files that the task opened by itself.
        env: Environment variables that it asked for, and digests of their values; empty where one was not set.
        asked: Tasks that it asked for while it ran, in order.
        code_blob: The source text of the closure, where it was kept.
        run: Id of the run that it was made in.
        spec: The task, as `pipeline.specs` writes it; its parameters are those of `params` where it has none.
    """

    task: str = ""
    fingerprint: str = ""
    algorithm: int = 0
    code: dict[str, str] = {}
    code_digests: Blob | None = None
    params: dict[str, object] = {}
    inputs: tuple[Input, ...] = ()
    sources: tuple[str, ...] = ()
    environment: Environment = Environment()
    started: int = 0
    ended: int = 0
    version: str = ""
    reads: tuple[Read, ...] = ()
    env: dict[str, str] = {}
    asked: tuple[Asked, ...] = ()
    code_blob: Blob | None = None
    run: str = ""
    spec: dict[str, object] = {}

    def used_ids(self) -> tuple[str, ...]:
        """Return the bundles that it was made from: its inputs, and what it asked for; one may come twice."""
        return (*(used.id for used in self.inputs), *(asked.id for asked in self.asked))

    @property
    def is_conditional(self) -> bool:
        """Whether the result depends on more than the fingerprint: on what the task met while it ran."""
        return bool(self.reads or self.env or self.asked)
