"""From a task in a notebook to all that its result may depend on, as this process has it now."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stook.errors import InputError
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.closure import Codebase, CodeText
from stook.pipeline.closure.taking_apart.facts import TASK_TRAITS, References, Target
from stook.pipeline.live.cells import Cells, notebook_name
from stook.pipeline.live.definitions import (
    Source,
    cells_of,
    digest_class,
    find_source,
    find_wrapped,
    left_out_of,
)
from stook.pipeline.live.elsewhere import Elsewhere
from stook.pipeline.live.marks import mark
from stook.pipeline.live.own_names import is_of_ipython, own_names
from stook.pipeline.live.values import digest_value

__all__ = ["PREFIX", "LiveWalk"]

PREFIX: Final = "notebook:"
_MAX_DEPTH: Final = 60
_COMPILED: Final = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ClassMethodDescriptorType,
)


class LiveWalk:
    """One walk through what a notebook has.

    Args:
        namespace: The names of the notebook.
        codebase: Where code in files is looked up.

    Attributes:
        texts: The source of what was found, as far as it is kept.
    """

    def __init__(self, namespace: Mapping[str, Any], codebase: Codebase) -> None:
        self._namespace = namespace
        self._elsewhere = Elsewhere(namespace, codebase)
        self._cells = Cells(namespace)
        self._path = notebook_name(namespace)
        self._todo: list[tuple[str, object, bool]] = []
        self._seen: dict[tuple[str, int, bool], object] = {}
        self._found: dict[str, list[str]] = {}
        self._known: dict[int, tuple[object, str]] = {}
        self._open: dict[int, int] = {}
        self._imported: dict[Target, None] = {}
        self._mentions: set[str] = set()
        self._flags = {"names": False, "subclasses": False, "path": False}
        self.texts: dict[str, CodeText] = {}

    @property
    def code(self) -> dict[str, str]:
        """`notebook:NAME` to the digest of what was found under it."""
        return {
            key: marks[0] if len(marks) == 1 else mark("several", items=marks)
            for key, marks in self._found.items()
        }

    @property
    def held(self) -> tuple[object, ...]:
        """Functions and classes from files that the notebook has."""
        return tuple(self._elsewhere.held.values())

    @property
    def references(self) -> References:
        """What of files is used."""
        return References(
            tuple(self._elsewhere.uses),
            tuple(self._imported),
            imports_by_name=self._flags["names"],
            sees_subclasses=self._flags["subclasses"],
            extends_path=self._flags["path"],
            mentions=tuple(sorted(self._mentions)),
        )

    def run(self, tasks: Iterable[type[Task]]) -> None:
        """Find all that counts for a task.

        Args:
            tasks: Its class and those of its bases that are in the notebook too.
        """
        entries = tuple(tasks)
        self._todo += [(entry.__qualname__, entry, True) for entry in entries]
        self._import_all()
        while self._todo:
            name, value, is_entry = self._todo.pop()
            if (name, id(value), is_entry) in self._seen:
                continue
            self._seen[name, id(value), is_entry] = value
            digest = self._entry(value, name) if is_entry else self._definition(value, name)
            self._found.setdefault(f"{PREFIX}{name}", []).append(digest)
            self._keep_text(name, value)
        self._take_mentioned(entries)

    def describe(self, value: object, where: str) -> str:
        """Return the digest of anything that code of the notebook uses.

        Raises:
            InputError: What it is cannot be told by its content.
        """
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        if id(value) in self._open:
            return mark("again", str(len(self._open) - self._open[id(value)]))
        if len(self._open) > _MAX_DEPTH:
            raise _refusal(value, where, "is nested too deeply")
        self._open[id(value)] = len(self._open)
        try:
            digest = self._describe(value, where)
        finally:
            del self._open[id(value)]
        if not self._open:
            self._known[id(value)] = value, digest
        return digest

    def _describe(self, value: Any, where: str) -> str:
        if isinstance(value, types.ModuleType):
            self._elsewhere.use_module(value, ())
            return mark("module", value.__name__)
        if isinstance(value, type | types.FunctionType):
            name = self._name_of(value)
            if name is not None:
                self._todo.append((name, value, False))
                return mark("name", name)
            return self._definition(value, where)
        if isinstance(value, _COMPILED):
            return self._compiled(value, where)
        if find_wrapped(value) is not None:
            return self._definition(value, where)
        digest = digest_value(value, where, self.describe)
        if digest is None:
            digest = self._elsewhere.find(value, where)
        if digest is None:
            raise _refusal(value, where, "cannot be told from another one by its content")
        return digest

    def _definition(self, value: Any, where: str) -> str:
        """Return the digest of a function, class or value, and not only of its name."""
        if isinstance(value, type):
            home = self._elsewhere.home_of(value)
            if home is not None:
                return self._elsewhere.in_file(value, *home)
            if issubclass(value, Task) and "function" in vars(value):
                return mark("task", *self._function(value.__dict__["function"].__func__, where, is_task=True))
            return digest_class(value, where, self.describe)
        wrapped = find_wrapped(value)
        if wrapped is not None:
            return mark("wrapper", items=[self.describe(part, where) for part in wrapped])
        if isinstance(value, types.FunctionType):
            home = self._elsewhere.home_of(value)
            if home is not None:
                given = self._given(value, where) if "<" in value.__code__.co_qualname else ()
                return mark("made", self._elsewhere.in_file(value, *home), items=given)
            return mark("function", *self._function(value, where))
        return self._describe(value, where)

    def _entry(self, task: Any, where: str) -> str:
        """Return the digest of the class of a task without what reaches its result by another way."""
        sources = {
            name: find_source(value, self._cells)
            for name, value in vars(task).items()
            if isinstance(value, types.FunctionType)
        }
        skip = left_out_of(task, sources)
        if "function" in vars(task):
            function = vars(task)["function"].__func__
            checks = self.describe(vars(task).get("checks", ()), f"{where}.checks")
            return mark("task", checks, *self._function(function, where, is_task=True, skip=skip))
        return digest_class(task, where, self.describe, skip=skip)

    def _function(
        self,
        function: types.FunctionType,
        where: str,
        *,
        is_task: bool = False,
        skip: frozenset[str] = frozenset(),
    ) -> Iterator[str]:
        """Yield what makes a function of the notebook, and take up the names that it uses."""
        name = self._elsewhere.home_of(function)
        if name is not None:
            yield self._definition(function, where)
            return
        source = find_source(function, self._cells, is_task=is_task or function.__name__ == "run")
        self._follow(function, source)
        yield source.digest
        yield from self._given(function, where, skip)

    def _given(
        self, function: types.FunctionType, where: str, skip: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        """Yield what a function was given when it was made: from around it, defaults, attributes."""
        for name, value in cells_of(function):
            yield name
            yield self.describe(value, f"{where}: {name}")
        yield self.describe(function.__defaults__, f"a default of {where}")
        for name, value in sorted((function.__kwdefaults__ or {}).items()):
            if name not in skip:
                yield name
                yield self.describe(value, f"the default of {name} of {where}")
        for name, value in sorted(vars(function).items()):
            yield name
            yield self.describe(value, f"{where}.{name}")

    def _follow(self, function: types.FunctionType, source: Source) -> None:
        references = source.references
        inner = frozenset(function.__code__.co_freevars)
        names = function.__globals__
        for use in references.uses:
            if not isinstance(use.root, str):
                self._elsewhere.uses[use] = None
            elif use.root not in inner and use.root in names and not is_of_ipython(use.root, names[use.root]):
                self._take(use.root, names[use.root], use.attributes)
        self._imported.update(dict.fromkeys(references.imported))
        self._mentions.update(references.mentions)
        self._flags["names"] |= references.imports_by_name
        self._flags["subclasses"] |= references.sees_subclasses
        self._flags["path"] |= references.extends_path
        if references.sees_own_module:
            for name, value in own_names(self._namespace):
                self._take(name, value, ())

    def _take(self, name: str, value: object, attributes: tuple[str, ...]) -> None:
        if isinstance(value, types.ModuleType):
            self._elsewhere.use_module(value, attributes)
            self._found[f"{PREFIX}{name}"] = [mark("module", value.__name__)]
        else:
            self._todo.append((name, value, False))

    def _import_all(self) -> None:
        """What modules of the project do when they are imported counts, as in a file that imports them."""
        for _, value in own_names(self._namespace):
            name = (
                value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
            )
            if not isinstance(name, str) or name not in sys.modules or name == "__main__":
                continue
            if self._elsewhere.has_code(name):
                self._imported[Target(name)] = None

    def _name_of(self, value: Any) -> str | None:
        """Return the name that the notebook has something of its own under."""
        name = value.__qualname__
        if self._elsewhere.home_of(value) is not None or self._namespace.get(name) is not value:
            return None
        return str(name)

    def _compiled(self, value: Any, where: str) -> str:
        """Return the digest of a function that is not written in Python, or of a method of something."""
        owner = getattr(value, "__self__", getattr(value, "__objclass__", None))
        if owner is not None and not isinstance(owner, types.ModuleType):
            return mark("builtin method", self.describe(owner, where), value.__name__)
        module = getattr(value, "__module__", None) or "builtins"
        return self._elsewhere.in_file(value, module, value.__name__, None)

    def _take_mentioned(self, tasks: Iterable[type[Task]]) -> None:
        """What a task says of itself counts where code asks for it by its name."""
        for task in tasks:
            for name in sorted(self._mentions & TASK_TRAITS & vars(task).keys()):
                value = vars(task)[name]
                key = f"{PREFIX}{task.__qualname__}.{name}"
                self._found[key] = [self.describe(value, f"{task.__qualname__}.{name}")]

    def _keep_text(self, name: str, value: object) -> None:
        found = self._cells.find_text(name, value)
        if found is not None:
            key = f"{PREFIX}{name}"
            self.texts[key] = CodeText(key, self._path, *found)


def _refusal(value: object, where: str, problem: str) -> InputError:
    kind = type(value)
    return InputError(
        f"a task of the notebook uses {where}, a {kind.__module__}.{kind.__qualname__}, which {problem}",
        kind="not-a-value",
        hint="make it in run, in a function that run calls, or require it as an input or parameter",
        name=where,
    )
