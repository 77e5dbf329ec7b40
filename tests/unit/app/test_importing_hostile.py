"""Contexts that are damaged, or made to do harm: each bad bundle is named and left out, and all others come."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import stook
from stook.app.importing import Imported, import_disdat
from stook.app.importing.names import name_all
from stook.app.importing.records import load_frame, load_hyperframe
from stook.app.importing.wire import iter_fields
from stook.errors import IntegrityError
from stook.model.refs import check_name
from stook.store import Store
from tests.unit.app.disdat_messages import field, frame, hyperframe, link, numbers, write_bundle

_INT64 = (5).to_bytes(8, "little")


@pytest.fixture
def store() -> Store:
    """The home store."""
    return stook.open()


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A context with one sound bundle."""
    folder = tmp_path / "context"
    write_bundle(folder, "good", hyperframe("good", "good", ("v", "v")), v=frame("v", numbers(_INT64, 1)))
    return folder


def run(store: Store, context: Path) -> Imported:
    """Import; the sound bundle is imported whatever else is there."""
    done = import_disdat(store, str(context))
    assert store.get("good").data == 5
    return done


def problem(store: Store, context: Path) -> str:
    """Import a context with one bundle that cannot be, and return what is said of it."""
    (failed,) = run(store, context).failed
    return failed.problem


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("bundle://../good/v_frame.pb", "not a plain relative path"),
        ("bundle:///etc/passwd", "not a plain relative path"),
        ("bundle://a\x00b", "control character"),
        ("file:///etc/passwd", "not in the bundle"),
        ("db://server/table", "not in the bundle"),
        ("bundle://link", "leads out of the bundle"),
        ("bundle://up/passwd", "leads out of the bundle"),
        ("bundle://folder", "is no file"),
        ("bundle://pipe", "is no file"),
    ],
)
def test_links_that_lead_out(store: Store, context: Path, path: str, says: str) -> None:
    """No file outside of the bundle's own folder is read, by whatever path or link, and nothing is waited for."""
    message = hyperframe("bad", "bad", ("f", "f"))
    folder = write_bundle(context, "bad", message, f=frame("f", field(3, 1) + link(path)))
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("/etc")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    assert says in problem(store, context)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (numbers(_INT64, 2), "bytes"),
        (numbers(_INT64, 2**32, 2**32), "bytes"),
        (numbers(_INT64, *[1] * 40), "dimensions"),
        (numbers(_INT64 * 2, 2), "one value"),
        (numbers(_INT64, 1, type=18), "type that cannot be imported"),
        (numbers(_INT64, 1, type=99), "type that cannot be imported"),
        (field(3, 13) + field(8, b"\xff"), "Unicode"),
        (field(3, 13) + field(8, 7), "number is where bytes"),
    ],
)
def test_values_that_are_none(store: Store, context: Path, fields: bytes, says: str) -> None:
    """A shape that the bytes do not fit, a type of Python objects, a text that is none: refused, and never guessed."""
    write_bundle(context, "bad", hyperframe("bad", "bad", ("f", "f")), f=frame("f", fields))
    assert says in problem(store, context)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"\xff" * 40, "too long"),
        (field(5, b"")[:1] + b"\xff\xff\xff\xff\x7f", "ends within"),
        (hyperframe("other", "bad"), "it says that it is 'other'"),
        (hyperframe("bad", "bad", ("f", "../good/v")), "an id in it is none"),
        (hyperframe("bad", "bad", created=float("nan")), "time"),
        (hyperframe("bad", "bad", created=1e300), "time"),
        (hyperframe("bad", "bad", ("f", "f"), presentation=6), "not known here"),
    ],
)
def test_descriptions_that_are_none(store: Store, context: Path, message: bytes, says: str) -> None:
    """What is no description of the bundle in whose folder it is, is said to be none."""
    write_bundle(context, "bad", message, f=frame("f", numbers(_INT64, 1)))
    assert says in problem(store, context)


def test_a_changed_byte_is_seen(store: Store, context: Path) -> None:
    """A frame whose bytes are not those that were written is refused."""
    folder = write_bundle(
        context, "bad", hyperframe("bad", "bad", ("f", "f")), f=frame("f", numbers(_INT64, 1))
    )
    file = folder / "f_frame.pb"
    file.write_bytes(file.read_bytes().replace(_INT64, (6).to_bytes(8, "little")))
    assert "not those that were written" in problem(store, context)


def test_columns_that_do_not_fit(store: Store, context: Path) -> None:
    """Columns of different lengths make no table."""
    message = hyperframe("bad", "bad", ("a", "a"), ("b", "b"), presentation=1)
    write_bundle(
        context, "bad", message, a=frame("a", numbers(_INT64, 1)), b=frame("b", numbers(_INT64 * 2, 2))
    )
    assert "one length" in problem(store, context)


def test_unfinished_bundles_are_nothing(store: Store, context: Path) -> None:
    """A folder in which Disdat never wrote a description, or one that is no id, is passed over."""
    (context / "objects" / "begun").mkdir()
    (context / "objects" / ".DS_Store").write_text("")
    (context / "objects" / "a b").mkdir()
    assert run(store, context).failed == ()


def test_a_circle_of_inputs(store: Store, context: Path) -> None:
    """Bundles that claim to be made from each other are imported, each with the inputs that are there by then."""
    for own, other in (("x", "y"), ("y", "x")):
        more = field(11, field(2, other) + field(3, "arg"))
        write_bundle(context, own, hyperframe(own, own, more=more))
    assert run(store, context).failed == ()
    assert {used.name for name in "xy" for used in store.get(name).inputs} == {"x"}
    assert "disdat:y" in store.get("x").lineage.sources


def test_inputs_come_first_whatever_the_clocks_said(store: Store, context: Path) -> None:
    """A bundle that is older than its input, by another machine's clock, still has it as its input."""
    more = field(11, field(2, "input"))
    write_bundle(context, "user", hyperframe("user", "user", created=1.0, more=more))
    write_bundle(context, "input", hyperframe("input", "input", created=2.0))
    run(store, context)
    assert [used.id for used in store.get("user").inputs] == [store.get("input").id]


def test_names_stay_apart() -> None:
    """Two names that would become one do not, and a name that can be kept is kept."""
    names = name_all(["a/b", "a_b", "a|b", "", "../x", "ü" * 300, "-f"])
    assert names["a_b"] == "a_b"
    assert len(set(names.values())) == len(names)
    assert all(check_name(name) == name for name in names.values())


@given(st.text())
@example("\xa0x\x1f")
def test_any_name_becomes_one(name: str) -> None:
    """Whatever a bundle was called, it gets a name."""
    (sound,) = name_all([name]).values()
    assert check_name(sound) == sound


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    """Reading bytes as a message ends, with fields or with the one error."""
    for read in (load_frame, load_hyperframe, lambda message: list(iter_fields(message))):
        try:
            read(data)
        except IntegrityError:
            continue
