from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Mapping

import pytest

from stook.errors import InputError, NotFoundError
from stook.scaffold.render import list_templates, render

NAME = {"project_name": "my-shop"}


def test_a_template_renders_to_the_files_of_a_project() -> None:
    """The project has its settings, its pipeline, its way in, its tests, and folders that stay in git."""
    files = render("customer-value", NAME)
    assert {
        "stook.toml",
        "pyproject.toml",
        "pipeline.py",
        "main.py",
        "README.md",
        ".gitignore",
    } <= files.keys()
    assert {"data/raw/.gitkeep", "data/output/.gitkeep", "tests/test_leakage.py"} <= files.keys()
    assert not [path for path in files if path.endswith((".jinja", ".pyc")) or "copier" in path]


@pytest.mark.parametrize("template", list_templates())
@pytest.mark.parametrize("name", ["my-shop", 'a "b" \\c', "Müller & Söhne"])
def test_every_rendered_file_parses(template: str, name: str) -> None:
    """Python, TOML and JSON files are valid whatever the project is called, and no variable is left."""
    for path, content in render(template, {"project_name": name}).items():
        text = content.decode()
        if path.endswith(".py"):
            ast.parse(text, path)
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith(".json"):
            json.loads(text)
        assert "{{" not in text


def test_the_name_of_the_project_is_its_context() -> None:
    """A workspace's context has the name that was given."""
    settings = tomllib.loads(render("customer-value", NAME)["stook.toml"].decode())
    assert settings == {"workspace": {"context": "my-shop"}, "predict": {"task": "pipeline:Report"}}


def test_rendering_is_deterministic() -> None:
    """The same template and answers give the same files in the same order."""
    assert list(render("customer-value", NAME).items()) == list(render("customer-value", NAME).items())


@pytest.mark.parametrize("answers", [{}, {**NAME, "colour": "red"}])
def test_answers_that_are_missing_or_for_nothing_are_errors(answers: Mapping[str, str]) -> None:
    """A template is given exactly what it asks for; the error names the rest."""
    with pytest.raises(InputError) as caught:
        render("customer-value", answers)
    assert ("project_name" if not answers else "colour") in caught.value.message
    assert "project_name" in caught.value.hint


@pytest.mark.parametrize("name", ["nothing", "", "..", "customer-value/tests"])
def test_an_unknown_template_is_not_found(name: str) -> None:
    """A template is chosen by name among those that there are, never by path."""
    with pytest.raises(NotFoundError, match="no template") as caught:
        render(name, NAME)
    assert "customer-value" in caught.value.hint
