"""Whether a task's result is there already, and if not, why: shared by those who run and those who only plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from stook.errors import InputError, IntegrityError, StookError
from stook.model.lineage import Asked, Input, Lineage
from stook.pipeline.authoring.tasks import Task
from stook.pipeline.closure import Closure, Codebase, CodeText, Entry, Kind, Rules, close, read_texts
from stook.pipeline.deciding.fingerprint import describe, head_of
from stook.pipeline.deciding.named_files import find_named
from stook.pipeline.deciding.reasons import Change, History, explain
from stook.pipeline.finding.locate import is_live, locate
from stook.pipeline.finding.specs import dump_class
from stook.pipeline.graph import Node
from stook.pipeline.live.imported import check_imported
from stook.pipeline.meeting.at_import import files_read_at_import
from stook.pipeline.meeting.env import digest_current, read_at_import
from stook.pipeline.meeting.file_digests import digests_in
from stook.pipeline.meeting.file_names import FileNames

if TYPE_CHECKING:
    from stook.pipeline.source_code.code_texts import CodeReader
    from stook.pipeline.source_code.git_changes import Checkout
    from stook.store import Bundle, Store

__all__ = ["Decider", "Decision", "FindDigest"]

_STOOK_ROOM = "stook.pipeline."
FindDigest = Callable[[Task], str | None]


class Decision(msgspec.Struct, frozen=True):
    """What is to be done about a task.

    Attributes:
        lineage: What there is to record of it before it has run.
        bundle: Its result, where that is there already.
        because: Why it is reused, or has to run.
        asks: Tasks to bring up to date first; only then it can be decided. It asked for them when it last ran.
    """

    lineage: Lineage
    bundle: Bundle | None = None
    because: tuple[str, ...] = ()
    asks: tuple[Task, ...] = ()


class _Known(msgspec.Struct, frozen=True):
    """What is the same for all tasks of a class.

    Attributes:
        closure: Its code.
        head: What that comes to in the fingerprint.
        variables: Environment variables that the code reads by name.
        spec: Where the class is.
    """

    closure: Closure
    head: bytes
    variables: tuple[str, ...]
    spec: dict[str, object]


class Decider:
    """Knows code and history as they were when a run began. One for each run.

    Args:
        store: Where results are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._digests = digests_in(store.repository.cache / "reads")
        self._codebases: dict[tuple[Path, ...], Codebase] = {}
        self._known: dict[type[Task], _Known] = {}
        self._names: dict[type[Task], FileNames] = {}
        self._code: dict[type[Task], bytes | None] = {}
        self._checkouts: dict[Path, Checkout] = {}
        self._readers: dict[Path, CodeReader] = {}
        self._histories: dict[str, History] = {}
        self._foreseen: dict[Node, tuple[Lineage, list[Bundle]]] = {}

    def foresee(self, asked: Mapping[Node, Mapping[str, Input]]) -> None:
        """Look up at once what `decide` is going to need of many tasks, given their inputs; it is used once."""
        made = {node: self.describe(node, inputs) for node, inputs in asked.items()}
        by_name: dict[str, list[str]] = {}
        for node, lineage in made.items():
            by_name.setdefault(node.name, []).append(lineage.fingerprint)
        found = {name: self._store.outputs_of(name, keys) for name, keys in by_name.items()}
        for node, lineage in made.items():
            self._foreseen[node] = lineage, found[node.name][lineage.fingerprint]

    def describe(self, node: Node, inputs: Mapping[str, Input]) -> Lineage:
        """Return what there is to record of a task before it runs, its fingerprint included."""
        known = self._known_of(node)
        env = {name: digest_current(name) for name in known.variables}
        spec = {} if node.requirements.held else known.spec  # which lacks what is held
        return describe(node, known.closure, known.head, inputs, spec=spec, env=env)

    def decide(self, node: Node, inputs: Mapping[str, Input], find_digest: FindDigest) -> Decision:
        """Decide on a task whose inputs are known.

        Args:
            node: The task.
            inputs: Its inputs by role.
            find_digest: Gives the digest of a task's result as of now; empty where it failed, None where that is not
                known yet.

        Raises:
            InputError: A file that the task declares is not there, or its code is no valid Python.
        """
        made, bundles = self._foreseen.pop(node, (None, None))
        made = made or self.describe(node, inputs)
        named = find_named(node, self.file_names(node)).names
        if not node.traits.cache:
            return Decision(made, None, ("not cached",))
        is_plain = not (named or read_at_import(made.code) or files_read_at_import(made.code))
        reasons: tuple[str, ...] = ()
        for bundle in self._store.outputs(node.name, made.fingerprint) if bundles is None else bundles:
            if is_plain and not bundle.record.conditional:
                return Decision(made, bundle, (f"same as {bundle.ref}",))
            differences, asks = self._test(bundle, node, named, find_digest)
            if asks:
                return Decision(made, asks=asks)
            if not differences:
                return Decision(made, bundle, (f"same as {bundle.ref}",))
            reasons = reasons or differences
        return Decision(made, None, reasons or self._history(node).reasons(made))

    def explain(self, node: Node, made: Lineage) -> tuple[Change, ...]:
        """Return what changed since a task last ran, with the text of definitions before and after where it was kept.

        Args:
            node: The task.
            made: What there is to record of it now, as `describe` gives it.
        """
        before = self._history(node).find_before(made)
        if before is None:
            return ()
        return explain(before, made, self._texts(node))

    def file_names(self, node: Node) -> FileNames:
        """Return the texts in a task's code that may name files; looked for once for a class."""
        cls = type(node.task)
        if cls not in self._names:
            from stook.pipeline.deciding.literals import find_literals

            closure = self._closure(node)
            folders = tuple(dict.fromkeys((node.place.roots[0], node.place.file.parent)))
            texts = find_literals(closure, self._codebase(node))
            self._names[cls] = FileNames(texts, tuple(map(str, folders)))
        return self._names[cls]

    def checkout_of(self, node: Node) -> Checkout:
        """Return a task's workspace as Git has it, which is asked once."""
        root = node.place.roots[0]
        if root not in self._checkouts:
            from stook.pipeline.source_code.git_changes import Checkout

            self._checkouts[root] = Checkout(root)
        return self._checkouts[root]

    def code_of(self, node: Node) -> bytes | None:
        """Return the source text of a task, to be kept with what it makes; read once for a class."""
        cls = type(node.task)
        if cls not in self._code:
            from stook.pipeline.source_code.code_texts import CodeReader

            root = node.place.roots[0]
            if root not in self._readers:
                self._readers[root] = CodeReader(self.checkout_of(node))
            self._code[cls] = self._readers[root].dump(self._texts(node))
        return self._code[cls]

    def _test(
        self, bundle: Bundle, node: Node, named: tuple[str, ...], find_digest: FindDigest
    ) -> tuple[tuple[str, ...], tuple[Task, ...]]:
        """Return how the world differs from what a task met when it ran, and what is to be known to tell."""
        from stook.pipeline.deciding.met import differences, load_asked

        try:
            lineage = bundle.manifest.lineage
        except IntegrityError as error:
            return (f"the description of {bundle.ref} cannot be read: {error.message}",), ()
        known = replace(lineage, code=self._closure(node).code)  # which may be kept apart, and is the same
        changed = differences(known, node.place.roots[0], named, self._digests)
        if changed or not lineage.asked:
            return changed, ()
        unknown: dict[Task, None] = {}
        for asked in lineage.asked:
            try:
                task = load_asked(asked, node.place.roots)
            except StookError:
                return (f"{asked.name}, which it asked for, is not there any more",), ()
            digest = find_digest(task)
            if digest is None:
                unknown[task] = None
            elif (
                digest != asked.digest and not unknown
            ):  # what comes after a question still open may not be asked
                return (_changed_answer(asked, digest),), ()
        return (), tuple(unknown)

    def _history(self, node: Node) -> History:
        if node.name not in self._histories:
            self._histories[node.name] = History(self._store.versions(node.name))
        return self._histories[node.name]

    def _texts(self, node: Node) -> tuple[CodeText, ...]:
        return read_texts(self._closure(node), self._codebase(node))

    def _codebase(self, node: Node) -> Codebase:
        roots = node.place.roots
        if roots not in self._codebases:
            self._codebases[roots] = Codebase(roots, cache=self._store.repository.cache)
        return self._codebases[roots]

    def _closure(self, node: Node) -> Closure:
        return self._known_of(node).closure

    def _known_of(self, node: Node) -> _Known:
        cls = type(node.task)
        known = self._known.get(cls)
        if known is None:
            from stook.pipeline.deciding.variables import find_variables

            codebase, traits = self._codebase(node), node.traits
            closure = _close(cls, codebase, Rules(traits.version, traits.ignore, traits.includes))
            variables = find_variables(closure, codebase)
            known = self._known[cls] = _Known(closure, head_of(closure), variables, dump_class(cls))
        return known


def _changed_answer(asked: Asked, digest: str) -> str:
    return f"{asked.name}, which it asked for, {'changed' if digest else 'failed'}"


def _close(task: type[Task], codebase: Codebase, rules: Rules) -> Closure:
    """Return the code of a task, which is what this process has of it, too."""
    live = [cls for cls in task.__mro__ if issubclass(cls, Task) and is_live(cls)]
    held: tuple[object, ...] = ()
    if live:
        from stook.pipeline.live.closing import close_live

        closure, held = close_live(live, _entries(task, codebase), codebase, rules)
    else:
        closure = close(_entries(task, codebase), codebase, rules)
    check_imported(closure, task, held)
    return closure


def _entries(task: type[Task], codebase: Codebase) -> list[Entry]:
    """Return where the class and those of its bases are defined that are neither Python's nor of this room."""
    entries = []
    for cls in task.__mro__:
        if not issubclass(cls, Task) or cls.__module__.startswith(_STOOK_ROOM) or is_live(cls):
            continue
        place = locate(cls)
        found = codebase.find(place.module)
        if found.kind is Kind.NOTHING or (found.kind is Kind.CODE and not _is(found.path, place.file)):
            raise InputError(
                f"{place.file} was imported as {place.module}, which now leads to {found.path or 'nothing'}",
                kind="module-taken",
                hint="give one of the files another name, or start Python in the workspace",
            )
        entries.append(Entry(place.module, place.name.partition(".")[0]))
    return entries


def _is(path: Path | None, file: Path) -> bool:
    return path is not None and path.resolve() == file
