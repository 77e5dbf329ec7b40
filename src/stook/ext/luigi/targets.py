"""A target of Luigi's that is a bundle, and is there only where the bundle is of this code, parameters and inputs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi
from luigi.format import get_default_format
from luigi.target import AtomicLocalFile

from stook.errors import InputError, NotFoundError
from stook.ext.luigi.content import Content, with_environment
from stook.model.refs import check_name

if TYPE_CHECKING:
    from stook.store import Bundle, Store

__all__ = ["BundleTarget", "snake_case"]


class BundleTarget(luigi.Target):
    """The output of a Luigi task, kept as a bundle.

    It exists where the store has a bundle of its name that was made by the code, the significant parameters and the
    content of inputs that the task has now. What was made by others is kept, and is there again when they are.

    Args:
        task: The task whose output it is.
        name: The bundle's name; the task's class in snake_case where empty.
        file: What the file is called that `open` and `temporary_path` write; the bundle's name where empty.
        store: Where the bundle goes; the home store where None.

    Raises:
        InputError: The name is none.
    """

    def __init__(
        self, task: luigi.Task, name: str = "", *, file: str = "", store: Store | None = None
    ) -> None:
        self._task = task
        self.name = check_name(name or snake_case(type(task).__name__))
        self._file = file or self.name
        self._store = store

    def exists(self) -> bool:
        """Tell whether what the task would make now is there."""
        return self.find_bundle() is not None

    def find_bundle(self, content: Content | None = None) -> Bundle | None:
        """Return what the task would make now, where it is there.

        Args:
            content: What is known already of the tasks before it.
        """
        content = content or Content()
        store = self._store or content.store
        made = content.find_lineage(self._task)
        found = store.outputs(self.name, made.fingerprint) if made is not None else []
        return found[0] if found else None

    @property
    def bundle(self) -> Bundle:
        """The bundle.

        Raises:
            NotFoundError: It is not there: the task has not run since something changed.
        """
        bundle = self.find_bundle()
        if bundle is None:
            raise NotFoundError(
                f"there is no bundle {self.name} of {self._task!r} as it is now",
                kind="bundle-not-found",
                hint="let Luigi build the task",
            )
        return bundle

    @property
    def data(self) -> Any:
        """What was kept. Raises NotFoundError where it is not there."""
        return self.bundle.data

    @property
    def path(self) -> str:
        """A read-only file or folder with the content of the bundle's only item. Raises NotFoundError."""
        return str(self.bundle.path())

    def write(self, value: Any) -> Bundle:
        """Keep data: values, frames, arrays, models, `Path`s, and dicts and lists of those.

        Raises:
            InputError: It cannot be kept, or something that the task requires is not there.
        """
        content = Content()
        store = self._store or content.store
        made = content.find_lineage(self._task)
        if made is None:
            raise InputError(
                f"{self._task!r} writes {self.name}, but what it requires is not there",
                kind="bad-output",
                hint="let Luigi build the task",
            )
        lineage = with_environment(made, self._task, store)
        params = self._task.to_str_params(only_significant=True)
        with store.draft(self.name, params=params, lineage=lineage) as draft:
            draft.set(value)
        return draft.bundle

    def open(self, mode: str = "r") -> Any:
        """Open the file of the bundle as text, to read it, or to write it: kept when it is closed without an error.

        Args:
            mode: `r` or `w`.

        Raises:
            InputError: It is neither.
            NotFoundError: There is nothing to read.
        """
        kind = mode.replace("b", "").replace("t", "")
        if kind == "w":
            return get_default_format().pipe_writer(_Kept(self, self._file))
        if kind == "r":
            return get_default_format().pipe_reader(self.bundle.open())
        raise InputError(
            f"a bundle is opened to be read or written, not for {mode!r}",
            kind="bad-option",
            hint="use r or w",
        )

    @contextmanager
    def temporary_path(self) -> Iterator[str]:
        """Give a path to write a file or folder to, which is kept where the block ends well."""
        with tempfile.TemporaryDirectory(prefix="stook-luigi-") as folder:
            path = Path(folder) / self._file
            yield str(path)
            self.write(path)


class _Kept(AtomicLocalFile):
    """A file that becomes a bundle when it is closed."""

    def __init__(self, target: BundleTarget, file: str) -> None:
        self._target = target
        self._folder = tempfile.TemporaryDirectory(prefix="stook-luigi-", ignore_cleanup_errors=True)
        super().__init__(str(Path(self._folder.name) / file))  # type: ignore[no-untyped-call]

    def generate_tmp_path(self, path: str) -> str:
        return path

    def move_to_final_destination(self) -> None:
        self._target.write(Path(self.path))
        self._folder.cleanup()


def snake_case(name: str) -> str:
    """Return the name of a class as the name of a bundle."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().lstrip("_")
