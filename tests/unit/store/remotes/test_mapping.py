"""Records carried from one repository to another, and which context there stands for which here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stook.format import records
from stook.model.record import ContextRecord, TagRecord
from stook.store.remotes.mapping import ContextMap, match_context, rewrite_context
from tests.unit.store.remotes.conftest import OpenStore

_ID = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
_CONTEXTS = st.text("abcdef0123456789", min_size=1, max_size=64)


@given(
    _CONTEXTS,
    _CONTEXTS,
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1), st.none() | st.text(st.characters(codec="utf-8"))
    ),
)
def test_only_the_context_changes(before: str, after: str, tags: dict[str, str | None]) -> None:
    """A carried record differs in its context alone, byte by byte, and carried back it is what it was."""
    payload = records.dump(TagRecord(_ID, before, _ID, tags, 1, "ann"))
    carried = rewrite_context(payload, after)
    assert carried == payload.replace(f'"context":"{before}"'.encode(), f'"context":"{after}"'.encode(), 1)
    assert rewrite_context(carried, before) == payload


def test_what_this_version_does_not_know_is_kept() -> None:
    """Fields of later versions go over as they are: their numbers, their spaces, their order."""
    said = '{"type":"commit","id":"ID","new":{"a": [1.50, 2e3],  "b":null},"context":"aa","bundle":"ID"'
    payload = said.replace("ID", _ID).encode() + b',"message":"m","time":1}'
    assert rewrite_context(payload, "bb") == payload.replace(b'"aa"', b'"bb"')
    assert rewrite_context(payload, "aa") is payload


def test_contexts_match_by_id_then_name(machine: OpenStore) -> None:
    """The context of the same id stands for one, else that of the same name, else one that is to be made."""
    ann, bob = machine("ann"), machine("bob")
    mine, theirs = ann.context_id(), bob.context_id()
    assert match_context(ann.repository, mine, bob.repository) == (theirs, "name")
    bob.rename_context("main", "other")
    fresh, how = match_context(ann.repository, mine, bob.repository)
    assert how == "new"
    assert fresh not in {mine, theirs}
    assert bob.in_context("main").context_id() == fresh
    assert match_context(bob.repository, theirs, bob.repository) == (theirs, "id")


def test_a_context_that_was_deleted_is_there_again(machine: OpenStore) -> None:
    """Where a context of the name was deleted, that one is made again."""
    ann, bob = machine("ann"), machine("bob")
    mine, theirs = ann.context_id(), bob.context_id()
    bob.delete_context("main")
    assert match_context(ann.repository, mine, bob.repository) == (theirs, "new")


def test_contexts_that_are_lacking_are_made_once(machine: OpenStore) -> None:
    """Of the contexts that were asked for, those that the target lacks are made, each by one record."""
    ann, bob = machine("ann"), machine("bob")
    here = {name: ann.in_context(name).context_id() for name in ("main", "x", "y")}
    bob.context_id()
    contexts = ContextMap(ann.repository, bob.repository, {here["x"]: "abc"})
    payloads = [
        records.dump(ContextRecord(_ID, context, "name", 1)) for context in (*here.values(), here["y"])
    ]
    carried = [records.load(payload).context for payload in contexts.carry(payloads)]
    assert carried[:2] == [bob.context_id(), "abc"]
    assert [(record.context, record.name) for record in contexts.made()] == [("abc", "x"), (carried[2], "y")]
    assert carried[2] == carried[3]
