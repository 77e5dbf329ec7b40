"""The graph of a plan, small enough to be read: tasks of one kind that hang alike are one node."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stook.model.labels import Labels
from stook.model.visible import visible
from stook.pipeline.planning import Plan, PlannedStep

__all__ = ["Group", "fold", "iter_tree", "labels_of", "to_mermaid", "to_svg"]

_FOLD_FROM = 4
_CHAIN_FROM = 6
_WORDS = {"run": "would run", "depends": "depends", "reuse": "up to date"}
_COLOURS = {"reuse": "#dafbe1,#1a7f37", "run": "#fff8c5,#9a6700", "depends": "#eaeef2,#6e7781"}


@dataclass(frozen=True, slots=True)
class Group:
    """One node of a picture: a task, or several that are of one class and hang alike.

    Attributes:
        number: Of the group, from 0; each after those that it requires.
        label: What it is called: the output's name, with the parameters that tell it from others; `leaf ×1,000`.
        steps: Numbers of the tasks in it.
        states: How many of them would be reused, run, or depend.
        requires: Numbers of the groups that it requires.
    """

    number: int
    label: str
    steps: tuple[int, ...]
    states: Mapping[str, int]
    requires: tuple[int, ...]

    @property
    def state(self) -> str:
        """What would come of it: that of all its tasks that is worth most notice."""
        return next(state for state in _WORDS if self.states.get(state))

    @property
    def words(self) -> str:
        """The same for a person: `up to date`, or `12 would run, 988 up to date`."""
        if len(self.states) == 1:
            return _WORDS[self.state]
        return ", ".join(f"{self.states[s]:,} {word}" for s, word in _WORDS.items() if self.states.get(s))


def labels_of(steps: Sequence[PlannedStep]) -> list[str]:
    """Return what each task is called: its output's name, and the parameters that differ among those of that name."""
    labels = Labels()
    for step in steps:
        labels.add(step.number, step.name, step.values)
    return [labels.of(step.number) for step in steps]


def fold(plan: Plan, *, is_whole: bool = False) -> tuple[Group, ...]:
    """Return the nodes of a picture of a plan.

    Four tasks of one class or more that require the same, or groups alike, are one node; so are six or more of one
    class in a row, each requiring the one before.

    Args:
        plan: The plan.
        is_whole: Fold nothing.
    """
    steps = plan.steps
    groups = [[step.number] for step in steps] if is_whole else _chains(steps, _alike(steps))
    labels = labels_of(steps)
    place = {number: at for at, group in enumerate(groups) for number in group}
    made = []
    for at, group in enumerate(groups):
        some = [steps[number] for number in group]
        needs = dict.fromkeys(place[need] for step in some for need in step.requires)
        label = labels[group[0]] if len(group) == 1 else f"{some[0].name} ×{len(group):,}"
        states = Counter(step.decision for step in some)
        made.append(Group(at, label, tuple(group), dict(states), tuple(need for need in needs if need != at)))
    return tuple(made)


def iter_tree(groups: Sequence[Group]) -> Iterator[tuple[str, Group, bool]]:
    """Yield the lines of a tree, what was asked for first: the branch, the node, whether it stands above already."""
    needed = {need for group in groups for need in group.requires}
    roots = [group for group in groups if group.number not in needed]
    todo = [("", "", group) for group in roots]
    shown: set[int] = set()
    while todo:
        branch, below, group = todo.pop()
        is_again = group.number in shown
        yield branch, group, is_again and bool(group.requires)
        if is_again:
            continue
        shown.add(group.number)
        for place, need in enumerate(reversed(group.requires)):
            corner, line = ("└─ ", "   ") if place == 0 else ("├─ ", "│  ")
            todo.append((below + corner, below + line, groups[need]))


def to_svg(groups: Sequence[Group], *, title: str) -> str:
    """Return the graph as a picture, from what is required on the left to what was asked for on the right."""
    from stook.app.layers_svg import Box, draw

    boxes = [
        Box(str(group.number), (visible(group.label), group.words), tone=group.state) for group in groups
    ]
    arrows = ((str(need), str(group.number)) for group in groups for need in group.requires)
    target = max(groups, key=lambda group: group.steps[-1])
    return draw(boxes, arrows, title=title, marked=str(target.number))


def to_mermaid(groups: Sequence[Group]) -> str:
    """Return the graph as a Mermaid flowchart, which Git hosts and many editors draw."""
    lines = ["flowchart LR"]
    lines += [f'  t{group.number}["{_quoted(group.label)}"]:::{group.state}' for group in groups]
    lines += [f"  t{need} --> t{group.number}" for group in groups for need in group.requires]
    for state, colours in _COLOURS.items():
        fill, stroke = colours.split(",")
        lines.append(f"  classDef {state} fill:{fill},stroke:{stroke},color:#1f2328")
    return "\n".join(lines) + "\n"


def _alike(steps: Sequence[PlannedStep]) -> list[list[int]]:
    """Return the numbers of tasks that are of one class, require groups alike, and are required by groups alike."""
    below = _ranks((step.task for step in steps), [step.requires for step in steps])
    dependents: list[list[int]] = [[] for _ in steps]
    for step in steps:
        for need in step.requires:
            dependents[need].append(step.number)
    above = _ranks_from_top(below, dependents)
    found: dict[object, list[int]] = {}
    for step in steps:
        found.setdefault((below[step.number], above[step.number]), []).append(step.number)
    groups = [
        part
        for some in found.values()
        for part in ([some] if len(some) >= _FOLD_FROM else [[n] for n in some])
    ]
    return _in_order(groups, steps)


def _ranks(kinds: Iterable[str], requires: Sequence[Sequence[int]]) -> list[int]:
    """Number the shapes of what is below each task, equal ones alike."""
    known: dict[object, int] = {}
    ranks: list[int] = []
    for kind, needs in zip(kinds, requires, strict=True):
        shape = (kind, frozenset(ranks[need] for need in needs))
        ranks.append(known.setdefault(shape, len(known)))
    return ranks


def _ranks_from_top(below: Sequence[int], dependents: Sequence[Sequence[int]]) -> list[int]:
    known: dict[object, int] = {}
    ranks = [0] * len(below)
    for number in range(len(below) - 1, -1, -1):
        shape = (below[number], frozenset(ranks[other] for other in dependents[number]))
        ranks[number] = known.setdefault(shape, len(known) + 1)
    return ranks


def _chains(steps: Sequence[PlannedStep], groups: Sequence[list[int]]) -> list[list[int]]:
    """Return the groups with long rows of single tasks, each requiring the one before alone, as one group each."""
    users = Counter(need for step in steps for need in step.requires)
    single = {group[0] for group in groups if len(group) == 1}
    rows: dict[int, list[int]] = {}
    for step in steps:
        before = step.requires[0] if len(step.requires) == 1 else -1
        is_next = (
            step.number in single
            and before in rows
            and users[before] == 1
            and steps[before].task == step.task
        )
        if is_next:
            rows[step.number] = rows.pop(before)
            rows[step.number].append(step.number)
        elif step.number in single:
            rows[step.number] = [step.number]
    long = [row for row in rows.values() if len(row) >= _CHAIN_FROM]
    folded = {number for row in long for number in row}
    rest = [group for group in groups if group[0] not in folded]
    return _in_order([*rest, *long], steps)


def _in_order(groups: Iterable[list[int]], steps: Sequence[PlannedStep]) -> list[list[int]]:
    """Return groups each after those that it requires."""
    groups = list(groups)
    place = {number: at for at, group in enumerate(groups) for number in group}
    waits = [
        {place[need] for number in group for need in steps[number].requires} - {at}
        for at, group in enumerate(groups)
    ]
    dependents: dict[int, list[int]] = defaultdict(list)
    for at, needs in enumerate(waits):
        for need in needs:
            dependents[need].append(at)
    ready = sorted(
        (at for at, needs in enumerate(waits) if not needs), key=lambda at: groups[at][0], reverse=True
    )
    ordered = []
    while ready:
        at = ready.pop()
        ordered.append(groups[at])
        for other in dependents[at]:
            waits[other].discard(at)
            if not waits[other]:
                ready.append(other)
    return ordered


def _quoted(text: str) -> str:
    """Return text as Mermaid takes it within quotes."""
    import html

    return html.escape(visible(text)).replace("&quot;", "#quot;").replace("&#x27;", "#39;").replace("\n", " ")
