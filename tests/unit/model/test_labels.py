"""What tasks are called wherever they are shown."""

from __future__ import annotations

from stook.model.labels import Labels


def _labels(*values: dict[str, str], name: str = "leaf") -> Labels:
    labels = Labels()
    for number, one in enumerate(values):
        labels.add(number, name, one)
    return labels


def _all(labels: Labels, count: int) -> list[str]:
    return [labels.of(number) for number in range(count)]


def test_a_label_has_what_differs_among_tasks_of_one_name() -> None:
    """A task alone is called by its name; what all have alike is not said."""
    assert _all(_labels({"n": "n=1"}), 1) == ["leaf"]
    labels = _labels({"k": "k=a", "n": "n=1", "part": "day=3"}, {"k": "k=a", "n": "n=2", "part": "day=3"})
    labels.add(2, "other", {"n": "n=1"})
    assert _all(labels, 3) == ["leaf n=1", "leaf n=2", "other"]
    labels.add(3, "leaf", {"k": "k=a", "n": "n=2", "part": "day=4"})
    assert _all(labels, 4) == ["leaf n=1 day=3", "leaf n=2 day=3", "other", "leaf n=2 day=4"]


def test_what_only_some_tasks_have_differs() -> None:
    """Inputs of a function may be given to one task and not to another."""
    assert _all(_labels({"n": "n=1"}, {"n": "n=1", "more": "more=A()"}), 2) == ["leaf", "leaf more=A()"]
    assert _all(_labels({"n": "n=1", "more": "more=A()"}, {"n": "n=1"}), 2) == ["leaf more=A()", "leaf"]


def test_a_label_that_is_settled_stays_and_later_ones_differ_from_it() -> None:
    """Whatever is added afterwards; one that is not settled yet follows."""
    labels = _labels({"n": "n=1", "k": "k=1"})
    labels.settle(0)
    labels.add(1, "leaf", {"n": "n=2", "k": "k=1"})
    labels.add(2, "leaf", {"n": "n=3", "k": "k=1"})
    labels.settle(1)
    labels.add(3, "leaf", {"n": "n=2", "k": "k=2"})
    assert _all(labels, 4) == ["leaf", "leaf n=2", "leaf n=3 k=1", "leaf n=2 k=2"]


def test_a_label_is_one_short_line() -> None:
    """Long values are cut, long labels too, and what a terminal might obey is written out."""
    text, end = _all(_labels({"t": f"t={'x' * 99}", "u": "u=\n"}, {"t": "t=", "u": "u=\x1b"}), 2)
    assert text == f"leaf t={'x' * 37}… u=\\n"
    assert end == "leaf t= u=\\x1b"
    names = {f"p{n}": f"p{n}={'y' * 20}" for n in range(9)}
    assert len(_all(_labels(names, {}), 1)[0]) == 80


def test_a_task_that_nobody_has_told_of_has_no_label() -> None:
    """Its name is the default; settling it does nothing."""
    labels = Labels()
    labels.settle(4)
    assert labels.of(4, "leaf") == "leaf"
