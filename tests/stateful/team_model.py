"""What two stores and their remote should be: plain dicts and sets, and what push and pull do to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from stook.errors import ConflictError
from stook.store import Store

__all__ = ["Fact", "Place", "Team", "Word", "observe"]

View = dict[str, object]


@dataclass(frozen=True)
class Fact:
    """A bundle, which is the same wherever it is: its name, what says its content, and what it was made from."""

    name: str
    seed: int
    size: int
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """What was said of a bundle once: a tag (`None` takes it away), or with an empty key why it was committed."""

    bundle: str
    key: str
    text: str | None


@dataclass(frozen=True)
class _Move:
    number: int
    bundle: str | None


@dataclass
class Place:
    """One store, or the remote.

    Attributes:
        states: Of each bundle that was ever there, whether it is.
        sure: Those whose content is there for certain.
        words: Which words are known there.
        aliases: The moves of each alias, newest first, by the name of its bundles.
    """

    states: dict[str, bool] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    words: set[int] = field(default_factory=set)
    aliases: dict[str, tuple[_Move, ...]] = field(default_factory=dict)

    def live(self) -> list[str]:
        """Return the bundles that are there, oldest first."""
        return sorted(bundle for bundle, is_live in self.states.items() if is_live)

    def removed(self) -> list[str]:
        """Return those that were removed."""
        return sorted(bundle for bundle, is_live in self.states.items() if not is_live)

    def collect(self) -> None:
        """Let what only removed bundles need be gone, perhaps."""
        self.sure.difference_update(self.removed())


@dataclass
class Team:
    """Two stores and a remote.

    Attributes:
        facts: All bundles that there ever were.
        words: All words, in the order in which they were said.
        stores: The stores.
        remote: The remote.
        moves: How many moves of aliases there were.
    """

    facts: dict[str, Fact] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    stores: tuple[Place, Place] = field(default_factory=lambda: (Place(), Place()))
    remote: Place = field(default_factory=Place)
    moves: int = 0

    def add(self, place: Place, bundle: str, fact: Fact) -> None:
        """Add a bundle."""
        self.facts[bundle] = fact
        place.states[bundle] = True
        place.sure.add(bundle)

    def say(self, place: Place, word: Word) -> None:
        """Say something of a bundle."""
        place.words.add(len(self.words))
        self.words.append(word)

    def move(self, place: Place, name: str, bundle: str | None) -> None:
        """Let the alias of a name stand for another bundle; to where it stands is no move."""
        moves = place.aliases.get(name, ())
        if not moves or moves[0].bundle != bundle:
            place.aliases[name] = (self._new_move(bundle), *moves)

    def is_committed(self, place: Place, bundle: str) -> bool:
        """Tell whether anyone has committed it, as far as is known at a place."""
        return any(
            self.words[number].bundle == bundle and not self.words[number].key for number in place.words
        )

    def ancestors(self, place: Place, bundles: Collection[str]) -> set[str]:
        """Return some bundles and all that they were made from, as far as one gets through what is at a place."""
        found: set[str] = set()
        fresh = {bundle for bundle in bundles if place.states.get(bundle)}
        while fresh:
            found |= fresh
            inputs = {used for bundle in fresh for used in self.facts[bundle].inputs}
            fresh = {used for used in inputs - found if place.states.get(used)}
        return found

    def newest(self, place: Place, name: str) -> str:
        """Return the newest bundle of a name at a place."""
        return max(bundle for bundle in place.live() if self.facts[bundle].name == name)

    def send(
        self,
        ours: Place,
        named: Collection[str],
        chosen: Collection[str],
        names: Collection[str],
        *,
        force: bool,
    ) -> None:
        """Push: `named` are those that were asked for, `chosen` these and what comes with them.

        Raises:
            ConflictError: An alias was moved on both sides; all else is done.
        """
        there = self.remote
        sent = {one for one in chosen if one not in there.states or (one in named and not there.states[one])}
        there.states.update(dict.fromkeys(sent, True))
        there.sure |= sent
        spoken_of = set(names) | {self.facts[one].name for one in sent} if names else set()
        for number in ours.words - there.words:
            bundle = self.words[number].bundle
            is_meant = not names or self.facts[bundle].name in spoken_of
            if is_meant and ours.states.get(bundle) and there.states.get(bundle):
                there.words.add(number)
        self._bring_aliases(ours, there, names, force=force)

    def take(
        self, ours: Place, named: Collection[str], names: Collection[str], *, data: bool, force: bool
    ) -> None:
        """Pull: `named` are those that were asked for, of `names`; all where there are none.

        Raises:
            ConflictError: An alias was moved on both sides; all else is done.
        """
        there = self.remote
        chosen = set(named) if names else set(there.live())
        came = {one for one in chosen if one not in ours.states or (names and not ours.states[one])}
        ours.states.update(dict.fromkeys(came, True))
        here = {one for one in chosen if ours.states[one]}
        if data:
            ours.sure |= here
        ours.words |= {number for number in there.words if self.words[number].bundle in here}
        self._bring_aliases(there, ours, names, force=force)

    def view(self, place: Place) -> View:
        """Return all that can be seen of a place, but for contents."""
        seen: View = {}
        for bundle in place.live():
            tags: dict[str, str] = {}
            message = ""
            for number in sorted(place.words):
                word = self.words[number]
                if word.bundle != bundle:
                    continue
                if not word.key:
                    message = word.text or ""
                elif word.text is None:
                    tags.pop(word.key, None)
                else:
                    tags[word.key] = word.text
            fact = self.facts[bundle]
            seen[bundle] = (fact.name, tags, message, fact.inputs)
        for name, moves in place.aliases.items():
            seen[f"{name}@prod"] = [move.bundle for move in moves]
        return seen

    def _bring_aliases(self, source: Place, target: Place, names: Collection[str], *, force: bool) -> None:
        diverged = [
            name
            for name in sorted(source.aliases)
            if (not names or name in names) and not self._bring_alias(source, target, name, force=force)
        ]
        if diverged:
            raise ConflictError(f"{diverged} were moved on both sides", kind="alias-diverged")

    def _bring_alias(self, source: Place, target: Place, name: str, *, force: bool) -> bool:
        """Return whether the alias was not moved on both sides, or was brought together by force."""
        ours, theirs = source.aliases[name], target.aliases.get(name, ())
        wanted = ours[0].bundle
        if ours[0] in theirs or (wanted is not None and not target.states.get(wanted)):
            return True
        if not theirs:
            if wanted is not None:
                target.aliases[name] = ours
            return True
        if theirs[0] in ours:
            target.aliases[name] = ours
            return True
        if wanted == theirs[0].bundle:
            return True
        if not force:
            return False
        older = {*ours[1:], *theirs[1:]} - {ours[0], theirs[0]}
        rest = sorted(older, key=lambda move: move.number, reverse=True)
        both = (self._new_move(wanted), ours[0], theirs[0], *rest)
        source.aliases[name] = target.aliases[name] = both
        return True

    def _new_move(self, bundle: str | None) -> _Move:
        self.moves += 1
        return _Move(self.moves, bundle)


def observe(store: Store) -> View:
    """Return all that can be seen of a store, but for contents, as `Team.view` says it should be."""
    seen: View = {}
    for bundle in store.search(order="oldest"):
        message = bundle.committed.message if bundle.committed else ""
        seen[bundle.id] = (bundle.name, bundle.tags, message, tuple(used.id for used in bundle.inputs))
    assert {bundle.id for bundle in store.removed()}.isdisjoint(seen)
    for alias in store.aliases(dropped=True):
        seen[f"{alias.name}@{alias.alias}"] = [move.id for move in alias.moves]
    return seen
