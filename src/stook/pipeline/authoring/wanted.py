"""What a task may require: other tasks, bundles that exist, files on disk, and parts of those."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from stook.errors import InputError
from stook.format.canonical import encode
from stook.model.refs import check_name, parse_ref

if TYPE_CHECKING:
    from stook.pipeline.authoring.tasks import Task

__all__ = [
    "External",
    "Item",
    "Mapped",
    "Partition",
    "Partitions",
    "Requirement",
    "Source",
    "external",
    "needs_of",
    "partitions",
    "source",
]


class Requirement:
    """Something that a task may require; an index names one item of it: `Train()["model"]`."""

    __slots__ = ()
    __iter__: ClassVar[None] = None  # having an index, it would be gone through without end
    __contains__: ClassVar[None] = None

    def __getitem__(self, key: str | int) -> Item:
        """Require one item alone; only its content counts, whatever becomes of the others.

        Args:
            key: Its name or position; of an item further down `a/b`, as `stook show` lists it.
        """
        return Item(self, str(key))

    def _identity(self) -> object:
        """Return a plain value by which this is told from every other requirement in the process."""
        raise NotImplementedError


class External(Requirement, msgspec.Struct, frozen=True):
    """A bundle that is in the store already, by `name`, `name@alias` or `name@id`."""

    ref: str

    def _identity(self) -> object:
        return ["external", self.ref]


class Source(Requirement, msgspec.Struct, frozen=True):
    """A file or folder on disk, kept as a bundle of this name whenever its content is new."""

    path: Path
    name: str

    def _identity(self) -> object:
        return ["source", str(self.path), self.name]


class Item(Requirement, msgspec.Struct, frozen=True):
    """One item of what a task makes, of a bundle, or of a folder on disk.

    Attributes:
        of: What it is an item of.
        path: Its path, as `Bundle.items` gives it.
    """

    of: Requirement
    path: str

    def __getitem__(self, key: str | int) -> Item:
        """Require what is further down."""
        return Item(self.of, f"{self.path}/{key}")

    def _identity(self) -> object:
        return ["item", self.of._identity(), self.path]


class Partition(Requirement, msgspec.Struct, frozen=True):
    """Some rows of a table: those with one key in a column, or a range of them.

    Attributes:
        of: What has the table; an `Item` where it has several.
        by: The column; empty for a range of rows.
        key: What is in the column: a text, number, boolean, date or time; None where nothing is.
        start: The first row of a range.
        stop: The row after its last.
    """

    of: Requirement
    by: str = ""
    key: object = None
    start: int = 0
    stop: int = 0

    @property
    def item(self) -> str:
        """Path of the item that is the table; empty where the bundle itself is."""
        return self.of.path if isinstance(self.of, Item) else ""

    @property
    def label(self) -> str:
        """What people call it: `day=2026-01-31`, `day is null`, `rows 0-1000`."""
        if not self.by:
            return f"rows {self.start}-{self.stop}"
        return f"{self.by} is null" if self.key is None else f"{self.by}={self.key}"

    def __repr__(self) -> str:
        part = f"{self.by}={self.key!r}" if self.by else self.label
        return f"{self.of!r}[{part}]"

    def _identity(self) -> object:
        return ["partition", self.of._identity(), self.by, self.key, self.start, self.stop]

    def __eq__(self, other: object) -> bool:
        # Python takes 1, 1.0 and True for equal, and NaN for equal to nothing.
        return isinstance(other, Partition) and encode(self._identity()) == encode(other._identity())

    def __hash__(self) -> int:
        return hash((self.by, str(self.key), self.start))


class Partitions(msgspec.Struct, frozen=True):
    """All partitions of a table, for `Task.map`: known once the table is.

    Attributes:
        of: What has the table.
        by: The column whose keys make partitions; empty for ranges of rows.
        rows: Rows in each range.
    """

    of: Requirement
    by: str = ""
    rows: int = 0

    @property
    def item(self) -> str:
        """Path of the item that is the table; empty where the bundle itself is."""
        return self.of.path if isinstance(self.of, Item) else ""


class Mapped(Requirement, msgspec.Struct, frozen=True):
    """A task for each partition of a table.

    Attributes:
        task: The class of the tasks.
        parameter: The parameter that takes the partition.
        over: The partitions.
        fixed: The other parameters, the same for all.
    """

    task: type[Task]
    parameter: str
    over: Partitions
    fixed: dict[str, object]

    def __getitem__(self, key: str | int) -> Item:
        """Refuse: which task's item is meant?"""
        raise InputError(
            f"{self.task.__name__}.map(…) stands for several tasks, so it has no item {key!r}",
            kind="bad-requirement",
            hint="require all of it, and take the item of each in run",
        )

    def __hash__(self) -> int:
        return hash((self.task, self.parameter, self.over))

    def _identity(self) -> object:
        fixed = self.task(**self.fixed, **{self.parameter: self.over.of})._identity()
        return ["mapped", self.parameter, self.over.by, self.over.rows, fixed]


_PARTS: Final = (Item, Partition, Mapped)


def needs_of(requirement: Requirement) -> Requirement:
    """Return the task, external bundle or source that must be there first; the requirement itself where it is one."""
    while isinstance(requirement, _PARTS):
        requirement = requirement.over.of if isinstance(requirement, Mapped) else requirement.of
    return requirement


def external(ref: str) -> External:
    """Require a bundle that exists: `external("config@prod")`.

    Raises:
        InputError: It is no way to name a bundle.
    """
    parse_ref(ref)
    return External(ref)


def source(path: str | Path, name: str) -> Source:
    """Require a file or folder on disk, as a bundle of this name: a new version whenever its content is new.

    Args:
        path: Where it is; a relative path starts at the workspace.
        name: The bundle's name.

    Raises:
        InputError: The name is none.
    """
    return Source(Path(path), check_name(name))


def partitions(of: Requirement | type[Task], *, by: str = "", rows: int = 0) -> Partitions:
    """Stand for all partitions of a table, for `Task.map`: `Clean.map(part=stook.partitions(Raw(), by="day"))`.

    Args:
        of: What has the table: a task, an external bundle, a source, or an item of one.
        by: A column; rows that have the same in it are one partition, rows that have nothing are one too.
        rows: Instead, how many rows each partition has; the last one may have fewer.

    Raises:
        InputError: Neither a column nor a number of rows is given, or both, or `of` is something else.
    """
    if isinstance(of, type) and issubclass(of, Requirement):
        of = of()
    if not isinstance(of, Requirement) or isinstance(of, Mapped | Partition):
        raise InputError(
            f"{of!r} cannot be taken apart",
            kind="bad-requirement",
            hint="give stook.partitions a task, stook.external('name') or stook.source('file', name='…')",
        )
    is_count = isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0
    if not isinstance(by, str) or not is_count or bool(by) == bool(rows):
        raise InputError(
            "partitions are made either by a column or of a number of rows",
            kind="bad-requirement",
            hint="write stook.partitions(…, by='day') or stook.partitions(…, rows=100_000)",
        )
    return Partitions(of, by, rows)
