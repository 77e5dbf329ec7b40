"""A template and answers in, the files of a new project out.

Templates are folders of real files with copier's conventions: a name that ends in `.jinja` is rendered and loses that
ending, all others are copied as they are, names of files and folders may hold variables, and `copier.yml` stays behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from stook.errors import InputError, NotFoundError

__all__ = ["list_templates", "render"]

_SUFFIX = ".jinja"
_LEFT_BEHIND = frozenset({"copier.yml", "__pycache__", ".pytest_cache", ".ruff_cache"})


def list_templates() -> tuple[str, ...]:
    """Return the names of the templates that come with Stook."""
    return tuple(sorted(entry.name for entry in _root().iterdir() if (entry / "copier.yml").is_file()))


def render(template: str, answers: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of a new project by path, with `/` between the parts; nothing is written.

    Args:
        template: Name of a template; see `list_templates`.
        answers: Value by variable: every variable that the template uses, and no other.

    Raises:
        NotFoundError: There is no such template.
        InputError: An answer is missing, or is for nothing.
    """
    from jinja2 import Environment, StrictUndefined, meta

    if template not in list_templates():
        raise NotFoundError(
            f"there is no template {template!r}",
            kind="template-not-found",
            hint=f"choose one of {', '.join(list_templates())}",
        )
    sources = dict(sorted(_walk(_root() / template)))
    # Files are text for people and programs, not HTML.
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    used: set[str] = set()
    for path, content in sources.items():
        text = content.decode() if path.endswith(_SUFFIX) else ""
        used |= meta.find_undeclared_variables(environment.parse(path + text))
    _check(template, used, answers)
    return {
        environment.from_string(path.removesuffix(_SUFFIX)).render(answers): (
            environment.from_string(content.decode()).render(answers).encode()
            if path.endswith(_SUFFIX)
            else content
        )
        for path, content in sources.items()
    }


def _check(template: str, used: set[str], answers: Mapping[str, str]) -> None:
    for names, what in (
        (used - answers.keys(), "needs an answer for"),
        (answers.keys() - used, "has no use for"),
    ):
        if names:
            raise InputError(
                f"the template {template} {what} {', '.join(sorted(names))}",
                kind="bad-answers",
                hint=f"it takes {', '.join(sorted(used)) or 'nothing'}",
            )


def _root() -> Traversable:
    return files("stook.scaffold") / "templates"


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name in _LEFT_BEHIND:
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()
