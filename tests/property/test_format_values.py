"""Plain values: what is dumped comes back, and different values never look the same."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
import zoneinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stook.errors import FormatError, StookError
from stook.format import canonical, values

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]
offsets = st.integers(-86_399, 86_399).map(lambda s: dt.timezone(dt.timedelta(seconds=s)))
zones = st.none() | offsets | st.sampled_from(ZONES).map(zoneinfo.ZoneInfo)
folds = st.integers(0, 1)
datetimes = st.builds(
    lambda moment, zone, fold: moment.replace(tzinfo=zone, fold=fold), st.datetimes(), zones, folds
)
times = st.builds(lambda moment, zone, fold: moment.replace(tzinfo=zone, fold=fold), st.times(), zones, folds)
decimals = st.decimals() | st.sampled_from(
    [
        decimal.Decimal(text)
        for text in ("-0", "-0.00", "0E+3", "sNaN", "-sNaN7", "NaN123", "-Infinity", "1E-999999")
    ]
)
big = st.integers(-(2**70), 2**70) | st.sampled_from(
    [2**53, 2**53 - 1, -(2**53), -(2**53) + 1, 7**4000, -(2**4096)]
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    big,
    st.floats(),
    st.complex_numbers(allow_nan=True, allow_infinity=True),
    st.text(st.characters(codec="utf-8")),
    st.sampled_from(["$", "$x", "\x00", "é", "e\u0301"]),
    st.binary(),
    decimals,
    datetimes,
    times,
    st.dates(),
    st.timedeltas(),
    st.uuids(),
)


def is_hashable(value: object) -> bool:
    """Tell whether a value can be a key or an element; a signalling NaN cannot."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


keys = scalars.filter(is_hashable)
plain = st.recursive(
    scalars | st.frozensets(keys, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(keys, max_size=4)
        | st.dictionaries(keys | st.tuples(keys, keys), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(left: object, right: object) -> bool:  # noqa: PLR0911
    """Tell whether two values have the same types and content; NaNs are alike, zeros have signs."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        assert isinstance(right, float)
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, complex):
        assert isinstance(right, complex)
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, decimal.Decimal):
        return left.as_tuple() == right.as_tuple()  # type: ignore[attr-defined]
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))  # type: ignore[arg-type]
    if isinstance(left, dict):
        return same(list(left), list(right)) and same(list(left.values()), list(right.values()))  # type: ignore[call-overload, attr-defined]
    if isinstance(left, (set, frozenset)):
        return len(left) == len(right) and all(any(same(a, b) for b in right) for a in left)  # type: ignore[arg-type, attr-defined]
    if isinstance(left, (dt.datetime, dt.time)):
        assert isinstance(right, (dt.datetime, dt.time))
        zones_agree = type(left.tzinfo) is type(right.tzinfo) and (
            left.tzinfo == right.tzinfo or str(left.tzinfo) == str(right.tzinfo)
        )
        return zones_agree and left.fold == right.fold and left.isoformat() == right.isoformat()
    return left == right


@given(plain)
@settings(max_examples=400, deadline=None)
@example({"a": {1: [(), set(), frozenset(), {}, b"", ""]}})
def test_dumped_values_come_back_with_the_same_types(value: object) -> None:
    """Whatever is plain comes back equal, of the same types, with zones, folds, signs and order."""
    assert values.is_plain(value)
    assert same(values.load(values.dump(value)), value)


@given(plain)
@settings(max_examples=200, deadline=None)
def test_a_value_that_went_through_storage_has_the_same_digest(value: object) -> None:
    """Canonical bytes depend on the value alone, not on how it was made."""
    assert canonical.encode(values.load(values.dump(value))) == canonical.encode(value)


@given(plain, plain)
@settings(max_examples=400, deadline=None)
@example(1, True)
@example(1, 1.0)
@example(0.0, -0.0)
@example("1", b"1")
@example([], ())
@example(set(), frozenset())
@example(["ab", "c"], ["a", "bc"])
@example([[1], 2], [[1, 2]])
@example(decimal.Decimal("1.0"), decimal.Decimal("1.00"))
@example(dt.date(2026, 1, 1), dt.datetime(2026, 1, 1))
@example(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")))
@example(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, fold=1))
@example(uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001")
def test_distinct_values_have_distinct_bytes(left: object, right: object) -> None:
    """Two values have the same canonical bytes only if they are the same, but for the order of dicts."""
    if canonical.encode(left) == canonical.encode(right):
        assert same(unordered(left), unordered(right))
    else:
        assert not same(left, right)


def unordered(value: object) -> object:
    """Return a value with its dicts in one order."""
    if isinstance(value, dict):
        entries = sorted(value.items(), key=lambda entry: canonical.encode(entry[0]))
        return {key: unordered(item) for key, item in entries}
    if isinstance(value, (list, tuple)):
        return type(value)(unordered(item) for item in value)
    return value


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers()))
def test_the_order_of_a_dict_does_not_count_for_its_digest(value: dict[str, int]) -> None:
    """Equal dicts have equal canonical bytes, in whatever order they were filled."""
    assert canonical.encode(value) == canonical.encode(dict(reversed(value.items())))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "v", "zone", "fold", "a", "$b"]), inner, max_size=3)
        | st.builds(
            lambda name, content: {"$": name, "v": content}, st.sampled_from(sorted(values.TAGS)), inner
        )
        | st.builds(
            lambda name, text, zone, fold: {"$": name, "v": text, "zone": zone, "fold": fold},
            st.sampled_from(["datetime", "time"]),
            st.sampled_from(["2026-01-01T00:00:00", "12:00:00", "x"]),
            st.sampled_from(["UTC", "../../etc/passwd", "/", "No/Where", 3]),
            st.integers(0, 2),
        )
    ),
    max_leaves=10,
)


@given(json_like)
@settings(max_examples=500, deadline=None)
def test_hostile_json_is_refused_or_is_a_value(parsed: object) -> None:
    """Tagged JSON that nobody dumped gives a plain value or a FormatError, nothing else."""
    try:
        value = values.from_json(parsed)
    except FormatError:
        return
    assert values.is_plain(value)
    canonical.encode(value)


@given(plain, st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_bytes_are_refused_or_are_a_value(value: object, data: st.DataObject) -> None:
    """A changed byte of a stored value gives another plain value or a FormatError, nothing else."""
    stored = bytearray(values.dump(value))
    stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = values.load(bytes(stored))
    except FormatError:
        return
    try:
        assert values.is_plain(loaded)
    except StookError as error:  # pragma: no cover
        pytest.fail(str(error))
