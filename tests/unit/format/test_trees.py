"""The digest of a data tree."""

from __future__ import annotations

from typing import Any

import pytest

from stook.errors import FormatError, InputError
from stook.format.trees import digest_tree
from stook.model.tree import Blob, Dict, File, Folder, FolderFile, Object, Sequence, Value

A, B = Blob(1, "a" * 64), Blob(1, "b" * 64)
VALUE, OTHER = Value("1" * 64, A), Value("2" * 64, A)

DISTINCT: list[Any] = [
    VALUE,
    OTHER,
    Object("frame", "1" * 64, A),
    Object("array", "1" * 64, A),
    File("x", A),
    File("y", A),
    File("x", B),
    File("x", A, executable=True),
    Folder("", (FolderFile("x", A),)),
    Folder("d", (FolderFile("x", A),)),
    Folder("d", (FolderFile("x", A, True),)),
    Folder("d", (FolderFile("d/x", A),)),
    Folder("d", (FolderFile("x", A),), ("e",)),
    Folder("d", ()),
    Dict(()),
    Dict((("x", VALUE),)),
    Dict((("x", OTHER),)),
    Dict((("y", VALUE),)),
    Dict((("x", VALUE), ("y", OTHER))),
    Dict((("x", OTHER), ("y", VALUE))),
    Sequence(()),
    Sequence((), is_tuple=True),
    Sequence((VALUE, OTHER)),
    Sequence((OTHER, VALUE)),
    Sequence((Sequence((VALUE,)), OTHER)),
    Sequence((Sequence((VALUE, OTHER)),)),
]


def test_different_trees_have_different_digests() -> None:
    """Names, kinds, order, nesting, tuple-ness, modes and empty folders all count."""
    assert len({digest_tree(tree) for tree in DISTINCT}) == len(DISTINCT)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Dict((("x", VALUE), ("y", OTHER))), Dict((("y", OTHER), ("x", VALUE)))),
        (
            Folder("d", (FolderFile("x", A), FolderFile("y", B)), ("e", "f")),
            Folder("d", (FolderFile("y", B), FolderFile("x", A)), ("f", "e")),
        ),
        (Value("1" * 64, A), Value("1" * 64, B)),
        (Object("frame", "1" * 64, A, {"writer": 1}), Object("frame", "1" * 64, B, {"writer": 2})),
        (File("x", Blob(1, "a" * 64)), File("x", Blob(1, "a" * 64, data=b"x"))),
    ],
)
def test_what_is_the_same_data_has_the_same_digest(left: Any, right: Any) -> None:
    """Order of keys and how bytes are stored do not count."""
    assert digest_tree(left) == digest_tree(right)


def test_a_tree_too_deep_or_with_bad_digests_is_refused() -> None:
    """Nesting is bounded, and a digest must be one."""
    tree: Any = VALUE
    for _ in range(101):
        tree = Sequence((tree,))
    with pytest.raises(InputError):
        digest_tree(tree)
    with pytest.raises(FormatError):
        digest_tree(Value("zz", A))
