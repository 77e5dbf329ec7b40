"""What is known of a file of Python, told from its text alone: plain frozen values that a cache can keep."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

__all__ = [
    "ANNOTATIONS",
    "BODY",
    "DOCS",
    "FACTS_VERSION",
    "TASK_TRAITS",
    "WHOLE",
    "ClassFacts",
    "Facts",
    "Piece",
    "References",
    "Statement",
    "Target",
    "Touches",
    "Use",
]

# Another number wherever the same source gives other facts, or the same facts another closure.
FACTS_VERSION: Final = 4

WHOLE: Final = "*"
BODY: Final = "(body)"

# What is left out of any code, and counts where code asks for it by this name.
ANNOTATIONS: Final = "__annotations__"
DOCS: Final = "__doc__"

# What the class of a task, or the keywords of `@stook.task`, say that reaches the result by another way, or not at all.
TASK_TRAITS: Final = frozenset(
    {
        "backoff",
        "cache",
        "cpus",
        "ignore",
        "includes",
        "memory",
        "name",
        "reads",
        "requires",
        "resources",
        "retries",
        "tags",
        "timeout",
        "version",
    }
)


class Target(NamedTuple):
    """What an import brings: a module, or a name of a module (`*` for all of them)."""

    module: str
    attribute: str = ""


class Use(NamedTuple):
    """A use of a name of the own module (`root` is a text) or of an import within a function, and what follows it."""

    root: str | Target
    attributes: tuple[str, ...] = ()


class References(msgspec.Struct, frozen=True, array_like=True):
    """What some code refers to.

    Attributes:
        uses: Names with the attributes taken from them.
        imported: Modules that importing statements run.
        sees_own_module: It may reach any name of its module, by `globals()` and the like.
        imports_by_name: It imports a module whose name is computed, or asks for source text.
        asks_packages: It asks for any of the installed packages, or what versions they have.
        sees_subclasses: It asks a class which others are derived from it.
        extends_path: It changes where Python looks for modules.
        mentions: Those of `TASK_TRAITS` that are taken as attributes of anything, and what it asks for of
            `ANNOTATIONS` and `DOCS`.
        changes: What it assigns to, or an attribute or item of which it does.
        asked: What is called only to be yielded by the `run` of a task.
    """

    uses: tuple[Use, ...] = ()
    imported: tuple[Target, ...] = ()
    sees_own_module: bool = False
    imports_by_name: bool = False
    asks_packages: bool = False
    sees_subclasses: bool = False
    extends_path: bool = False
    mentions: tuple[str, ...] = ()
    changes: tuple[Use, ...] = ()
    asked: tuple[Use, ...] = ()


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """Some code: the digest of its normal form (empty for no code), and what it refers to.

    Attributes:
        digest: Hex BLAKE3.
        references: What it refers to.
        traits: What was left out, by name; it counts where code mentions that name.
    """

    digest: str = ""
    references: References = References()
    traits: dict[str, Piece] = {}


class ClassFacts(msgspec.Struct, frozen=True, array_like=True):
    """What decides whether a class has an effect on others when it is defined."""

    bases: tuple[Use, ...] = ()
    has_keywords: bool = False
    has_subclass_hook: bool = False
    has_operators: bool = False


class Touches(msgspec.Struct, frozen=True, array_like=True):
    """What a statement may change while its module is imported.

    Attributes:
        called: What is called, decorators included, and what is handed to code that may do anything with it.
        lent: What is handed to Python's own functions, which may call it and no more.
        operated: Operands, whose classes may do anything.
    """

    called: tuple[Use, ...] = ()
    lent: tuple[Use, ...] = ()
    operated: tuple[Use, ...] = ()


class Statement(msgspec.Struct, frozen=True, array_like=True):
    """A statement at the top level of a module.

    Attributes:
        piece: Its code.
        line: Its first line, decorators included, from 1.
        end: Its last line.
        touches: What it may change while it runs.
        is_mutable: Whether it makes something that other code can change.
        is_decorated_function: Whether it is a function under a decorator, which can make anything of it.
        class_facts: Where it is a class.
        is_task_function: Whether `stook.task` decorates it.
        as_task: Its code as the entry of a closure, where that differs.
        as_asked: What tells which task a call of it is, where it may be one: its parameters.
    """

    piece: Piece
    line: int
    end: int
    touches: Touches = Touches()
    is_mutable: bool = False
    is_decorated_function: bool = False
    class_facts: ClassFacts | None = None
    is_task_function: bool = False
    as_task: Piece | None = None
    as_asked: Piece | None = None


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """All that is known of one file.

    Attributes:
        statements: Those that count, in order.
        definitions: Positions of the statements that define a name.
        loose: Positions of those that define nothing.
        imports: What each imported name stands for.
        stars: Modules of which all names are imported.
        imported: What importing the module imports.
        imported_at: Before which statement each of these is imported.
    """

    statements: tuple[Statement, ...]
    definitions: dict[str, tuple[int, ...]]
    loose: tuple[int, ...]
    imports: dict[str, tuple[Target, ...]]
    stars: tuple[str, ...]
    imported: tuple[Target, ...]
    imported_at: tuple[int, ...]
