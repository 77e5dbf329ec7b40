"""Functions by which code reaches modules and packages that no name in it tells of."""

from __future__ import annotations

from typing import Final

from stook.pipeline.closure.taking_apart.facts import Target

__all__ = [
    "DYNAMIC_IMPORTS",
    "IMPORTS_BY_NAME",
    "IMPORTS_OF_PACKAGES",
    "OF_PROJECT",
    "SEES_OWN_MODULE",
    "asks_packages",
]

# With these any name of the own module may be used.
SEES_OWN_MODULE: Final = frozenset({"eval", "exec", "globals"})
# With these any module may be used, or the text of any be seen.
DYNAMIC_IMPORTS: Final = frozenset(
    {
        "SourceFileLoader",
        "__import__",
        "entry_points",
        "exec_module",
        "find_spec",
        "getcomments",
        "getsource",
        "getsourcelines",
        "import_module",
        "import_string",
        "iter_entry_points",
        "iter_modules",
        "load_module",
        "load_source",
        "resolve_name",
        "run_module",
        "run_path",
        "spec_from_file_location",
        "walk_packages",
    }
)
# Those whose first argument names a module; with a constant text there is nothing to guess.
IMPORTS_BY_NAME: Final = frozenset({"__import__", "find_spec", "import_module", "run_module"})
# Those of the above that stay within the project.
OF_PROJECT: Final = frozenset({"getcomments", "getsource", "getsourcelines", "iter_modules", "walk_packages"})
# What tells which packages are installed, by the module that it is taken from.
_ASKS_PACKAGES: Final = frozenset({"importlib.metadata", "importlib_metadata", "pkg_resources"})
# What has a name that says little, by the module that it is taken from.
IMPORTS_OF_PACKAGES: Final = frozenset(
    {
        ("hydra.utils", "call"),
        ("hydra.utils", "get_class"),
        ("hydra.utils", "get_method"),
        ("hydra.utils", "get_object"),
        ("hydra.utils", "instantiate"),
        ("pydoc", "locate"),
    }
)


def asks_packages(target: Target, attributes: tuple[str, ...]) -> bool:
    """Tell whether a use of an import asks what is installed."""
    path = ".".join(filter(None, (target.module, target.attribute, *attributes)))
    return any(f"{path}.".startswith(f"{module}.") for module in _ASKS_PACKAGES)
