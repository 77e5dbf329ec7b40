"""One walk over a syntax tree: which names are used, and the digest of a normal form.

The normal form stays the same when only comments, docstrings, layout or plain annotations change.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from blake3 import blake3

from stook.pipeline.closure.facts import Piece
from stook.pipeline.closure.names import IMPORTS_BY_NAME, Names, chain
from stook.pipeline.parsing import PARSING

__all__ = ["Function", "scan"]

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_AnyFunction: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_AnyComprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_NO_MEANING: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def scan(
    nodes: Iterable[ast.AST],
    package: str,
    skip: frozenset[int] = frozenset(),
    *,
    is_task: bool = False,
    has_texts: bool = False,
) -> Piece:
    """Return what some statements at the top level of a module are.

    Args:
        nodes: The statements, in order.
        package: The package that relative imports start from.
        skip: Ids of statements in classes, values, defaults and decorators to leave out.
        is_task: Annotations of a function's arguments count.
        has_texts: Annotations are kept as texts, as `from __future__ import annotations` has it.
    """
    every = list(nodes)
    typed = {id(node) for node in every if is_task}
    walker = _Walker(Names(package), skip, typed, "text " if has_texts else "")
    text = walker.walk(every)
    digest = blake3(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""
    return Piece(digest, walker.names.references())


class _Enter(str):
    """A scope begins here."""

    __slots__ = ()


class _Leave:
    """A scope ends here."""


class _Annotation:
    """An expression that may be written as a text."""

    __slots__ = ("node",)

    def __init__(self, node: ast.expr) -> None:
        self.node = node


_LEAVE: Final = _Leave()


class _Walker:
    """Goes depth first with a stack of its own: expressions may be nested deeper than Python recurses.

    Text on the stack is written as it is; everything else is opened first.
    """

    def __init__(self, names: Names, skip: frozenset[int], typed: set[int], mark: str) -> None:
        self.names = names
        self._skip = skip
        self._typed = typed
        self._mark = mark
        self._out: list[str] = []
        self._stack: list[Any] = []

    def walk(self, nodes: Iterable[ast.AST]) -> str:
        """Return the text of the nodes."""
        out, stack, load, bind = self._out, self._stack, self.names.load, self.names.bind
        stack.extend(reversed(list(nodes)))
        name, constant, text, store = ast.Name, ast.Constant, str, (ast.Store, ast.Del)
        while stack:
            item = stack.pop()
            kind = item.__class__
            if kind is text:
                out.append(item)
            elif kind is name:
                out.append(f"(Name id={item.id!r})")
                if item.ctx.__class__ in store:
                    bind(item.id)
                else:
                    load(item.id)
            elif kind is constant:
                out.append(f"(Constant value={_literal(item.value)})")
            else:
                _HANDLERS.get(kind, _Walker._open)(self, item)
        return "".join(out)

    def _open(self, node: ast.AST | None) -> None:
        """Put the fields of a node on the stack."""
        if node is None:
            self._out.append("None")
            return
        stack = self._stack
        stack.append(")")
        for field, label in _fields_of(node.__class__):  # type: ignore[arg-type]
            value = getattr(node, field, None)
            # Fields that are empty are left out, so that a newer Python with more fields writes the same.
            if value is None or value == []:
                continue
            if isinstance(value, ast.AST):
                stack.append(value)
                stack.append(label)
            elif isinstance(value, list) and not isinstance(value[0], str):
                stack.append("]")
                stack.extend(value[::-1])
                stack.append(f"{label}[")
            else:
                stack.append(f"{label}{value!r}")
        stack.append(f"({node.__class__.__name__}")

    def _enter(self, scope: _Enter) -> None:
        self.names.enter(str(scope))

    def _leave(self, _: _Leave) -> None:
        self.names.leave()

    def _nothing(self, _: ast.AST) -> None:
        """`pass` is not written."""

    def _expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self._open(node)

    def _attribute(self, node: ast.Attribute, *, is_quiet: bool = False) -> None:
        root, attributes = chain(node)
        self._out.append(f"(Attribute {'.'.join(attributes)} of=")
        if not isinstance(node.ctx, ast.Load) and isinstance(root, ast.Name):
            self.names.change(root.id, attributes)
            self.names.change(root.id, attributes[:-1])
        if not is_quiet:
            for attribute in attributes:
                self.names.mention(attribute)
            if attributes[0] == "modules" and isinstance(root, ast.Name) and root.id == "sys":
                self.names.see_any_module()
                self.names.see_own_module()
        self._stack.append(")")
        if isinstance(root, ast.Name):
            self._out.append(f"(Name id={root.id!r})")
            self.names.load(root.id, attributes)
        else:
            self._stack.append(root)

    def _call(self, node: ast.Call) -> None:
        root, attributes = chain(node.func)
        called = attributes[-1] if attributes else getattr(root, "id", "")
        first = node.args[0] if node.args else None
        text = first.value if isinstance(first, ast.Constant) else None
        if called in IMPORTS_BY_NAME and text and isinstance(text, str) and isinstance(root, ast.Name):
            # It may be a function of the project that has the name of one of Python's.
            self.names.load(root.id, attributes, is_quiet=True)
            self.names.use_module(text, is_outermost=called == "__import__")
            rest = [*node.args, *(keyword.value for keyword in node.keywords)]
            self._stack += [")", *rest[::-1], f"(Import {'.'.join((root.id, *attributes))} "]
            return
        if called in {"setattr", "delattr"} and first is not None:
            self._change(first)
        if called in {"getattr", "attrgetter"} and node.args:
            second = node.args[1] if called == "getattr" and node.args[1:] else first
            named = second.value if isinstance(second, ast.Constant) else None
            for part in named.split(".") if isinstance(named, str) else ():
                self.names.mention(part)
        self._open(node)

    def _subscript(self, node: ast.Subscript) -> None:
        """A module taken from `sys.modules`."""
        root, attributes = chain(node.value)
        if not isinstance(node.ctx, ast.Load):
            self._change(node.value)
        if attributes != ("modules",) or getattr(root, "id", "") != "sys":
            self._open(node)
            return
        key = node.slice
        self._out.append("(Module ")
        self._stack += [")", key]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            self.names.use_module(key.value)
        else:
            self.names.see_own_module()
            if getattr(key, "id", "") != "__name__":
                self.names.see_any_module()

    def _change(self, node: ast.expr) -> None:
        root, attributes = chain(node)
        while isinstance(root, ast.Subscript | ast.Call):
            root, attributes = chain(root.func if isinstance(root, ast.Call) else root.value)
        if isinstance(root, ast.Name):
            self.names.change(root.id, attributes)

    def _compare(self, node: ast.Compare) -> None:
        """To ask whether a module has been imported is no use of it."""
        last = node.comparators[0]
        root, attributes = chain(last)
        if attributes == ("modules",) and getattr(root, "id", "") == "sys":
            self._out.append(f"(Compare {type(node.ops[0]).__name__} ")
            self._stack += [")", *node.comparators[:0:-1], node.left]
        else:
            self._open(node)

    def _named(self, node: ast.NamedExpr) -> None:
        target = node.target.id
        self.names.bind(target, is_walrus=True)
        self._out.append(f"(NamedExpr {target} ")
        self._stack += [")", node.value]

    def _function(self, node: _AnyFunction) -> None:
        self.names.bind(node.name)
        decorators = [d for d in node.decorator_list if id(d) not in self._skip]
        is_typed = bool(decorators) or id(node) in self._typed or node.name == "run"
        stack = self._stack
        stack += [")", _LEAVE, "]", *node.body[::-1], " body=["]
        self._arguments(node.args, inner=[*_type_parameters(node)], is_typed=is_typed)
        if is_typed and node.returns is not None:
            stack += [_Annotation(node.returns), " returns="]
        stack += ["]", *decorators[::-1], f"({type(node).__name__} {node.name} ["]

    def _lambda(self, node: ast.Lambda) -> None:
        self._stack += [")", _LEAVE, node.body, " body="]
        self._arguments(node.args, inner=[], is_typed=False)
        self._out.append("(Lambda")

    def _arguments(self, args: ast.arguments, *, inner: list[ast.AST], is_typed: bool) -> None:
        """Push, last first: names of arguments within the new scope, its beginning, and what is outside of it."""
        stack = self._stack
        groups: list[Sequence[ast.arg | None]] = [
            args.posonlyargs,
            args.args,
            [args.vararg],
            args.kwonlyargs,
            [args.kwarg],
        ]
        flat = [arg for group in groups for arg in group if arg is not None]
        stack += inner
        stack += [_Bound(tuple(arg.arg for arg in flat)), _Enter("function")]
        defaults = [d for d in (*args.defaults, *args.kw_defaults) if d is None or id(d) not in self._skip]
        stack += ["]", *defaults[::-1], " defaults=["]
        for group in reversed(groups):
            stack.append("]")
            for arg in reversed(group):
                if arg is not None:
                    if arg.annotation is not None and is_typed:
                        stack.append(_Annotation(arg.annotation))
                    stack.append(f" {arg.arg}")
            stack.append(" [")

    def _class(self, node: ast.ClassDef) -> None:
        self.names.bind(node.name)
        decorators = [d for d in node.decorator_list if id(d) not in self._skip]
        body = [child for child in node.body if id(child) not in self._skip]
        for child in body:
            if isinstance(child, ast.AnnAssign) or (decorators and isinstance(child, Function)):
                self._typed.add(id(child))
        stack = self._stack
        stack += [")", _LEAVE, "]", *body[::-1], " body=[", _Enter("class")]
        stack += ["]", *_type_parameters(node)[::-1], " params=["]
        stack += ["]", *node.keywords[::-1], *node.bases[::-1], " bases=["]
        stack += ["]", *decorators[::-1], f"(ClassDef {node.name} ["]

    def _assignment(self, node: ast.AnnAssign) -> None:
        stack = self._stack
        stack.append(")")
        if node.value is not None and id(node.value) not in self._skip:
            stack += [node.value, " value="]
        if id(node) in self._typed:
            stack += [_Annotation(node.annotation), " annotation="]
        stack += [node.target, "(AnnAssign "]

    def _annotation(self, item: _Annotation) -> None:
        """Texts in annotations are code, which dataclasses and validators evaluate."""
        self._out.append(self._mark)
        self._stack.append(item.node)
        for text in _texts_in(item.node):
            for name in _names_in(text):
                root, attributes = chain(name)
                if isinstance(root, ast.Name):
                    self.names.load(root.id, attributes)

    def _comprehension(self, node: _AnyComprehension) -> None:
        stack = self._stack
        outputs = (node.value, node.key) if isinstance(node, ast.DictComp) else (node.elt,)
        stack += [")", _LEAVE, *outputs]
        for position, generator in reversed(list(enumerate(node.generators))):
            stack += ["]", *generator.ifs[::-1], " ifs=["]
            if position:
                stack += [generator.iter, " in="]
            stack += [generator.target, " async for=" if generator.is_async else " for="]
        stack += [_Enter("comprehension"), node.generators[0].iter, f"({type(node).__name__} in="]

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.names.import_(node)
        self._open(node)

    def _elsewhere(self, node: ast.Global | ast.Nonlocal) -> None:
        self.names.bind_elsewhere(node.names)
        self._open(node)

    def _captures(self, node: ast.AST) -> None:
        """`except … as x`, and the names in patterns."""
        for field in ("name", "rest"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                self.names.bind(name)
        self._open(node)

    def _singleton(self, node: ast.MatchSingleton) -> None:
        self._out.append(f"(MatchSingleton {node.value!r})")

    def _bind_all(self, bound: _Bound) -> None:
        for name in bound.names:
            self.names.bind(name)


class _Bound:
    """Names that a scope binds from its beginning."""

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names


_HANDLERS: Final[dict[type, Callable[[_Walker, Any], None]]] = {
    _Enter: _Walker._enter,
    _Leave: _Walker._leave,
    _Bound: _Walker._bind_all,
    _Annotation: _Walker._annotation,
    ast.Pass: _Walker._nothing,
    ast.Expr: _Walker._expression,
    ast.Attribute: _Walker._attribute,
    ast.Call: _Walker._call,
    ast.Subscript: _Walker._subscript,
    ast.Compare: _Walker._compare,
    ast.NamedExpr: _Walker._named,
    ast.FunctionDef: _Walker._function,
    ast.AsyncFunctionDef: _Walker._function,
    ast.Lambda: _Walker._lambda,
    ast.ClassDef: _Walker._class,
    ast.AnnAssign: _Walker._assignment,
    ast.ListComp: _Walker._comprehension,
    ast.SetComp: _Walker._comprehension,
    ast.DictComp: _Walker._comprehension,
    ast.GeneratorExp: _Walker._comprehension,
    ast.Import: _Walker._import,
    ast.ImportFrom: _Walker._import,
    ast.Global: _Walker._elsewhere,
    ast.Nonlocal: _Walker._elsewhere,
    ast.ExceptHandler: _Walker._captures,
    ast.MatchAs: _Walker._captures,
    ast.MatchStar: _Walker._captures,
    ast.MatchMapping: _Walker._captures,
    ast.MatchSingleton: _Walker._singleton,
}


@lru_cache(maxsize=256)
def _fields_of(kind: type[ast.AST]) -> tuple[tuple[str, str], ...]:
    return tuple((field, f" {field}=") for field in reversed(kind._fields) if field not in _NO_MEANING)


def _type_parameters(node: ast.AST) -> list[ast.AST]:
    """Return what stands in brackets after a name, from Python 3.12 on."""
    return list(getattr(node, "type_params", ()))


def _literal(value: object) -> str:
    # A hexadecimal literal may have more digits than Python agrees to print in decimal.
    return hex(value) if type(value) is int else repr(value)


def _texts_in(node: ast.expr) -> Iterator[str]:
    """Yield the texts in an annotation that stand for types: those of `Literal` are values."""
    todo: list[ast.AST] = [node]
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        is_literal = isinstance(part, ast.Subscript) and (
            isinstance(part.value, ast.Name | ast.Attribute)
            and (getattr(part.value, "id", "") or getattr(part.value, "attr", "")) == "Literal"
        )
        if not is_literal:
            todo += ast.iter_child_nodes(part)


def _names_in(text: str) -> list[ast.AST]:
    try:
        with PARSING:
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)]
