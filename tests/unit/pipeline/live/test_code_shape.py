"""When compiled code does the same."""

from __future__ import annotations

import pytest

from stook.pipeline.live.code_shape import global_names, shape_of

_SOURCE = """
def f(x, y=1):
    total = 0
    for one in x:
        if one > LIMIT:
            total += helper(one, y)
    return [total, "sum"]
"""


def _shape(source: str) -> str:
    names: dict[str, object] = {}
    exec(compile(source, "f.py", "exec"), names)  # noqa: S102 - the source is above
    return shape_of(names["f"].__code__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f", "# about f\n\n\ndef f"),
        ("    total = 0\n", "    total = 0  # none yet\n\n"),
        ("    total = 0\n", '    """Add up."""\n    total = 0\n'),
    ],
)
def test_lines_comments_and_docstrings_are_no_part(old: str, new: str) -> None:
    """What leaves the code as it is leaves its shape."""
    assert _shape(_SOURCE.replace(old, new)) == _shape(_SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("total = 0", "total = 0.0"),
        ("total = 0", "total = False"),
        ('"sum"', '"all"'),
        ("one > LIMIT", "one >= LIMIT"),
        ("one > LIMIT", "one > OTHER"),
        ("helper(one, y)", "helper(y, one)"),
        ("return [total", "    return [total"),
        ("(x, y=1)", "(x, *, y=1)"),
        ("(x, y=1)", "(x, z=1, y=1)"),
        ("[total,", "[lambda: total + 1,"),
    ],
)
def test_everything_else_is(old: str, new: str) -> None:
    """Constants and their types, names, order, the way through it: each makes another shape."""
    assert _shape(_SOURCE.replace(old, new)) != _shape(_SOURCE)


def test_nested_code_counts() -> None:
    """Of a function within a function, the code counts as well."""
    source = "def f():\n    def g():\n        return 1\n    return g\n"
    assert _shape(source) != _shape(source.replace("1", "2"))


def test_names_of_the_module() -> None:
    """Names are those that code looks up in its module, nested code included; attributes and arguments are none."""
    names: dict[str, object] = {}
    exec("def f(x):\n    return [a.b(x, y) for y in c]\n", names)  # noqa: S102 - the source is here
    assert global_names(names["f"].__code__) == ("a", "c")  # type: ignore[attr-defined]
