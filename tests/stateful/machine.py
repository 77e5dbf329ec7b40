"""Everything that can be done to a store, whatever it is in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from stook.errors import ConflictError, NotFoundError
from stook.store import Bundle, Store
from stook.store.checkout import checkout
from stook.store.gc import collect
from stook.store.rebuild import rebuild
from tests.stateful.model import Model, content, is_inline
from tests.stateful.pair import Pair, Seat, Setting, check_sound
from tests.stateful.traps import CONTEXT, Trap

__all__ = ["NAMES", "SEATS", "SEEDS", "SIZES", "StoreMachine"]

NAMES = st.sampled_from(["a", "a.b", "ä", "o'clock"])
PICKS = st.integers(0, 1000)
SEATS = st.integers(0, 1)
SIZES = st.sampled_from([10, 1000, 6000, 150_000])
SEEDS = st.integers(0, 3)
KINDS = st.sampled_from(["crash-before", "crash-after", "error-before", "error-after"])
TRAPS = st.one_of(st.none(), st.none(), st.tuples(KINDS, st.integers(1, 12)))
_HOURS = 3600.0


class StoreMachine(Pair):
    """The steps: either does them, and any of their operations may fail."""

    @initialize(offset=st.sampled_from([-7 * _HOURS, 0.0, 5 * _HOURS]))
    def begin(self, offset: float) -> None:
        """Two open it, one of them with a wrong clock."""
        for number, wrong in enumerate((0.0, offset)):
            seat = Seat(None, Trap(), wrong)  # type: ignore[arg-type]
            self._take(seat, number)
            self.seats.append(seat)

    @rule(which=SEATS, trap=TRAPS, name=NAMES, seed=SEEDS, size=SIZES, place=PICKS, used=PICKS)
    def add(  # noqa: PLR0917 - as Hypothesis names them
        self, which: int, trap: Setting, name: str, seed: int, size: int, place: int, used: int
    ) -> None:
        """Add a version to a context that may not be there yet; every second one is made from another."""
        context = [CONTEXT, "other", *self.model.names()][place % (2 + len(self.model.names()))]
        live = self.model.live()
        inputs = (live[used % len(live)],) if live and used % 2 else ()

        def act(store: Store) -> Bundle:
            data = self._data(seed, size, as_file=place % 3 == 0)
            return store.in_context(context).add(name, data, inputs=[store.get(i) for i in inputs])

        self._do(which, trap, act, self._added(name, seed, size, inputs), context=context)

    @precondition(lambda self: any(seat.draft is None for seat in self.seats))
    @rule(which=SEATS, name=NAMES, seed=SEEDS, size=SIZES)
    def begin_draft(self, which: int, name: str, seed: int, size: int) -> None:
        """Begin a bundle that others act beside."""
        seat = self.seats[which]
        if seat.draft is None:
            draft = seat.store.in_context(CONTEXT).draft(name)
            draft.__enter__()
            for key, part in self._data(seed, size).items():
                draft[key] = part
            seat.draft = (draft, name, seed, size)

    @precondition(lambda self: any(seat.draft for seat in self.seats))
    @rule(which=SEATS, trap=TRAPS)
    def end_draft(self, which: int, trap: Setting) -> None:
        """Publish it."""
        seat = self.seats[which]
        if seat.draft is not None:
            (draft, name, seed, size), seat.draft = seat.draft, None

            def act(_store: Store) -> Bundle:
                draft.__exit__(None, None, None)
                return draft.bundle

            self._do(which, trap, act, self._added(name, seed, size, ()), context=CONTEXT)

    @precondition(lambda self: any(seat.draft for seat in self.seats))
    @rule(which=SEATS)
    def drop_draft(self, which: int) -> None:
        """Give it up: nothing changes."""
        self._drop_draft(self.seats[which])

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, key=st.sampled_from(["k", "l"]), value=st.sampled_from("xyz"))
    def tag(self, which: int, trap: Setting, pick: int, key: str, value: str) -> None:
        """Give a bundle a tag."""
        identifier = self._pick(self.model.live(), pick)
        self._do(
            which,
            trap,
            lambda store: store.tag(identifier, {key: value}),
            lambda model, _: model.fates[identifier].tags.update({key: value}),
        )

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, key=st.sampled_from(["k", "l"]))
    def untag(self, which: int, trap: Setting, pick: int, key: str) -> None:
        """Take a tag away, which it may not have."""
        identifier = self._pick(self.model.live(), pick)

        def apply(model: Model, result: object) -> None:
            assert (result is not None) == (key in model.fates[identifier].tags)
            model.fates[identifier].tags.pop(key, None)

        self._do(which, trap, _unless(NotFoundError, lambda store: store.untag(identifier, key)), apply)

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, message=st.sampled_from(["why", "because"]))
    def commit(self, which: int, trap: Setting, pick: int, message: str) -> None:
        """Say that a bundle is to be kept."""
        identifier = self._pick(self.model.live(), pick)

        def apply(model: Model, _: object) -> None:
            model.fates[identifier].message = message

        self._do(which, trap, lambda store: store.commit(identifier, message), apply)

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, expect=st.sampled_from([None, "", "right", "wrong"]))
    def alias(self, which: int, trap: Setting, pick: int, expect: str | None) -> None:
        """Move an alias, if it is where it is expected."""
        identifier = self._pick(self.model.live(), pick)
        fate = self.model.fates[identifier]
        key = (fate.context, fate.name, "prod")
        now = self.model.aliases.get(key, [None])[-1]
        if expect in {"right", "wrong"}:
            others = [other for other in self.model.live() if other != now]
            expected = now or "" if expect == "right" else self._pick(others or [""], pick + 1)
            if expected and expected not in self.model.live():
                return  # it stands for what was removed, and cannot be named
        else:
            expected = expect

        def apply(model: Model, result: object) -> None:
            assert (result is not None) == (expected is None or expected == (now or ""))
            if result is not None and identifier != now:  # to where it stands is no move
                model.aliases.setdefault(key, []).append(identifier)

        self._do(
            which,
            trap,
            _unless(ConflictError, lambda store: store.alias("prod", identifier, expect=expected)),
            apply,
        )

    @precondition(lambda self: any(moves[-1] for moves in self.model.aliases.values()))
    @rule(which=SEATS, trap=TRAPS, pick=PICKS)
    def unalias(self, which: int, trap: Setting, pick: int) -> None:
        """Take an alias away."""
        key = self._pick([key for key, moves in self.model.aliases.items() if moves[-1]], pick)
        context, name, alias = key
        if self.model.contexts[context][0] in self.model.names():
            place = self.model.contexts[context][0]
            self._do(
                which,
                trap,
                lambda store: store.in_context(place).unalias(alias, name),
                lambda model, _: model.aliases[key].append(None),
            )

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, more=st.integers(0, 2), force=st.booleans())
    def rm(self, which: int, trap: Setting, pick: int, more: int, force: bool) -> None:
        """Remove some bundles, all or none."""
        live = self.model.live()
        going = list({live[(pick + step) % len(live)]: None for step in range(more + 1)})

        def apply(model: Model, result: object) -> None:
            assert (result is not None) == (force or not self.model.is_held(going))
            _set_live(model, going if result else [], is_live=False)

        self._do(
            which, trap, _unless(ConflictError, lambda store: store.rm(*going, force=force) or going), apply
        )

    @precondition(lambda self: self.model.removed())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, more=st.integers(0, 2))
    def restore(self, which: int, trap: Setting, pick: int, more: int) -> None:
        """Bring some back, all or none, unless their content was collected."""
        removed = self.model.removed()
        coming = list({removed[(pick + step) % len(removed)]: None for step in range(more + 1)})
        may_be_gone = any(
            self.model.fates[i].is_at_risk and not is_inline(self.model.fates[i].size) for i in coming
        )

        def apply(model: Model, result: object) -> None:
            assert result is not None or may_be_gone
            _set_live(model, coming if result else [], is_live=True)

        self._do(which, trap, _unless(NotFoundError, lambda store: store.restore(*coming)), apply)

    @rule(which=SEATS, trap=TRAPS)
    def create_context(self, which: int, trap: Setting) -> None:
        """Make a context."""
        self.count += 1
        name = f"new{self.count}"
        self._do(
            which, trap, lambda store: store.create_context(name), lambda *_: None, context=name, made=True
        )

    @precondition(lambda self: self.model.names())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS)
    def rename_context(self, which: int, trap: Setting, pick: int) -> None:
        """Give a context another name."""
        self.count += 1
        old, new = self._pick(sorted(self.model.names()), pick), f"renamed{self.count}"
        identifier = self.model.names()[old]

        def apply(model: Model, _: object) -> None:
            model.contexts[identifier] = (new, False)

        self._do(which, trap, lambda store: store.rename_context(old, new), apply)

    @precondition(lambda self: self.model.names())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS, force=st.booleans())
    def delete_context(self, which: int, trap: Setting, pick: int, force: bool) -> None:
        """Take a context away with all that is in it, all or nothing."""
        name = self._pick(sorted(self.model.names()), pick)
        identifier = self.model.names()[name]
        going = self.model.live(identifier)

        def apply(model: Model, result: object) -> None:
            assert (result is not None) == (force or not self.model.is_held(going))
            if result is not None:
                model.contexts[identifier] = (name, True)
                _set_live(model, going, is_live=False)

        self._do(
            which, trap, _unless(ConflictError, lambda store: store.delete_context(name, force=force)), apply
        )

    @rule(which=SEATS, trap=TRAPS)
    def collect_garbage(self, which: int, trap: Setting) -> None:
        """Collect: nothing that can be seen changes, but what was removed may be gone for good."""
        for identifier in self.model.removed():
            self.model.fates[identifier].is_at_risk = True
        self._do(
            which,
            trap,
            lambda store: collect(store.repository, grace=timedelta(hours=2), wait=0.0),
            lambda *_: None,
        )

    @rule(which=SEATS, trap=TRAPS)
    def rebuild(self, which: int, trap: Setting) -> None:
        """Make the catalog again."""
        self._do(which, trap, rebuild, lambda *_: None)

    @rule(which=SEATS)
    def verify(self, which: int) -> None:
        """Look at every byte: nothing is wrong."""
        check_sound(self.seats[which].store)

    @precondition(lambda self: self.model.live())
    @rule(which=SEATS, trap=TRAPS, pick=PICKS)
    def checkout(self, which: int, trap: Setting, pick: int) -> None:
        """Write a bundle's files: all or none of them."""
        identifier = self._pick(self.model.live(), pick)
        fate, folder = self.model.fates[identifier], self.folder / f"out{self.count}"
        self.count += 1
        self._do(which, trap, lambda store: checkout(store, store.get(identifier), folder), lambda *_: None)
        if folder.exists():
            written = {p.name: p.read_bytes() for p in folder.rglob("*") if not p.name.startswith(".")}
            assert written.get("file", b"") in {content(fate.seed, fate.size), b""}

    @rule(which=SEATS, seconds=st.sampled_from([-_HOURS, -60.0, 60.0, _HOURS]))
    def turn_the_clock(self, which: int, seconds: float) -> None:
        """Set a clock forward or back."""
        self.seats[which].offset += seconds

    @rule(which=SEATS)
    def reopen(self, which: int) -> None:
        """Close a store and open it again."""
        self._revive(which)

    @rule(which=SEATS)
    def lose_the_cache(self, which: int) -> None:
        """Go on with an empty cache, as another machine does."""
        self.count += 1
        self.caches[which] = self.folder / f"cache{self.count}"
        self._revive(which)


def _set_live(model: Model, bundles: list[str], *, is_live: bool) -> None:
    for identifier in bundles:
        model.fates[identifier].is_live = is_live
        model.fates[identifier].is_at_risk = False


def _unless(kind: type[Exception], act: Callable[[Store], Any]) -> Callable[[Store], Any]:
    """Return the same with None for an error that may be right; the model says whether it is."""

    def attempt(store: Store) -> Any:
        try:
            return act(store)
        except kind:
            return None

    return attempt
