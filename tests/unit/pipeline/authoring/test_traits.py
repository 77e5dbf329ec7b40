"""What a task says of itself beside its parameters."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from stook import checks
from stook.errors import InputError
from stook.pipeline import Task, parameters_of, task
from stook.pipeline.authoring.traits import TRAITS, Traits, traits_of


class Heavy(Task):
    """It says much, annotated or not."""

    tags = {"team": "a"}  # noqa: RUF012 - what a user writes
    version: ClassVar[int] = 3
    retries: int = 2
    timeout = 60
    resources = {"cpus": 2, "memory": "4GB"}  # noqa: RUF012
    reads = "config/*.toml"
    depth: int = 1

    def run(self) -> None:
        """Do nothing."""


def test_attributes_are_read_once_and_are_no_parameters() -> None:
    """Annotated or not, they are traits; parameters are what is left."""
    assert traits_of(Heavy) == Traits(
        tags={"team": "a"},
        version="3",
        retries=2,
        timeout=60.0,
        cpus=2.0,
        memory=4_000_000_000,
        reads=("config/*.toml",),
    )
    assert traits_of(Heavy) is traits_of(Heavy)
    assert list(parameters_of(Heavy)) == ["depth"]
    assert traits_of(Task) == Traits(tags={})


def test_a_class_inherits_and_overrides() -> None:
    """What a base says holds unless the class says otherwise; cpus win over the same class's resources."""
    light = type("Light", (Heavy,), {"cpus": 0.5, "retries": 0})
    assert (traits_of(light).cpus, traits_of(light).retries, traits_of(light).timeout) == (0.5, 0, 60.0)
    lighter = type("Lighter", (light,), {"resources": {"cpus": 0.25}})
    assert traits_of(lighter).cpus == 0.25


def test_the_decorator_takes_the_same() -> None:
    """`@task(retries=3)` says what a class says by an attribute."""

    @task(retries=3, memory="1.5GiB", cache=False)
    def light() -> None:
        """Do nothing."""

    assert traits_of(light) == Traits(tags={}, retries=3, memory=1610612736, cache=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tags", ["a"]),
        ("tags", {"a": 1}),
        ("version", 1.5),
        ("version", True),
        ("cache", "no"),
        ("retries", -1),
        ("retries", True),
        ("backoff", -1),
        ("backoff", float("nan")),
        ("timeout", 0),
        ("timeout", "1h"),
        ("cpus", 0),
        ("memory", "much"),
        ("memory", 0),
        ("memory", 1.5),
        ("resources", {"gpus": 1}),
        ("resources", 3),
        ("checks", "unique"),
        ("reads", [3]),
        ("reads", 3),
        ("ignore", {"a": 1, 2: 3}),
        ("ignore", {"a": 1}),
        ("reads", iter(["a"])),
        ("reads", [""]),
        ("reads", "a\0b/*"),
        ("checks", [print]),
        ("checks", [checks.rows]),
        ("checks", None),
        ("checks", iter([checks.rows(min=1)])),
        ("version", "\ud800"),
        ("retries", 10**6),
        ("backoff", 10**12),
        pytest.param("timeout", 10**5000, id="timeout-huge"),
        ("cpus", float("inf")),
        pytest.param("memory", 10**5000, id="memory-huge"),
        ("memory", "999999999T"),
    ],
)
def test_a_trait_that_cannot_be(name: str, value: Any) -> None:
    """It is refused, saying what it should be, and that it is no parameter."""
    wrong = type("Wrong", (Task,), {name: value})
    with pytest.raises(
        InputError, match=rf"Wrong: {name} is .*, which is not {TRAITS[name][0][:20]}"
    ) as caught:
        traits_of(wrong)
    assert caught.value.kind == "bad-trait"
    assert "is no parameter" in caught.value.hint


def test_traits_are_no_arguments() -> None:
    """Whoever gives one where the task is made is told where it is said; a typo in the decorator is told as one."""
    with pytest.raises(
        InputError, match=r"Heavy has no parameter 'retries'.* is what the task says of itself"
    ) as caught:
        Heavy(retries=5)
    assert "in the class" in caught.value.hint
    with pytest.raises(InputError, match="@task has no argument 'retires'"):
        task(retires=3)  # type: ignore[call-overload]
    with pytest.raises(InputError, match=r"late: parameter version has a name that is taken"):

        @task
        def late(*, version: int = 1) -> None:
            """Do nothing."""


@pytest.mark.parametrize("tags", [{"": "x"}, {"a": "x" * 10**6}])
def test_tags_that_no_bundle_can_have(tags: dict[str, str]) -> None:
    """What the store would refuse is refused before anything runs, and says which trait of which task it is."""
    wrong = type("Wrong", (Task,), {"tags": tags})
    with pytest.raises(InputError, match="Wrong: tags: the tag") as caught:
        traits_of(wrong)
    assert caught.value.kind == "bad-tag"


def test_a_large_value_is_not_shown_whole() -> None:
    """An error stays short, whatever the value is, and also where Python cannot write it out."""
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    for value in ("x" * 10**6, ["a"] * 10**5, deep):
        with pytest.raises(InputError, match="Wrong: cpus is") as caught:
            traits_of(type("Wrong", (Task,), {"cpus": value}))
        assert len(caught.value.message) < 500
