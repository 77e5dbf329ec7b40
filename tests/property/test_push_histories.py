"""Whatever was done to a store and whichever part of it is pushed, others get exactly that part, as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from stook.store import Bundle, Store
from stook.store.open import reopen
from stook.store.remotes.choosing import Choice
from stook.store.remotes.push import push

_NAMES = ("raw", "model", "report")
_Step = tuple[str, int, int]

_steps = st.lists(
    st.tuples(
        st.sampled_from(("add", "add", "tag", "commit", "alias", "rm")), st.integers(0, 9), st.integers(0, 2)
    ),
    max_size=12,
)
_choices = st.builds(
    Choice,
    names=st.lists(st.sampled_from(_NAMES), unique=True, max_size=2).map(tuple),
    every=st.booleans(),
    tags=st.sampled_from(({}, {}, {"t": "1"})),
)


@dataclass
class _Model:
    """What a store and its remote should have, kept in the plainest way."""

    versions: list[Bundle] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    committed: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    there: dict[str, tuple[str, dict[str, str], str | None, object]] = field(default_factory=dict)
    aliases_there: dict[str, str] = field(default_factory=dict)

    def live(self) -> list[Bundle]:
        return [one for one in self.versions if one.id not in self.removed]

    def choose(self, choice: Choice) -> list[Bundle]:
        fitting = [one for one in self.live() if choice.tags.items() <= self.tags[one.id].items()]
        if not choice.names:
            return [one for one in fitting if choice.every or one.id in self.committed]
        chosen = []
        for name in choice.names:
            named = [one for one in fitting if one.name == name]
            chosen += named if choice.every else named[-1:]
        return chosen

    def push(self, choice: Choice) -> None:
        names = choice.names or _NAMES
        sent = {one.id for one in self.choose(choice)}
        for one in self.live():
            if one.id in sent or (one.id in self.there and one.name in names):
                said = (one.name, dict(self.tags[one.id]), self.committed.get(one.id), one.data)
                self.there[one.id] = said
        for name in names:
            if self.aliases.get(name) in self.there:
                self.aliases_there[name] = self.aliases[name]


def _do(store: Store, model: _Model, steps: Sequence[_Step]) -> None:
    for number, (verb, which, name) in enumerate(steps):
        live = model.live()
        if verb == "add":
            made = store.add(_NAMES[name], {"bytes": bytes([which]) * (which * 3000), "number": number})
            model.versions.append(made)
            model.tags[made.id] = {}
        elif live:
            one = live[which % len(live)]
            if verb == "tag":
                store.tag(one, t=str(name))
                model.tags[one.id]["t"] = str(name)
            elif verb == "commit":
                model.committed[one.id] = f"because {number}"
                store.commit(one, f"because {number}")
            elif verb == "alias":
                store.alias("prod", one)
                model.aliases[one.name] = one.id
            else:
                store.rm(one, force=True)
                model.removed.add(one.id)


def _told(store: Store) -> dict[str, tuple[str, dict[str, str], str | None, object]]:
    return {
        one.id: (one.name, one.tags, one.committed.message if one.committed else None, one.data)
        for one in store.search()
    }


@settings(max_examples=25)
@given(rounds=st.lists(st.tuples(_steps, _choices), min_size=1, max_size=3))
def test_others_get_exactly_what_was_pushed(rounds: list[tuple[list[_Step], Choice]]) -> None:
    """After each push of a random part the remote, and a new store that pulls from it, have that and no more."""
    with TemporaryDirectory() as folder:
        root, model = Path(folder), _Model()
        ann = reopen(str(root / "ann"), "main", str(root / "cache-ann"), "ann")
        ann.add_remote("origin", str(root / "remote"))
        for steps, choice in rounds:
            _do(ann, model, steps)
            if all(any(one.name == name for one in model.choose(choice)) for name in choice.names):
                push(ann, choice)
                model.push(choice)
        there = ann.at_remote()
        bob = reopen(str(root / "bob"), "main", str(root / "cache-bob"), "bob")
        bob.add_remote("origin", str(root / "remote"))
        bob.pull()
        for store in (there, bob):
            assert _told(store) == model.there
            assert {alias.name: alias.id for alias in store.aliases()} == model.aliases_there
        for store in (ann, there, bob):
            store.close()
