"""What holds for every test: its own home, no network, and in CI no skips."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
OUTER_ENVIRONMENT = dict(os.environ)
IN_CI = bool(os.environ.get("CI"))
RETAIL_ABSENT = "the Online Retail file is not here; say where it is by STOOK_RETAIL"
MOUNTING_REFUSED = "this machine lets nobody mount a small disk"
AZURITE_ABSENT = "azurite-blob is not on PATH, where .ci/run puts it if npm's registry can be reached"
_NOT_OURS_TO_MEND = (RETAIL_ABSENT, MOUNTING_REFUSED, AZURITE_ABSENT)
_OPEN_FILES = 8192

_SERVERS = ("tests.servers.azurite", "tests.servers.moto_s3", "tests.servers.rclone_s3")
pytest_plugins = [name for name in _SERVERS if (ROOT / f"{name.replace('.', '/')}.py").exists()]

_LOOPBACK = ("127.", "localhost", "::1", "::ffff:127.")
_OURS = ("STOOK_", "AWS_", "XDG_", "GIT_")
_OURS_ALONE = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONPATH", "PYTHONWARNINGS")

# How fast a machine is says nothing about the code.
_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _ANY_SPEED, max_examples=50)
settings.register_profile("ci", _ANY_SPEED, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("full", _ANY_SPEED, max_examples=200, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "dev"))


_homes = count()


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give each test a home, store and cache of its own, and none of the caller's settings or credentials."""
    home = tmp_path_factory.mktemp(f"home-{next(_homes)}", numbered=False)
    for name in os.environ:
        if name.startswith(_OURS) or name in _OURS_ALONE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("STOOK_HOME", str(home / "store"))
    monkeypatch.setenv("STOOK_CACHE", str(home / "cache"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Tess Ter")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tess@example.invalid")
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def outer_environment() -> Mapping[str, str]:
    """The environment that the tests were started in, for tools that need its caches and settings."""
    return OUTER_ENVIRONMENT


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def retail_csv() -> Path:
    """The UCI Online Retail transactions, where this machine has them; else the test is skipped."""
    named = OUTER_ENVIRONMENT.get("STOOK_RETAIL")
    file = Path(named) if named else ROOT.parent / "shared" / "data" / "online_retail.csv.gz"
    if not file.is_file():
        pytest.skip(RETAIL_ABSENT)
    return file


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure: what CI does not run, nobody runs."""
    report = yield
    if (
        IN_CI
        and report.skipped
        and not hasattr(report, "wasxfail")
        and not any(reason in str(report.longrepr) for reason in _NOT_OURS_TO_MEND)
    ):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI skips nothing: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI a module that skips itself is a failure too."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, and CI skips nothing: {report.longrepr}"
    return report


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
        raise PermissionError(f"tests reach nothing but this machine; something asked for {address[0]}")


def _allow_many_open_files() -> None:
    """Raise a low limit: a store that a test has dropped keeps its catalog open until Python tidies up."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if most == resource.RLIM_INFINITY else min(_OPEN_FILES, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


_allow_many_open_files()
sys.addaudithook(_refuse_network)
