"""How expressions are written into a normal form, with what they use, change, and import by name."""

from __future__ import annotations

import ast

from stook.pipeline.closure.taking_apart.dynamic import IMPORTS_BY_NAME
from stook.pipeline.closure.taking_apart.names import ASKED, QUIET, chain
from stook.pipeline.closure.taking_apart.normal_form import NormalForm

__all__ = [
    "write_attribute",
    "write_call",
    "write_compare",
    "write_lone",
    "write_subscript",
    "write_walrus",
]


def write_lone(form: NormalForm, node: ast.Expr) -> None:
    """An expression by itself: a literal is not written, and a text is a docstring."""
    if not isinstance(node.value, ast.Constant):
        form.open(node)
    elif isinstance(node.value.value, str):
        form.docs.append(node.value.value)


def write_attribute(form: NormalForm, node: ast.Attribute) -> None:
    """An attribute, with all before it in one."""
    root, attributes = chain(node)
    form.out.append(f"(Attribute {'.'.join(attributes)} of=")
    if not isinstance(node.ctx, ast.Load) and isinstance(root, ast.Name):
        form.names.change(root.id, attributes)
        form.names.change(root.id, attributes[:-1])
    for attribute in attributes:
        form.names.mention(attribute)
    if attributes[0] == "modules" and isinstance(root, ast.Name) and root.id == "sys":
        form.names.see_any_module()
        form.names.see_own_module()
    form.stack.append(")")
    if isinstance(root, ast.Name):
        form.out.append(f"(Name id={root.id!r})")
        form.names.load(root.id, attributes)
    else:
        form.stack.append(root)


def write_call(form: NormalForm, node: ast.Call) -> None:
    """A call: it may import by name, ask for a task, or take or set an attribute by its name."""
    root, attributes = chain(node.func)
    called = attributes[-1] if attributes else getattr(root, "id", "")
    first = node.args[0] if node.args else None
    if called in IMPORTS_BY_NAME and isinstance(root, ast.Name) and _imports(form, node, root.id, attributes):
        return
    if id(node) in form.asked and isinstance(root, ast.Name):
        form.names.load(root.id, attributes, ASKED)
        form.stack += [
            ")",
            *node.keywords[::-1],
            *node.args[::-1],
            f"(Ask {'.'.join((root.id, *attributes))} ",
        ]
        return
    if called in {"setattr", "delattr"} and first is not None:
        _change(form, first)
    if called in {"getattr", "attrgetter"} and node.args:
        second = node.args[1] if called == "getattr" and node.args[1:] else first
        named = second.value if isinstance(second, ast.Constant) else None
        for part in named.split(".") if isinstance(named, str) else ():
            form.names.mention(part)
    form.open(node)


def _imports(form: NormalForm, node: ast.Call, root: str, attributes: tuple[str, ...]) -> bool:
    """A module imported by its name; False where that does not tell at all which one it is."""
    first = node.args[0] if node.args else None
    text = first.value if isinstance(first, ast.Constant) else None
    package = "" if isinstance(text, str) else _package_of(first)
    if not package and not (text and isinstance(text, str)):
        return False
    # It may be a function of the project that has the name of one of Python's.
    form.names.load(root, attributes, QUIET)
    if package:
        form.names.see_any_module(of_packages=False)
    form.names.use_module(package or str(text), is_outermost="__import__" in (root, *attributes))
    rest = [*node.args, *(keyword.value for keyword in node.keywords)]
    form.stack += [")", *rest[::-1], f"(Import {'.'.join((root, *attributes))} "]
    return True


def write_subscript(form: NormalForm, node: ast.Subscript) -> None:
    """A module taken from `sys.modules`."""
    root, attributes = chain(node.value)
    if not isinstance(node.ctx, ast.Load):
        _change(form, node.value)
    if attributes != ("modules",) or getattr(root, "id", "") != "sys":
        form.open(node)
        return
    key = node.slice
    form.out.append("(Module ")
    form.stack += [")", key]
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        form.names.use_module(key.value)
    else:
        form.names.see_own_module()
        if getattr(key, "id", "") != "__name__":
            form.names.see_any_module()


def _change(form: NormalForm, node: ast.expr) -> None:
    root, attributes = chain(node)
    while isinstance(root, ast.Subscript | ast.Call):
        root, attributes = chain(root.func if isinstance(root, ast.Call) else root.value)
    if isinstance(root, ast.Name):
        form.names.change(root.id, attributes)


def write_compare(form: NormalForm, node: ast.Compare) -> None:
    """To ask whether a module has been imported is no use of it."""
    last = node.comparators[0]
    root, attributes = chain(last)
    if attributes == ("modules",) and getattr(root, "id", "") == "sys":
        form.out.append(f"(Compare {type(node.ops[0]).__name__} ")
        form.stack += [")", *node.comparators[:0:-1], node.left]
    else:
        form.open(node)


def write_walrus(form: NormalForm, node: ast.NamedExpr) -> None:
    """`:=`, which binds a name."""
    target = node.target.id
    form.names.bind(target, is_walrus=True)
    form.out.append(f"(NamedExpr {target} ")
    form.stack += [")", node.value]


def _package_of(name: ast.expr | None) -> str:
    """Return the package that the computed name of a module begins with; `.` for the own one, empty for any."""
    while isinstance(name, ast.JoinedStr | ast.BinOp | ast.FormattedValue):
        if isinstance(name, ast.JoinedStr):
            name = name.values[0] if name.values else None
        else:
            name = name.left if isinstance(name, ast.BinOp) else name.value
    if isinstance(name, ast.Name):
        return "." if name.id in {"__name__", "__package__"} else ""
    text = name.value if isinstance(name, ast.Constant) else None
    package, dot, _ = text.partition(".") if isinstance(text, str) else ("", "", "")
    return package or dot if dot else ""
