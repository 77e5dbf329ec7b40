"""Tasks as a command line names them: their help, and files of parameters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from stook.app.targets import Target, describe_target, read_params_file
from stook.errors import InputError, MissingExtraError, NotFoundError

PIPELINE = '''
import datetime, enum, typing
from dataclasses import dataclass, field
import stook

class Mode(enum.Enum):
    FAST = 1

@dataclass
class Model:
    depth: int = 3
    rates: list[float] = field(default_factory=lambda: [0.1])

class Report(stook.Task):
    """The weekly report.

    It takes a while.

    Args:
        horizon: How many days ahead,
            weekends included.
        from_ (date): The first day: a Monday.
    Raises:
        ValueError: Never.
    """

    raw: stook.Task = None
    horizon: int
    from_: datetime.date = datetime.date(2026, 1, 5)
    mode: Mode = Mode.FAST
    model: Model = Model()
    words: list[str] = ["a", "b"]
    weights: dict[str, float] = {"a": 1}
    every: datetime.timedelta = datetime.timedelta(hours=26)
    note: str = ""

    def run(self, **_):
        pass
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a pipeline."""
    (tmp_path / "reports_of_targets.py").write_text(
        PIPELINE.replace("raw: stook.Task = None", "raw: stook.Task | None = None")
    )
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("reports_of_targets", None)


def test_help_has_what_the_docstring_says(folder: Path) -> None:
    """Each parameter is shown with its words, type and default; the section about them is not shown twice."""
    shown = describe_target(Target("reports_of_targets.py:Report", {}))
    assert shown.about == "The weekly report.\n\nIt takes a while.\n\nRaises:\n    ValueError: Never."
    by_option = {parameter.option: parameter for parameter in shown.parameters}
    assert by_option["--horizon"].about == "How many days ahead, weekends included."
    assert by_option["--from"].about == "The first day: a Monday."
    assert {option: parameter.default for option, parameter in by_option.items() if option != "--raw"} == {
        "--horizon": None,
        "--from": "2026-01-05",
        "--mode": "FAST",
        "--model": '{"depth": 3, "rates": [0.1]}',
        "--words": "a,b",
        "--weights": '{"a": 1}',
        "--every": "1 day, 2:00:00",
        "--note": "",
    }


def test_defaults_read_back(folder: Path) -> None:
    """What help shows as a default can be given, and is the default."""
    shown = describe_target(Target("reports_of_targets.py:Report", {}))
    texts = {
        p.option.removeprefix("--"): p.default for p in shown.parameters if p.default not in (None, "None")
    }
    given = Target("reports_of_targets.py:Report", {"horizon": "1", **texts})  # type: ignore[dict-item]
    assert given.load() == Target("reports_of_targets.py:Report", {"horizon": "1"}).load()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.toml", 'horizon = 3\nfrom_ = 2026-02-02\nmode = "FAST"\nevery = "90s"\n[model]\ndepth = 7\n'),
        ("p.JSON", '{"horizon": 3, "from": "2026-02-02", "mode": 1, "every": "90s", "model": {"depth": 7}}'),
    ],
)
def test_a_file_of_parameters(name: str, text: str, folder: Path) -> None:
    """Values of a file are as exact as those of a command line, which go before them."""
    (folder / name).write_text(text)
    given = read_params_file(folder / name)
    made = Target("reports_of_targets.py:Report", {"horizon": "4", "model.rates": "0.5"}, given).load()
    assert (made.horizon, made.from_, made.model.depth, made.model.rates) == (4, date(2026, 2, 2), 7, (0.5,))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.toml", "horizon = ", "cannot be read: Invalid value"),
        ("p.json", "[1]", "has no names of parameters at its top"),
        ("p.json", "[" * 100_000, "cannot be read: "),
        ("p.json", "\ud800", "cannot be read: "),
        ("p.ini", "a = 1", "is neither TOML nor JSON nor YAML"),
    ],
)
def test_a_file_that_holds_none(name: str, text: str, message: str, folder: Path) -> None:
    """A file that cannot be read says why."""
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=f"{name} {message}"):
        read_params_file(folder / name)


def test_a_file_that_is_not_there(folder: Path) -> None:
    """A missing file, or a folder, is not found."""
    for path in (folder / "gone.toml", folder):
        with pytest.raises((NotFoundError, InputError)):
            read_params_file(path)


def test_yaml_needs_pyyaml(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """YAML is read where PyYAML is; where it is not, the error says what to install."""
    (folder / "p.yaml").write_text("horizon: 3\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match="PyYAML is not installed"):
        read_params_file(folder / "p.yaml")


def test_a_value_of_a_file_that_does_not_fit(folder: Path) -> None:
    """The error is that of the parameter, and leads to the task's help."""
    for given in ({"horizon": "x"}, {"horizon": 1, "nope": 2}, {"horizon": 1, "raw": "x"}):
        with pytest.raises(InputError, match="Report") as caught:
            Target("reports_of_targets.py:Report", {}, given).load()
        assert caught.value.hint == "stook run reports_of_targets.py:Report --help lists its parameters"


@pytest.mark.parametrize("name", ["p.json", "p.toml", "p.yaml"])
def test_a_mark_of_the_byte_order_is_no_part_of_a_file(tmp_path: Path, name: str) -> None:
    """Files that editors have begun with one are read."""
    text = {"p.json": '{"a": 1}', "p.toml": "a = 1", "p.yaml": "a: 1"}[name]
    (tmp_path / name).write_text(f"\ufeff{text}", encoding="utf-8")
    assert read_params_file(tmp_path / name) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [("p.json", '{"a": {"b": 1, "b": 2}}'), ("p.yaml", "a: 1\na: 2\n"), ("p.toml", "a=1\na=2\n")],
)
def test_a_name_that_is_there_twice(tmp_path: Path, name: str, text: str) -> None:
    """None of two values is taken silently."""
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_params_file(tmp_path / name)
    assert caught.value.kind == "bad-params-file"


def test_what_is_no_file_of_parameters(tmp_path: Path) -> None:
    """A pipe is not waited for, and neither a device nor a huge file is read."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "device.json").symlink_to("/dev/zero")
    for name in ("pipe.json", "device.json"):
        with pytest.raises(NotFoundError, match="there is no file"):
            read_params_file(tmp_path / name)
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="has more than"):
        read_params_file(tmp_path / "huge.json")
