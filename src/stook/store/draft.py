"""A bundle in the making: published whole when its block ends well, not at all when it raises."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import structs

from stook.errors import InputError
from stook.model.paths import find_path_problem
from stook.model.tree import Dict, Node
from stook.store.intake.encode import encode
from stook.store.intake.snapshots import Snapshots
from stook.store.intake.sources import encode_path
from stook.store.publish import Description, expect_latest, publish

if TYPE_CHECKING:
    from stook.model.lineage import Lineage
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
        expect_latest(store, self._writer, description.name)
        self._snapshots = Snapshots(store.repository.cache / "seen", store.repository.clock.now)
        self._entries: dict[str, Node] = {}
        self._root: Node | None = None
        self._folder: Path | None = None
        self._bundle: Bundle | None = None
        self._state = "not begun"

    def __enter__(self) -> Self:
        if self._state != "not begun":
            raise self._refusal("has been used", "begin another by store.draft(…)")
        self._state = "open"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._state = "ended"
        try:
            if error is None:
                tree = self._finished()
                self._bundle = publish(self._store, tree, self._writer, self._description)
                self._snapshots.keep(tree, self._bundle.digest, self._writer.index.ends)
        finally:
            self._writer.close()
            if self._folder is not None:
                import shutil

                shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def bundle(self) -> Bundle:
        """What was published.

        Raises:
            InputError: The block has not ended, or it raised.
        """
        if self._bundle is None:
            raise self._refusal("is not published", "read .bundle after the with block")
        return self._bundle

    def replace_lineage(self, lineage: Lineage) -> None:
        """Say how the data was made, where that is only known once all of it is there."""
        self._description = structs.replace(self._description, lineage=lineage)

    def __setitem__(self, key: str, value: object) -> None:
        """Keep one named part; a name given twice keeps the last."""
        self._check_use(mixed=self._root is not None)
        if type(key) is not str:
            raise self._refusal(f"has the key {key!r}, which is no string", "name the parts by strings")
        self._entries[key] = encode(value, self._writer, repr(key), snapshots=self._snapshots)

    def set(self, value: object) -> None:
        """Keep `value` as the whole data, unnamed."""
        self._check_use(mixed=bool(self._entries) or self._folder is not None)
        self._root = encode(value, self._writer, snapshots=self._snapshots)

    def path(self, name: str) -> Path:
        """Return where to write a file, which the bundle keeps under this name when the block ends.

        Raises:
            InputError: The name leads out of the bundle.
        """
        self._check_use(mixed=self._root is not None)
        problem = find_path_problem(name)
        if problem:
            raise InputError(f"{name!r} is no file name: {problem}", kind="bad-path", hint="use a plain name")
        if self._folder is None:
            import tempfile  # takes long, and few drafts have files

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
                if not path.is_dir() or path.is_symlink():
                    key = path.relative_to(self._folder).as_posix()
                    if key in entries:
                        raise self._refusal(
                            f"has {key!r} twice, as a value and as a file", "give them two names"
                        )
                    entries[key] = encode_path(path, self._writer)
        return Dict(tuple(entries.items()))

    def _check_use(self, *, mixed: bool) -> None:
        if self._state != "open":
            raise self._refusal(
                f"is {self._state}: nothing can be put into it", "use it within its with block"
            )
        if mixed:
            raise self._refusal(
                "has both named parts and a whole", "use either draft.set(…) or draft[name] = …"
            )

    def _refusal(self, what: str, hint: str) -> InputError:
        return InputError(f"the draft of {self._description.name} {what}", kind="bad-draft", hint=hint)
