"""The wheel, built and tried where nothing else of the project is."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.full
HEAVY = ("boto3", "duckdb", "numpy", "pandas", "pyarrow")
Runner = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(outer_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Run a command away from the project, with uv's cache but without the project's environment."""
    folder = tmp_path_factory.mktemp("elsewhere")
    left_out = {"VIRTUAL_ENV", "PYTHONPATH", "CI"}
    environment = {name: value for name, value in outer_environment.items() if name not in left_out}
    environment |= {"STOOK_HOME": str(folder / "store"), "STOOK_CACHE": str(folder / "cache")}

    def start(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    return start


@pytest.fixture(scope="module")
def wheel(run: Runner, project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the project."""
    folder = tmp_path_factory.mktemp("dist")
    run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, project_root)
    return next(folder.glob("stook-*.whl"))


@pytest.fixture(scope="module")
def install(
    run: Runner, wheel: Path, project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Make an environment with the wheel and some of its extras, at the versions of the lock; return its `bin`."""
    locked = tmp_path_factory.mktemp("lock") / "constraints.txt"
    everything = ("--all-extras", "--no-dev", "--no-emit-project", "--no-hashes", "--frozen", "--quiet")
    run("uv", "export", *everything, "--directory", project_root, "--output-file", locked)

    def make(extras: str) -> Path:
        environment = tmp_path_factory.mktemp("venv")
        run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, environment)
        where = ("--python", environment / "bin" / "python", "--constraints", locked)
        run("uv", "pip", "install", "--quiet", *where, f"{wheel}{extras}")
        return environment / "bin"

    return make


@pytest.fixture(scope="module")
def base(install: Callable[[str], Path]) -> Path:
    """The programs of an environment with the wheel and no extras."""
    return install("")


def test_base_starts_light(run: Runner, base: Path) -> None:
    """With no extras installed, `import stook` and `stook --help` work and import none of the heavy libraries."""
    look = f"import sys; print(sorted(set({HEAVY}) & set(sys.modules)))"
    assert run(base / "python", "-c", f"import stook; {look}").stdout.strip() == "[]"
    ask = (
        "import sys; sys.argv = ['stook', '--help']\nfrom stook.cli.main import main\ntry: main()\nfinally: "
    )
    assert run(base / "python", "-c", ask + look).stdout.strip().endswith("[]")


def test_base_keeps_and_returns(run: Runner, base: Path) -> None:
    """With no extras installed, a bundle can be added and read."""
    code = "import stook; s = stook.open(); s.add('one', {'a': 1}); print(s.get('one').data)"
    assert run(base / "python", "-c", code).stdout.strip() == "{'a': 1}"
    assert "one" in run(base / "stook", "ls").stdout


def test_base_names_the_extra_for_the_demo(run: Runner, base: Path, tmp_path: Path) -> None:
    """Without the extra `learn`, the demo says so, names it, and ends with the code of a missing extra."""
    done = run(base / "stook", "demo", tmp_path / "demo", check=False)
    assert (done.returncode, "stook[learn]" in done.stderr) == (8, True), done.stderr


def test_demo_runs_from_the_wheel(run: Runner, install: Callable[[str], Path], tmp_path: Path) -> None:
    """With the extra `learn`, the demo makes its workspace and ends with a report."""
    run(install("[learn]") / "stook", "demo", tmp_path / "demo")
    assert list((tmp_path / "demo").rglob("report.html"))


def test_wheel_has_what_it_needs(wheel: Path) -> None:
    """The wheel has the licence, the marker of types and the templates, and no tests."""
    names = zipfile.ZipFile(wheel).namelist()
    for part in ("licenses/LICENSE", "stook/py.typed", "stook/scaffold/templates/customer-value/"):
        assert any(part in name for name in names), part
    assert {name.split("/")[0] for name in names} == {
        "stook",
        wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    assert wheel.stat().st_size < 2_000_000
