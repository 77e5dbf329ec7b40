"""What `./dev` does: find or fetch uv, install what `uv.lock` says into `.venv`, and run a command there.

Nothing here imports more than the standard library. uv is taken from PATH; where there is none (or too old a one), the
version that `uv.lock` names is fetched into `.cache/uv/`, through pip where there is a pip, and else straight from the
index. Either way the file must have the digest that the lock states.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
USAGE = """\
usage: ./dev COMMAND [ARGUMENT…]

  demo [ARGUMENT…]   make and run the demo workspace; arguments go to `stook demo`
  test               lint, types, architecture, docs and the tests; `test full` adds the slow ones and the wheel
  test ARGUMENT…     pytest with these arguments
  run COMMAND…       run any command in the environment, such as `./dev run stook ls`
  setup              set up the environment and stop
"""
_TIMEOUT_SECONDS = 60


class BootstrapError(Exception):
    """What went wrong, and what to do about it; shown as it is."""


@dataclass(frozen=True)
class Wheel:
    """One wheel of uv as the lock has it."""

    version: str
    url: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return urllib.parse.unquote(self.url.rpartition("/")[2])


def main(arguments: Sequence[str]) -> int:
    """Run one `./dev` command and return its exit code."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if command not in {"demo", "test", "run", "setup"} or (command == "run" and not rest):
        print(USAGE, end="", file=sys.stderr if command not in {"-h", "--help", "help"} else sys.stdout)
        return 0 if command in {"-h", "--help", "help"} else 2
    try:
        environment = uv_environment(os.environ)
        uv = find_uv(environment) or fetch_uv(locked_wheel(), environment)
        install(uv, environment)
    except BootstrapError as problem:
        print(f"dev: {problem}", file=sys.stderr)
        return 1
    if command == "setup":
        return 0
    to_run = {"demo": ["stook", "demo", *rest], "test": ["python", "-m", "tools.check", *rest], "run": rest}[
        command
    ]
    code = run_inside(to_run, environment, uv)
    if command == "demo" and code == 0 and not shutil.which("stook"):
        say(
            f"to have the command stook in this shell: . {shlex.quote(os.path.relpath(ROOT / '.venv/bin/activate'))}"
        )
    return code


def say(text: str) -> None:
    """Say what is being done, in one line."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def uv_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv: the system's certificates are trusted, and no Python is downloaded unasked."""
    environment = {
        name: value
        for name, value in given.items()
        if name not in {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH"}
    }
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.setdefault("UV_PYTHON_DOWNLOADS", "never")
    if certificates := pip_setting("cert", given):
        environment.setdefault("SSL_CERT_FILE", certificates)
    return environment


def find_uv(environment: Mapping[str, str]) -> str | None:
    """Return the uv on PATH or one fetched before, where it works and is new enough to read the lock."""
    for candidate in (shutil.which("uv"), str(private_uv(locked_uv()["version"]))):
        if candidate and (version := uv_version(candidate, environment)) and version >= minimum_uv():
            return candidate
    return None


def uv_version(uv: str, environment: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return the version that an executable says it has, or None where it does not run."""
    try:
        found = subprocess.run([uv, "--version"], capture_output=True, text=True, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.match(r"uv (\d+)\.(\d+)\.(\d+)", found.stdout)
    return tuple(map(int, number.groups())) if number else None


def minimum_uv() -> tuple[int, ...]:
    """Return the oldest uv that the project works with, from `pyproject.toml`."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    return tuple(map(int, groups["bootstrap"][0].partition(">=")[2].split(".")))


def private_uv(version: str) -> Path:
    """Return where a fetched uv is kept."""
    return ROOT / ".cache" / "uv" / version / "uv"


def locked_wheel() -> Wheel:
    """Return uv's wheel for this machine, with the digest to expect, from `uv.lock`."""
    package = locked_uv()
    for tag in platform_tags():
        for wheel in package["wheels"]:
            if tag.fullmatch(wheel["url"].removesuffix(".whl").rpartition("-")[2]):
                return Wheel(package["version"], wheel["url"], wheel["hash"].removeprefix("sha256:"))
    raise BootstrapError(
        f"no uv is made for this machine ({sysconfig.get_platform()})\n     install uv yourself, then run this again"
    )


def locked_uv() -> dict[str, Any]:
    """Return the entry of uv itself in `uv.lock`."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return next(package for package in lock["package"] if package["name"] == "uv")


def platform_tags() -> list[re.Pattern[str]]:
    """Return patterns of the wheel tags that run here, the best first."""
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        return [re.compile(rf"macosx_\d+_\d+_{machine}")]
    libc = ("manylinux", "musllinux") if platform.libc_ver()[0] == "glibc" else ("musllinux",)
    return [re.compile(rf"{kind}_\d+_\d+_{machine}(\..*)?") for kind in libc]


def fetch_uv(wheel: Wheel, environment: Mapping[str, str]) -> str:
    """Fetch uv into the project's cache, checked against the lock, and return its path."""
    say(f"fetching uv {wheel.version} into .cache/uv (there is no fitting uv on PATH)")
    with tempfile.TemporaryDirectory() as folder:
        file = fetch_by_pip(wheel, Path(folder), environment) or fetch_by_url(
            wheel, Path(folder), environment
        )
        if hashlib.sha256(file.read_bytes()).hexdigest() != wheel.sha256:
            raise BootstrapError(
                f"{file.name} does not have the digest that uv.lock states; it was not used\n"
                "     try again, and if it stays so, look at which package index this machine is set to"
            )
        return str(unpack(file, private_uv(wheel.version)))


def fetch_by_pip(wheel: Wheel, folder: Path, environment: Mapping[str, str]) -> Path | None:
    """Let this Python's pip download the wheel by the machine's own settings; None where that does not work."""
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    asked += ["--disable-pip-version-check", "--dest", str(folder), f"uv=={wheel.version}"]
    done = subprocess.run(asked, capture_output=True, text=True, env=dict(environment), check=False)
    return next(folder.glob("uv-*.whl"), None) if done.returncode == 0 else None


def fetch_by_url(wheel: Wheel, folder: Path, environment: Mapping[str, str]) -> Path:
    """Download the wheel from the machine's package index, or from where the lock says where none is set."""
    index = configured_index(environment)
    try:
        url = find_on_index(index, wheel.name) if index else wheel.url
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - index is the user's own
            file = folder / wheel.name
            file.write_bytes(response.read())
    except (OSError, ValueError) as problem:
        raise BootstrapError(
            f"uv {wheel.version} could not be fetched: {problem}\n"
            "     is there a network? behind a mirror set PIP_INDEX_URL, or install uv yourself and run this again"
        ) from problem
    return file


def find_on_index(index: str, name: str) -> str:
    """Return the URL of a file of uv on a simple index (PEP 503).

    Raises:
        ValueError: The index does not list it.
    """
    page = f"{index.rstrip('/')}/uv/"
    with urllib.request.urlopen(page, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
        links: list[str] = re.findall(r'href="([^"#]+)', response.read().decode())
    for link in links:
        if urllib.parse.unquote(link.rpartition("/")[2]) == name:
            return urllib.parse.urljoin(page, link)
    raise ValueError(f"{page} does not list {name}")


def unpack(wheel: Path, destination: Path) -> Path:
    """Take uv's one executable out of its wheel; another `./dev` may do the same at the same time."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        fresh = destination.with_name(f".uv-{os.getpid()}")
        fresh.write_bytes(archive.read(member))
    fresh.chmod(0o755)
    fresh.replace(destination)
    return destination


def configured_index(environment: Mapping[str, str]) -> str | None:
    """Return the package index this machine is set to by uv's or pip's settings; None for the usual one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if environment.get(name):
            return re.sub(r"^[\w-]+=", "", environment[name])
    return pip_setting("index-url", environment)


def pip_setting(name: str, environment: Mapping[str, str]) -> str | None:
    """Return one of pip's settings as pip itself would find it: environment, then user's file, then the machine's."""
    from_environment = environment.get(f"PIP_{name.upper().replace('-', '_')}")
    if from_environment:
        return from_environment
    home = Path(environment.get("HOME", "/nonexistent"))
    config_home = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    named = [Path(environment["PIP_CONFIG_FILE"])] if environment.get("PIP_CONFIG_FILE") else []
    for path in (*named, config_home / "pip/pip.conf", home / ".pip/pip.conf", Path("/etc/pip.conf")):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (OSError, configparser.Error):
            continue
        for section in ("install", "global"):
            if value := parser.get(section, name, fallback=""):
                return value.strip()
    return None


def install(uv: str, environment: dict[str, str]) -> None:
    """Bring `.venv` to what the lock says; from the machine's own index where one is set."""
    if not (ROOT / ".venv").exists():
        say("installing what uv.lock names into .venv")
        environment = environment | {"UV_PYTHON": environment.get("UV_PYTHON", sys.executable)}
    index = configured_index(environment)
    steps = sync_from(index) if index else [["sync", "--locked", "--inexact", "--quiet"]]
    for step in steps:
        done = subprocess.run([uv, *step], cwd=ROOT, env=environment, check=False)
        if done.returncode != 0:
            raise BootstrapError(
                f"`uv {step[0]}` could not set up .venv (its own words are above)\n"
                "     if uv.lock is out of date: uv lock\n"
                "     if the network failed: run this again, what was fetched is kept"
            )


def sync_from(index: str) -> list[list[str]]:
    """Return uv's steps for an index of one's own; the lock's URLs do not lead there, its digests still hold."""
    listed = ROOT / ".cache" / "requirements.txt"
    listed.parent.mkdir(exist_ok=True)
    here = ["--quiet", "--python", str(ROOT / ".venv"), "--default-index", index]
    return [
        ["venv", "--quiet", "--allow-existing", ".venv"],
        ["export", "--frozen", "--quiet", "--no-emit-project", "--output-file", str(listed)],
        ["pip", "sync", *here, "--require-hashes", str(listed)],
        ["pip", "install", *here, "--no-deps", "--editable", "."],
    ]


def run_inside(command: list[str], environment: dict[str, str], uv: str) -> int:
    """Run a command in `.venv` as if it were active, with uv at hand, and return its exit code."""
    places = [str(ROOT / ".venv" / "bin"), environment.get("PATH", os.defpath), str(Path(uv).parent)]
    inside = environment | {"VIRTUAL_ENV": str(ROOT / ".venv"), "PATH": os.pathsep.join(places)}
    tests = command[:3] == ["python", "-m", "tools.check"]
    try:
        return subprocess.run(command, env=inside, cwd=ROOT if tests else None, check=False).returncode
    except FileNotFoundError:
        print(f"dev: there is no command {command[0]!r} in the environment", file=sys.stderr)
        return 127
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
