"""`stook run` with --only-missing, --pull and --push: what is said, exit codes, and which setting goes before which."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Stook

PIPELINE = """
import stook

class Prices(stook.Task):
    count: int = 2

    def run(self):
        return [self.count] * 3_000
"""


@pytest.fixture
def shop(stook: Stook, tmp_path: Path) -> Stook:
    """A workspace with a pipeline and a remote."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / "stook.toml").write_text('[workspace]\ncontext = "shop"\n')
    assert stook("remote", "add", str(tmp_path / "remote"))[0] == 0
    return stook


def _as_somebody_else(stook: Stook, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "CACHE"):
        monkeypatch.setenv(f"STOOK_{name}", str(folder / f"other-{name}"))
    monkeypatch.setenv("STOOK_OWNER", "ben")
    assert stook("remote", "add", str(folder / "remote"))[0] == 0


def test_push_is_said(shop: Stook) -> None:
    """How many results were sent is said once all are there; where all are there already, nothing is said."""
    code, out, err = shop("run", "pipeline.py:Prices", "--push")
    assert code == 0
    assert "1 result sent to origin" in err
    assert out.startswith("prices@")
    code, _, err = shop("run", "pipeline.py:Prices", "--push")
    assert code == 0
    assert "sent" not in err


def test_nothing_is_sent_by_default(shop: Stook) -> None:
    """Without an option or a setting nobody else sees anything of a run."""
    assert "sent" not in shop("run", "pipeline.py:Prices")[2]
    assert shop("ls", "--remote")[0] == 4


def test_taking_is_said(shop: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many results were taken is said, and with --pull that their data is here."""
    shop("run", "pipeline.py:Prices", "--push")
    _as_somebody_else(shop, tmp_path, monkeypatch)
    code, _, err = shop("run", "pipeline.py:Prices", "--pull")
    assert code == 0
    assert "1 result taken from origin; data of 1 result got from origin" in err
    shutil.rmtree(tmp_path / "remote")
    assert shop("cat", "prices")[0] == 0


def test_a_push_that_fails(shop: Stook, tmp_path: Path) -> None:
    """A run that went well and could not send exits with 6, prints its result all the same, and says what to type."""
    (tmp_path / "remote").rename(tmp_path / "away")
    code, out, err = shop("run", "pipeline.py:Prices", "--push", "--json")
    assert code == 6
    plain = json.loads(out)
    assert plain["bundle"].startswith("prices@")
    assert plain["error"]["kind"] == "results-not-sent"
    assert err.count("could not send results to origin") == 1
    command = err.rstrip().rpartition("try: stook ")[2]
    facts = shop("runs", "show")[1]
    assert "exchanged  1 result not on origin yet" in facts
    assert "problem    send origin: there is no store" in facts
    assert json.loads(shop("runs", "show", "--json")[1])["exchanged"]["unsent"] == [plain["bundle"]]
    (tmp_path / "away").rename(tmp_path / "remote")
    assert shop(*command.split())[0] == 0
    assert "prices" in shop("ls", "--remote")[1]


def test_a_taking_that_fails(shop: Stook, tmp_path: Path) -> None:
    """Where only taking fails, it is said plainly, and all is well."""
    shutil.rmtree(tmp_path / "remote")
    code, _, err = shop("run", "pipeline.py:Prices", "--only-missing")
    assert code == 0
    assert err.count("could not take results from origin, and the run goes on without") == 1


def test_no_such_remote(shop: Stook) -> None:
    """A remote that is none is said before anything runs."""
    code, _, err = shop("run", "pipeline.py:Prices", "--push", "--remote", "orgin")
    assert code == 4
    assert "did you mean origin?" in err
    assert "steps" not in err


@pytest.mark.parametrize(
    ("files", "variable", "option", "sends"),
    [
        (("true", ""), "", "", True),
        (("true", "false"), "", "", False),
        (("", "false"), "1", "", True),
        (("", "true"), "no", "", False),
        (("", "true"), "yes", "--no-push", False),
        (("", ""), "off", "--push", True),
    ],
)
def test_which_goes_first(  # noqa: PLR0917 - each is a place, or a fixture
    shop: Stook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: tuple[str, str],
    variable: str,
    option: str,
    sends: bool,
) -> None:
    """An option goes before the environment, that before the workspace, and that before the user's own settings."""
    user, workspace = files
    config = tmp_path / "config" / "stook"
    config.mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
    if user:
        (config / "config.toml").write_text(f"[run]\npush = {user}\n")
    if workspace:
        with (tmp_path / "stook.toml").open("a") as file:
            file.write(f"[run]\npush = {workspace}\n")
    monkeypatch.setenv("STOOK_PUSH", variable)
    err = shop("run", "pipeline.py:Prices", *([option] if option else []))[2]
    assert ("sent to origin" in err) is sends


def test_settings_without_a_remote(stook: Stook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings hold for all workspaces, so that one without a remote is no mistake; an option there is one."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.setenv("STOOK_PUSH", "true")
    monkeypatch.setenv("STOOK_ONLY_MISSING", "true")
    assert stook("run", "pipeline.py:Prices")[0] == 0
    assert stook("run", "pipeline.py:Prices", "--only-missing")[0] == 4


def test_a_setting_that_is_no_word_for_it(shop: Stook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is neither yes nor no is refused, and named."""
    monkeypatch.setenv("STOOK_PULL", "maybe")
    code, _, err = shop("run", "pipeline.py:Prices")
    assert code == 2
    assert "pull is 'maybe'" in err


def test_plan_without_the_remote(shop: Stook, tmp_path: Path) -> None:
    """A plan that cannot ask the remote says so, and is a plan all the same."""
    shutil.rmtree(tmp_path / "remote")
    code, out, err = shop("plan", "pipeline.py:Prices", "--only-missing")
    assert code == 0
    assert "never ran" in out
    assert "the remote cannot be asked" in err


def test_a_parameter_called_push(shop: Stook, tmp_path: Path) -> None:
    """A task's own parameter of that name is given by -p, which is said."""
    (tmp_path / "own.py").write_text(PIPELINE.replace("count: int = 2", "count: int = 2\n    push: str = ''"))
    code, _, err = shop("run", "own.py:Prices", "--push", "-p", "push=hard")
    assert code == 0
    assert "--push is an option of stook run; the task's parameter is given by -p push=…" in err
    assert "sent to origin" in err
