"""Two who share bundles through a remote, and everything that they can do."""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stook.errors import ConflictError, IntegrityError, NotFoundError, StookError
from stook.store import Bundle, Store
from stook.store.gc import collect
from stook.store.open import reopen
from stook.store.verify import verify
from stook.testing import Crash
from tests.stateful.model import content
from tests.stateful.team_model import Fact, Place, Team, Word, observe
from tests.stateful.traps import CONTEXT, Trap

__all__ = ["TeamMachine"]

WHICH = st.integers(0, 1)
PICKS = st.integers(0, 1000)
NAMES = st.sampled_from(["a", "b"])
SIZES = st.sampled_from([10, 6_000, 120_000])
KINDS = st.sampled_from(["crash-before", "crash-after", "error-before", "error-after"])
TRAPS = st.one_of(st.none(), st.tuples(KINDS, st.integers(1, 14)))
Setting = tuple[Any, int] | None
_TICK = 0.003


class TeamMachine(RuleBasedStateMachine):
    """Two stores and a remote; what goes over may fail, and is done again then."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="stook-team-"))
        self.model = Team()
        self.trap = Trap()
        self.stores: list[Store] = []
        self.reader: Store | None = None
        self.failures = 0

    @abstractmethod
    def place(self) -> str:
        """Return where the remote is to be."""

    def collect_remote(self, there: Store) -> None:
        """Collect garbage at the remote."""
        collect(there.repository, wait=0.0)

    @initialize()
    def begin(self) -> None:
        """Make the stores, and the remote of both."""
        url = self.place()
        for number in range(2):
            self.stores.append(self._open(number))
            self.stores[number].add_remote("origin", url)
        self.reader = self.stores[0].at_remote()
        for seed, size in enumerate((6_000, 120_000)):
            self.add(0, "a", seed, size, 1)
        self.exchange(0, data=False)

    @rule(which=WHICH, name=NAMES, seed=st.integers(0, 3), size=SIZES, pick=PICKS)
    def add(self, which: int, name: str, seed: int, size: int, pick: int) -> None:
        """Add a version, every second one made from another; most are committed."""
        place, store = self._at(which)
        live = place.live()
        inputs = (live[pick % len(live)],) if live and pick % 2 else ()
        data = {"value": content(seed, size)}
        bundle = store.add(name, data, inputs=[store.get(one) for one in inputs])
        self.model.add(place, bundle.id, Fact(name, seed, size, inputs))
        if pick % 3:
            self._pause()
            store.commit(bundle, "for all")
            self.model.say(place, Word(bundle.id, "", "for all"))

    @rule(which=st.integers(0, 2), pick=PICKS, key=st.sampled_from("kl"), text=st.sampled_from("xyz"))
    def tag(self, which: int, pick: int, key: str, text: str) -> None:
        """Tag a bundle, here or at the remote."""
        if bundle := self._pick(self._live(which), pick):
            self._on(which, lambda store: store.tag(bundle, {key: text}))
            self.model.say(self._place(which), Word(bundle, key, text))

    @rule(which=st.integers(0, 2), pick=PICKS, message=st.sampled_from(["why", "because"]))
    def commit(self, which: int, pick: int, message: str) -> None:
        """Commit a bundle, perhaps for another reason than before."""
        if bundle := self._pick(self._live(which), pick):
            self._on(which, lambda store: store.commit(bundle, message))
            self.model.say(self._place(which), Word(bundle, "", message))

    @rule(which=st.integers(0, 2), pick=PICKS)
    def alias(self, which: int, pick: int) -> None:
        """Let an alias stand for a bundle."""
        if bundle := self._pick(self._live(which), pick):
            self._on(which, lambda store: store.alias("prod", bundle))
            self.model.move(self._place(which), self.model.facts[bundle].name, bundle)

    @rule(name=NAMES, picks=st.tuples(PICKS, PICKS), first=WHICH, force=st.booleans())
    def alias_at_once(self, name: str, picks: tuple[int, int], first: int, force: bool) -> None:
        """Move one alias in both stores, and push from both."""
        for which, pick in enumerate(picks):
            named = [one for one in self._live(which) if self.model.facts[one].name == name]
            if bundle := self._pick(named, pick):
                self._pause()
                self.stores[which].alias("prod", bundle)
                self.model.move(self.model.stores[which], name, bundle)
        self.push(first, None, every=True, force=False, pick=1)
        self.push(1 - first, None, every=True, force=force, pick=1)

    @rule(which=WHICH, name=NAMES)
    def unalias(self, which: int, name: str) -> None:
        """Take an alias away."""
        place, store = self._at(which)
        if name in place.aliases and place.aliases[name][0].bundle is not None:
            store.unalias("prod", name)
            self.model.move(place, name, None)

    @rule(which=st.integers(0, 2), pick=PICKS)
    def rm(self, which: int, pick: int) -> None:
        """Remove a bundle, from one place only."""
        if bundle := self._pick(self._live(which), pick):
            self._on(which, lambda store: store.rm(bundle, force=True))
            self._place(which).states[bundle] = False

    @rule(which=st.integers(0, 2), pick=PICKS)
    def restore(self, which: int, pick: int) -> None:
        """Bring a bundle back, unless its content is gone everywhere."""
        place = self._place(which)
        bundle = self._pick(place.removed(), pick)
        if bundle is None:
            return
        try:
            self._on(which, lambda store: store.restore(bundle))
        except NotFoundError:
            assert not self._is_somewhere(place, bundle)
        else:
            place.states[bundle] = True

    @rule(which=WHICH, trap=TRAPS, every=st.booleans(), force=st.booleans(), pick=PICKS)
    def push(self, which: int, trap: Setting, every: bool, force: bool, pick: int) -> None:
        """Push what is committed, or everything."""
        place, _ = self._at(which)
        tags = {"k": "x"} if pick % 4 == 0 else {}
        chosen = [
            one
            for one in place.live()
            if (every or self.model.is_committed(place, one)) and _bears(self, place, one, tags)
        ]
        self._share(
            which,
            None if force else trap,
            lambda store: store.push(every=every, tags=tags, force=force),
            lambda model, here: model.send(here, (), chosen, (), force=force),
            sent=chosen,
        )

    @rule(
        which=WHICH,
        trap=TRAPS,
        pick=PICKS,
        form=st.sampled_from(["name", "version", "every"]),
        inputs=st.booleans(),
    )
    def push_named(self, which: int, trap: Setting, pick: int, form: str, inputs: bool) -> None:
        """Push the newest version of a name, a certain one, or all of a name, perhaps with what they were made from."""
        place, _ = self._at(which)
        bundle = self._pick(place.live(), pick)
        if bundle is None:
            return
        name = self.model.facts[bundle].name
        every = [one for one in place.live() if self.model.facts[one].name == name]
        named = {"name": [self.model.newest(place, name)], "version": [bundle], "every": every}[form]
        chosen = self.model.ancestors(place, named) if inputs else set(named)
        ref = f"{name}@{bundle}" if form == "version" else name
        self._share(
            which,
            trap,
            lambda store: store.push(ref, every=form == "every", with_inputs=inputs),
            lambda model, here: model.send(here, named, chosen, [name], force=False),
            sent=chosen,
            named=named,
        )

    @rule(which=WHICH, trap=TRAPS, data=st.booleans(), force=st.booleans())
    def pull(self, which: int, trap: Setting, data: bool, force: bool) -> None:
        """Pull everything."""
        self._share(
            which,
            None if force else trap,
            lambda store: store.pull(data=data, force=force),
            lambda model, here: model.take(here, (), (), data=data, force=force),
        )

    @rule(which=WHICH, trap=TRAPS, pick=PICKS, data=st.booleans(), newest=st.booleans())
    def pull_named(self, which: int, trap: Setting, pick: int, data: bool, newest: bool) -> None:
        """Pull the newest version of a name, or a certain one."""
        bundle = self._pick(self.model.remote.live(), pick)
        if bundle is None:
            return
        name = self.model.facts[bundle].name
        named = self.model.newest(self.model.remote, name) if newest else bundle
        version = "" if newest else bundle
        self._share(
            which,
            trap,
            lambda store: store.pull(name, version=version, data=data),
            lambda model, here: model.take(here, [named], [name], data=data, force=False),
        )

    @rule(which=WHICH, data=st.booleans())
    def exchange(self, which: int, data: bool) -> None:
        """Push everything from one, and pull it at the other."""
        self.push(which, None, every=True, force=True, pick=1)
        self.pull(1 - which, None, data=data, force=True)

    @rule(which=st.integers(0, 2), trap=TRAPS)
    def collect_garbage(self, which: int, trap: Setting) -> None:
        """Collect: nothing that can be seen changes."""
        self._place(which).collect()
        if which < 2:
            collect(self.stores[which].repository, wait=0.0)
            return
        assert self._attempt(trap, lambda: self._on(2, self.collect_remote)) is None

    @rule(which=WHICH, pick=PICKS)
    def read(self, which: int, pick: int) -> None:
        """Use a bundle's content, which comes from the remote where it is not here."""
        place, store = self._at(which)
        if bundle := self._pick(place.live(), pick):
            self._read(place, store.get(bundle))

    @rule(which=WHICH)
    def reopen(self, which: int) -> None:
        """Close a store and open it again."""
        self._revive(which)

    @rule(which=WHICH)
    def fetch(self, which: int) -> None:
        """Ask what there is: that changes nothing."""
        assert self.stores[which].fetch().bundles == len(self.model.remote.live())

    @invariant()
    def same_as_the_model(self) -> None:
        """Both stores and the remote show exactly what the model has."""
        self._pause()
        if self.reader is not None:
            for number, store in enumerate(self.stores):
                assert observe(store) == self.model.view(self.model.stores[number])
            assert observe(self.reader) == self.model.view(self.model.remote)

    def teardown(self) -> None:
        """See that nothing is lost anywhere, then remove the folder."""
        try:
            if self.reader is not None:
                self.trap.set("error-before", 0)
                assert set(self.model.remote.live()) <= self.model.remote.sure
                for bundle in self.reader.search():
                    self._check_content(bundle)
                _check_sound(self.reader)
                for number, store in enumerate(self.stores):
                    place = self.model.stores[number]
                    if all(self._is_somewhere(place, one) for one in place.live()):
                        _check_sound(store)
                    for bundle in store.search():
                        self._read(place, bundle)
        finally:
            for store in (*self.stores, self.reader):
                if store is not None:
                    store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _share(
        self,
        which: int,
        trap: Setting,
        act: Callable[[Store], Any],
        apply: Callable[[Team, Place], None],
        *,
        sent: Collection[str] = (),
        named: Collection[str] = (),
    ) -> None:
        """Do what goes over: all of it, or an error that changes nothing, and then all of it."""
        before, after = self.model, copy.deepcopy(self.model)
        diverged = False
        try:
            apply(after, after.stores[which])
        except ConflictError:
            diverged = True
        here = before.stores[which]
        may_lack = any(
            not self._is_somewhere(here, one)
            for one in sent
            if one not in before.remote.states or (one in named and not before.remote.states[one])
        )

        def check() -> None:
            for place, store in ((before.remote, self.reader), (here, self.stores[which])):
                new = after.remote if place is before.remote else after.stores[which]
                assert store is not None
                assert _bundles(observe(store)) in (_bundles(before.view(place)), _bundles(after.view(new)))

        error = self._attempt(trap, lambda: act(self.stores[which]), lambda: self._revive(which), check)
        if isinstance(error, NotFoundError | IntegrityError):
            assert may_lack, error
            return
        assert (error is not None) == diverged, error
        assert error is None or error.kind == "alias-diverged", error
        self.model = after

    def _attempt(
        self,
        trap: Setting,
        act: Callable[[], Any],
        revive: Callable[[], None] = lambda: None,
        check: Callable[[], None] = lambda: None,
    ) -> StookError | None:
        """Do something, and where it failed on purpose do it again; return an error that was not on purpose."""
        self.trap.set(*(trap or ("error-before", 0)))
        try:
            act()
        except (Crash, StookError) as error:
            if not self.trap.is_sprung:
                return self._told(error)
            self.trap.set("error-before", 0)
            if isinstance(error, Crash):
                revive()
            check()
            self.failures += 1
            return self._attempt(None, act)
        finally:
            self.trap.set("error-before", 0)
        return None

    def _told(self, error: BaseException) -> StookError:
        if not isinstance(error, ConflictError | NotFoundError | IntegrityError):
            raise error
        return error

    def _on(self, which: int, act: Callable[[Store], Any]) -> None:
        """Do something to a store, or as one of them does it at the remote."""
        if which < 2:
            act(self.stores[which])
            return
        there = self.stores[0].at_remote()
        try:
            act(there)
        finally:
            there.close()

    def _is_somewhere(self, place: Place, bundle: str) -> bool:
        """Tell whether content that is needed at a place is there or where it would be fetched from, for certain."""
        remote = self.model.remote
        is_there = bundle in remote.sure and remote.states.get(bundle, False) and place is not remote
        return bundle in place.sure or is_there

    def _read(self, place: Place, bundle: Bundle) -> None:
        try:
            self._check_content(bundle)
        except StookError:
            assert not self._is_somewhere(place, bundle.id)
        else:
            place.sure.add(bundle.id)

    def _check_content(self, bundle: Bundle) -> None:
        fact = self.model.facts[bundle.id]
        assert bundle.data["value"] == content(fact.seed, fact.size), f"{bundle.ref} has not what was added"

    def _place(self, which: int) -> Place:
        return (*self.model.stores, self.model.remote)[which]

    def _at(self, which: int) -> tuple[Place, Store]:
        return self.model.stores[which], self.stores[which]

    def _live(self, which: int) -> list[str]:
        return self._place(which).live()

    def _pick(self, from_: list[str], number: int) -> str | None:
        return from_[number % len(from_)] if from_ else None

    def _open(self, number: int) -> Store:
        return reopen(
            str(self.folder / f"store{number}"), CONTEXT, str(self.folder / f"cache{number}"), f"user{number}"
        )

    def _revive(self, which: int) -> None:
        self.stores[which].close()
        self.stores[which] = self._open(which)

    def _pause(self) -> None:
        """Let the clock move on, so that what two say one after another is in that order for all."""
        end = time.time() + _TICK
        while time.time() < end:
            time.sleep(_TICK / 3)


def _bears(machine: TeamMachine, place: Place, bundle: str, tags: dict[str, str]) -> bool:
    seen = machine.model.view(place)[bundle]
    assert isinstance(seen, tuple)
    return tags.items() <= seen[1].items()


def _bundles(view: dict[str, object]) -> set[str]:
    return {key for key in view if not key.endswith("@prod")}


def _check_sound(store: Store) -> None:
    """See that nothing is wrong; an alias may stand for what was removed by force."""
    found = verify(store, deep=True, quarantine=False)
    assert {problem.kind for problem in found.problems} <= {"dangling-alias"}, found.problems
