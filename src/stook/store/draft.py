"""A bundle in the making: published whole when its block ends well, not at all when it raises."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stook.errors import InputError
from stook.model.paths import find_path_problem
from stook.model.tree import Dict, Node
from stook.store.encode import encode, encode_path
from stook.store.publish import Description, publish

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.store import Store

__all__ = ["Draft"]


class Draft:
    """Collects the data of one bundle. Data is written as it is given, so it may change afterwards.

    Made by `Store.draft`, used with `with`; after the block, `bundle` is what was published.
    """

    def __init__(self, store: Store, description: Description) -> None:
        self._store = store
        self._description = description
        self._writer = store.repository.writer()
        self._entries: dict[str, Node] = {}
        self._root: Node | None = None
        self._folder: Path | None = None
        self._bundle: Bundle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._bundle = publish(self._store, self._finished(), self._writer, self._description)
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def bundle(self) -> Bundle:
        """What was published.

        Raises:
            InputError: The block has not ended, or it raised.
        """
        if self._bundle is None:
            raise InputError(
                f"the draft of {self._description.name} is not published",
                kind="unpublished-draft",
                hint="read .bundle after the with block",
            )
        return self._bundle

    def __setitem__(self, key: str, value: object) -> None:
        """Keep one named part; a name given twice keeps the last."""
        self._refuse_both(self._root is not None)
        self._entries[key] = encode(value, self._writer, repr(key))

    def set(self, value: object) -> None:
        """Keep `value` as the whole data, unnamed."""
        self._refuse_both(bool(self._entries) or self._folder is not None)
        self._root = encode(value, self._writer)

    def path(self, name: str) -> Path:
        """Return where to write a file, which the bundle keeps under this name when the block ends.

        Raises:
            InputError: The name leads out of the bundle.
        """
        problem = find_path_problem(name)
        if problem:
            raise InputError(f"{name!r} is no file name: {problem}", kind="bad-path", hint="use a plain name")
        self._refuse_both(self._root is not None)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="stook-draft-"))
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _finished(self) -> Node:
        if self._root is not None:
            return self._root
        entries = dict(self._entries)
        if self._folder is not None:
            for path in sorted(self._folder.rglob("*")):
                if path.is_file():
                    entries[path.relative_to(self._folder).as_posix()] = encode_path(path, self._writer)
        return Dict(tuple(entries.items()))

    def _refuse_both(self, mixed: bool) -> None:
        if mixed:
            raise InputError(
                f"the draft of {self._description.name} has both named parts and a whole",
                kind="mixed-draft",
                hint="use either draft.set(…) or draft[name] = …",
            )
