"""References as people write them."""

from __future__ import annotations

import pytest

from stook.errors import InputError
from stook.model.refs import Ref, parse_ref

_ID = "01KAGG0000ABCDEFGHJKMNPQRS"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("a.b", Ref("a.b")),
        ("a@prod", Ref("a", alias="prod")),
        (f"a@{_ID}", Ref("a", id=_ID)),
        ("a@NPQRS0", Ref("a", id="NPQRS0")),
        (_ID, Ref("", id=_ID)),
        ("e\u0301t\u00e9", Ref("\u00e9t\u00e9")),
    ],
)
def test_a_reference_is_read_and_written(text: str, ref: Ref) -> None:
    """Name, alias, id and part of an id are told apart; names are in Unicode's composed form."""
    assert parse_ref(text) == ref
    assert parse_ref(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "@", "@prod", "a@", "a@b@c", "a/b", "a@../b", ".a", "a\u200b", "a\n"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    """An empty part, as an unset variable leaves it in a script, never means the latest."""
    with pytest.raises(InputError):
        parse_ref(text)
