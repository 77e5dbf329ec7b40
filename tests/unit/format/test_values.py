"""Tagged JSON: the forms that the specification names, and what is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import zoneinfo
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from stook.errors import FormatError, InputError
from stook.format import canonical, values

Point = namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ({"b": 1, "a": [None, True, 1.0]}, b'{"b":1,"a":[null,true,1.0]}'),
        (1e22, b"1e22"),
        (-0.0, b"-0.0"),
        (2**53 - 1, b"9007199254740991"),
        (2**53, b'{"$":"int","v":"9007199254740992"}'),
        (float("-inf"), b'{"$":"float","v":"-inf"}'),
        ({1: "a"}, b'{"$":"dict","v":[[1,"a"]]}'),
        ({"$x": 1}, b'{"$":"dict","v":[["$x",1]]}'),
        ((1, b"\x00"), b'{"$":"tuple","v":[1,{"$":"bytes","v":"AA=="}]}'),
        (dt.datetime(2026, 1, 2, fold=1), b'{"$":"datetime","v":"2026-01-02T00:00:00","fold":1}'),
        (
            dt.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
            b'{"$":"datetime","v":"2026-01-02T00:00:00","zone":"Europe/Berlin"}',
        ),
        (dt.time(1, tzinfo=dt.UTC), b'{"$":"time","v":"01:00:00+00:00"}'),
        (decimal.Decimal("1E+3"), b'{"$":"decimal","v":"1E+3"}'),
        (complex(0, float("nan")), b'{"$":"complex","v":[0.0,{"$":"float","v":"nan"}]}'),
    ],
)
def test_the_stored_form_is_the_specified_one(value: object, stored: bytes) -> None:
    """Each kind of value has the JSON that the specification gives it, and comes back."""
    assert values.dump(value) == stored
    assert repr(values.load(stored)) == repr(value)


def test_huge_ints_come_back() -> None:
    """Ints longer than Python's limit for decimal text are kept, as hex."""
    for value in (7**9000, -(7**9000)):
        assert values.load(values.dump(value)) == value


def test_sets_are_stored_in_one_order() -> None:
    """Equal sets give equal bytes however they were filled."""
    filled, other = set([0, 8]), set([8, 0])  # noqa: C405
    assert list(filled) != list(other)
    assert values.dump(filled) == values.dump(other)
    assert canonical.encode(filled) == canonical.encode(other)


@pytest.mark.parametrize(
    "value",
    [
        np.float64(1.5),
        np.str_("x"),
        np.int64(1),
        np.bool_(True),
        Colour.RED,
        Text("x"),
        Point(1, 2),
        OrderedDict(a=1),
        bytearray(b"x"),
        object(),
        {"deep": [(Colour.RED,)]},
        {np.str_("key"): 1},
    ],
)
def test_subclasses_and_foreign_types_are_not_plain(value: object) -> None:
    """What would come back as another type is not plain, and is refused by name."""
    assert not values.is_plain(value)
    with pytest.raises(InputError, match="is not a plain value") as caught:
        values.dump(value)
    assert caught.value.kind == "not-plain"
    with pytest.raises(InputError):
        canonical.encode(value)


class _Odd(dt.tzinfo):
    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=1)


def test_a_foreign_time_zone_is_refused() -> None:
    """A zone that is neither a key nor a fixed offset cannot be kept."""
    with pytest.raises(InputError) as caught:
        values.dump(dt.datetime(2026, 1, 1, tzinfo=_Odd()))
    assert caught.value.kind == "bad-zone"


def test_deep_and_cyclic_values_are_refused() -> None:
    """A hundred levels are kept; more, or a list that holds itself, is an error and no endless loop."""
    twice: list[object] = []
    twice += [twice, twice]
    assert values.is_plain(twice)
    deep: object = float("nan")
    for _ in range(100):
        deep = [deep]
    assert values.dump(values.load(values.dump(deep))) == values.dump(deep)
    cyclic: list[object] = []
    cyclic.append(cyclic)
    for value in ([deep], cyclic):
        assert values.is_plain(value)
        for refuse in (values.dump, canonical.encode):
            with pytest.raises(InputError) as caught:
                refuse(value)
            assert caught.value.kind == "too-deep"


def test_text_that_is_not_unicode_is_refused() -> None:
    """A lone surrogate is refused as text, as a key and within containers."""
    for value in ("\ud800", {"\ud800": 1}, ["a", "\udfff"]):
        for refuse in (values.dump, canonical.encode):
            with pytest.raises(InputError) as caught:
                refuse(value)
            assert caught.value.kind == "bad-text"


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{",
        b"\xff",
        b'"\xed\xa0\x80"',
        b"9007199254740992",
        b"1" * 400,
        b"[" * 100_000,
        b"[" * 104 + b"]" * 104,
        b'{"a":' * 104 + b"1" + b"}" * 104,
        b'{"$":[]}',
        b'{"$":"int"}',
        b'{"$":"int","v":"5"}',
        b'{"$":"int","v":"0x5"}',
        b'{"$":"int","v":"1_000_000_000_000_000_000"}',
        b'{"$":"int","v":"' + b"9" * 5000 + b'"}',
        b'{"$":"int","v":9007199254740993}',
        b'{"$":"float","v":"1.0"}',
        b'{"$":"pickle","v":"gASVAA=="}',
        b'{"$":"tuple","v":[],"x":1}',
        b'{"$":"set","v":[[1]]}',
        b'{"$":"set","v":[1,1]}',
        b'{"$":"dict","v":[[1,2],[1,3]]}',
        b'{"$":"dict","v":[[[],2]]}',
        b'{"$":"dict","v":[[1]]}',
        b'{"$a":1}',
        b'{"$":"bytes","v":"A"}',
        b'{"$":"bytes","v":"\xc3\xa9"}',
        b'{"$":"decimal","v":"1 "}',
        b'{"$":"decimal","v":"1E+9999999999999999999"}',
        b'{"$":"date","v":"20260101"}',
        b'{"$":"datetime","v":"2026-01-01"}',
        b'{"$":"datetime","v":"2026-01-01T00:00:00+01:00","zone":"UTC"}',
        b'{"$":"datetime","v":"2026-01-01T00:00:00","fold":2}',
        b'{"$":"datetime","v":"2026-01-01T00:00:00","zone":"../UTC"}',
        b'{"$":"datetime","v":"2026-01-01T00:00:00","zone":"Europe"}',
        b'{"$":"timedelta","v":[1,86400,0]}',
        b'{"$":"timedelta","v":[true,0,0]}',
        b'{"$":"timedelta","v":[1000000000,0,0]}',
        b'{"$":"complex","v":[1,2]}',
        b'{"$":"uuid","v":"{00000000-0000-0000-0000-000000000005}"}',
    ],
)
def test_what_nobody_dumped_is_refused(stored: bytes) -> None:
    """Malformed, ambiguous or oversized values are a FormatError with a next step, never another exception."""
    with pytest.raises(FormatError) as caught:
        values.load(stored)
    assert caught.value.hint


def test_an_unknown_zone_names_the_remedy() -> None:
    """A zone that this machine lacks is told from damage."""
    with pytest.raises(FormatError) as caught:
        values.load(b'{"$":"datetime","v":"2026-01-01T00:00:00","zone":"Mars/Olympus"}')
    assert caught.value.kind == "unknown-zone"


def test_the_callers_decimal_context_changes_nothing() -> None:
    """Lower-case exponents, low precision and missing traps of the caller do not reach what is stored."""
    number = decimal.Decimal("1.23456789E+30")
    expected = values.dump(number)
    with decimal.localcontext(decimal.Context(prec=2, capitals=0, traps=[])):
        assert values.dump(number) == expected
        assert values.load(expected) == number
        with pytest.raises(FormatError):
            values.load(b'{"$":"decimal","v":"x"}')
