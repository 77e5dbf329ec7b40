"""Two who use one store, and a plain model of it; each step is done, or fails on purpose and is found out about."""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from stook.errors import StorageError
from stook.store import Bundle, Store
from stook.store.draft import Draft
from stook.store.verify import verify
from stook.testing import Crash
from tests.stateful.model import Fate, Model, content, observe
from tests.stateful.traps import Kind, Trap

__all__ = ["Pair", "Seat", "Setting", "check_sound"]

_content = lru_cache(content)

Setting = tuple[Kind, int] | None


@dataclass
class Seat:
    """One who uses the store, as a process would.

    Attributes:
        store: The store that is open.
        trap: Lets its operations fail.
        offset: Seconds by which its clock is wrong.
        draft: A bundle that it has begun, with its name, seed and size.
    """

    store: Store
    trap: Trap
    offset: float = 0.0
    draft: tuple[Draft, str, int, int] | None = None


class Pair(RuleBasedStateMachine):
    """Two stores that are open at one place."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="stook-stateful-"))
        self.model = Model()
        self.caches = [self.folder / "cache", self.folder / "cache"]
        self.seats: list[Seat] = []
        self.has_failed = False  # the step that was last done, on purpose
        self.count = 0

    @abstractmethod
    def open(self, cache: Path, now: Callable[[], float]) -> tuple[Store, Trap]:
        """Open the store with a cache and a clock."""

    @invariant()
    def same_as_the_model(self) -> None:
        """Both stores have exactly what the model has, and all content reads back."""
        expected = self.model.view()
        for seat in self.seats:
            seat.trap.set("error-before", 0)
            assert observe(seat.store) == expected
            for identifier in self.model.live():
                self._check_content(seat.store.get(identifier), self.model.fates[identifier])

    def teardown(self) -> None:
        """Look at everything as one who knows nothing of it, then remove the folder."""
        try:
            if self.seats:
                for seat in self.seats:
                    self._drop_draft(seat)
                store, _ = self.open(self.folder / "last", time.time)
                assert observe(store) == self.model.view()
                for identifier in self.model.live():
                    self._check_content(store.get(identifier), self.model.fates[identifier])
                check_sound(store)
                store.close()
        finally:
            for seat in self.seats:
                seat.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _do(
        self,
        which: int,
        trap: Setting,
        act: Callable[[Store], Any],
        apply: Callable[[Model, Any], None],
        *,
        context: str = "",
        made: bool = False,
    ) -> None:
        """Do a step, of which all must have happened, or nothing where it failed on purpose.

        Args:
            which: Who does it.
            trap: What fails.
            act: The step.
            apply: The same for the model, given what the step returned.
            context: The name of a context that the step makes where there is none, whatever fails after that.
            made: Whether that is all that it does.
        """
        seat = self.seats[which]
        seat.trap.set(*(trap or ("error-before", 0)))
        self.has_failed = False
        try:
            result = act(seat.store)
        except (Crash, StorageError) as error:
            if isinstance(error, StorageError) and error.kind == "store-replaced":
                self._revive(which)
                self._do(which, None, act, apply, context=context, made=made)
                return
            if not seat.trap.is_sprung:
                raise
            self.has_failed = True
            seat.trap.set("error-before", 0)
            if isinstance(error, Crash):
                self._revive(which)
            self._find_out(seat.store, apply, context)
            return
        seat.trap.set("error-before", 0)
        if made:
            self.model.contexts[result.id] = (context, False)
        apply(self.model, result)

    def _find_out(self, store: Store, apply: Callable[[Model, Any], None], context: str) -> None:
        """See whether a step that failed was done, and take the model there."""
        seen = observe(store)
        candidates = [self.model, copy.deepcopy(self.model)]
        if context and (there := [found for found in store.contexts() if found.name == context]):
            for model in candidates[1:]:
                model.contexts[there[0].id] = (context, False)
        fresh = [bundle for bundle in _everything(store) if bundle.id not in self.model.fates]
        assert len(fresh) <= 1
        done = copy.deepcopy(self.model)
        try:
            apply(done, fresh[0] if fresh else True)
        except (AssertionError, AttributeError):
            assert not fresh  # it would have been refused
        else:
            candidates.append(done)
        fitting = [model for model in candidates if model.view() == seen]
        assert fitting, "neither done nor undone"
        self.model = fitting[0]

    def _added(
        self, name: str, seed: int, size: int, inputs: tuple[str, ...]
    ) -> Callable[[Model, Bundle], None]:
        def apply(model: Model, bundle: Bundle) -> None:
            context = bundle.record.context
            known = bundle.repository.catalog.context_names()
            model.contexts[context] = (known[context], model.contexts.get(context, ("", False))[1])
            model.fates[bundle.id] = Fate(context, name, seed, size, inputs)

        return apply

    def _data(self, seed: int, size: int, *, as_file: bool = False) -> dict[str, object]:
        data = _content(seed, size)
        if not as_file:
            return {"value": data}
        path = self.folder / "given" / str(seed) / "file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return {"file": path}

    def _check_content(self, bundle: Bundle, fate: Fate) -> None:
        data = bundle.data
        found = data["file"].read_bytes() if "file" in data else data["value"]
        assert found == _content(fate.seed, fate.size), f"{bundle.ref} has not what was added"

    def _take(self, seat: Seat, which: int) -> None:
        seat.store, seat.trap = self.open(self.caches[which], lambda: time.time() + seat.offset)

    def _revive(self, which: int) -> None:
        seat = self.seats[which]
        self._drop_draft(seat)
        seat.store.close()
        self._take(seat, which)

    def _drop_draft(self, seat: Seat) -> None:
        if seat.draft is not None:
            seat.draft[0].__exit__(KeyError, KeyError("given up"), None)
            seat.draft = None

    def _pick(self, from_: list[Any], number: int) -> Any:
        return from_[number % len(from_)]


def check_sound(store: Store) -> None:
    """See that nothing is wrong; an alias may stand for what was removed by force."""
    found = verify(store, deep=True, quarantine=False)
    assert {problem.kind for problem in found.problems} <= {"dangling-alias"}, found.problems


def _everything(store: Store) -> list[Bundle]:
    return [b for context in store.contexts() for b in store.in_context(context.name).search()]
