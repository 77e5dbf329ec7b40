"""The store does what a dict of lists does, whatever is done to it in between."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stook.errors import StorageError
from stook.store import Store
from stook.store.open import reopen

_NAMES = st.sampled_from(["a", "a.b", "ab", "ä", "o'clock"])
_VALUES = st.one_of(
    st.integers(),
    st.text(max_size=20),
    st.lists(st.floats(allow_nan=False), max_size=5),
    st.binary(max_size=6000),
)


class StoreMachine(RuleBasedStateMachine):
    """Two stores open on one folder, against a plain model."""

    @initialize()
    def start(self) -> None:
        """Begin with an empty folder."""
        self.folder = Path(tempfile.mkdtemp(prefix="stook-stateful-"))
        self.model: dict[str, list[object]] = {}
        self.backup: dict[str, list[object]] | None = None
        self.caches = 0
        self.stores = [self._open("cache-0"), self._open("cache-0")]

    def _open(self, cache: str) -> Store:
        return reopen(str(self.folder / "store"), "machine", str(self.folder / cache), "tester")

    @rule(name=_NAMES, value=_VALUES, which=st.integers(0, 1))
    def add(self, name: str, value: object, which: int) -> None:
        """Add a version through either store."""
        try:
            self.stores[which].add(name, {"value": value})
        except StorageError:  # it had added what a restored copy has not, and notices
            self.stores[which] = self._open(f"cache-{self.caches if which else 0}")
            self.stores[which].add(name, {"value": value})
        self.model.setdefault(name, []).append(value)

    @rule(name=_NAMES, value=_VALUES, which=st.integers(0, 1))
    def fail_a_draft(self, name: str, value: object, which: int) -> None:
        """Begin a bundle and give up: nothing changes."""
        try:
            with self.stores[which].draft(name) as draft:
                draft["value"] = value
                raise KeyError(name)
        except KeyError:
            pass

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        """Close a store and open it again."""
        self.stores[which].close()
        self.stores[which] = self._open("cache-0")

    @rule()
    def lose_the_cache(self) -> None:
        """Go on with an empty cache: the catalog is made again from the log and the packs."""
        self.caches += 1
        self.stores[1] = self._open(f"cache-{self.caches}")

    @rule(which=st.integers(0, 1))
    def tear_the_log(self, which: int) -> None:
        """Leave half a record at the end of every open segment, as a crash does."""
        for folder in (self.folder / "store/log").glob("*"):
            segments = sorted(path for path in folder.iterdir() if path.name.isdigit())
            with segments[-1].open("ab") as file:
                file.write(b"\x40\x00\x00\x00torn")

    @rule()
    def take_a_copy(self) -> None:
        """Back the store's folder up."""
        shutil.rmtree(self.folder / "copy", ignore_errors=True)
        shutil.copytree(self.folder / "store", self.folder / "copy")
        self.backup = {name: list(values) for name, values in self.model.items()}

    @precondition(lambda self: self.backup is not None)
    @rule(name=_NAMES, value=_VALUES, which=st.integers(0, 1))
    def restore_the_copy(self, name: str, value: object, which: int) -> None:
        """Put the backup in the place of the folder, under open stores, and and add before anyone has read."""
        shutil.rmtree(self.folder / "store")
        shutil.copytree(self.folder / "copy", self.folder / "store")
        self.model = {name: list(values) for name, values in (self.backup or {}).items()}
        self.add(name, value, which)

    @invariant()
    def same_as_the_model(self) -> None:
        """Both stores have exactly the model's names, versions and values."""
        for store in self.stores:
            assert [bundle.name for bundle in store.ls()] == sorted(self.model)
            for name, values in self.model.items():
                versions = store.versions(name)
                assert [bundle.data["value"] for bundle in reversed(versions)] == values
                assert store.get(name).id == max(bundle.id for bundle in versions)

    def teardown(self) -> None:
        """Remove the folder."""
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder, ignore_errors=True)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
