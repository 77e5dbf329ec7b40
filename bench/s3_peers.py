"""What others do with the same S3 server: bare requests by obstore, s5cmd, rclone and DVC."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.measuring import Spent, run_quietly, spend
from bench.s3_server import Server

__all__ = ["downloads", "dvc_push", "put_parts", "start_alone", "uploads"]

_PART_BYTES = 64 << 20


def put_parts(server: Server, source: Path) -> None:
    """Put a file as objects of 64 MB, one after another."""
    _run_python(_PUT_PARTS, server, str(source), str(_PART_BYTES))


def start_alone(server: Server) -> None:
    """Only start what `put_parts` starts: Python and obstore, with a client."""
    _run_python(_STORE, server, "-")


def uploads() -> Mapping[str, Callable[[Server, Path], None]]:
    """Return what else can upload a file, by name."""
    found: dict[str, Callable[[Server, Path], None]] = {
        "obstore": lambda server, path: _run_python(_UPLOAD, server, str(path))
    }
    if program := _find_program("s5cmd"):
        found["s5cmd"] = lambda server, path: _run([program, "cp", path, "s3://bench/s5cmd.bin"], server)
    if clone := _find_program("rclone"):
        found["rclone"] = lambda server, path: _run(
            [clone, "copyto", "--ignore-times", path, f"{_rclone(server)}bench/rclone.bin"], server
        )
    return found


def downloads() -> Mapping[str, Callable[[Server, Path], None]]:
    """Return what else can download it, by name."""
    found: dict[str, Callable[[Server, Path], None]] = {
        "obstore": lambda server, path: _run_python(_DOWNLOAD, server, str(path))
    }
    if program := _find_program("s5cmd"):
        found["s5cmd"] = lambda server, path: _run([program, "cp", "s3://bench/s5cmd.bin", path], server)
    if clone := _find_program("rclone"):
        found["rclone"] = lambda server, path: _run(
            [clone, "copyto", f"{_rclone(server)}bench/rclone.bin", path], server
        )
    return found


def dvc_push(folder: Path, server: Server, source: Path) -> Spent | None:
    """Return what `dvc push` of a folder costs; None where there is no DVC."""
    program = os.environ.get("STOOK_BENCH_DVC") or shutil.which("dvc")
    if program is None:
        print("  dvc is left out, for it is not there: pip install 'dvc[s3]', or set STOOK_BENCH_DVC")
        return None
    folder.mkdir()
    shutil.copytree(source, folder / "data")
    environment = os.environ | server.environment | {"DVC_NO_ANALYTICS": "1", "HOME": str(folder)}
    environment["DVC_SITE_CACHE_DIR"] = str(folder / "site")
    remote = f"s3://bench/{folder.parent.name}-dvc"
    for command in (
        ("init", "--no-scm", "--quiet"),
        ("remote", "add", "--default", "origin", remote),
        ("remote", "modify", "origin", "endpointurl", server.endpoint),
        ("add", "--quiet", "data"),
    ):
        run_quietly([program, *command], environment, folder)
    spent = spend(lambda: run_quietly([program, "push", "--quiet"], environment, folder))
    shutil.rmtree(folder)
    return spent


def _find_program(name: str) -> str | None:
    """Return a program that others made, or say how to get it."""
    found = os.environ.get(f"STOOK_BENCH_{name.upper()}") or shutil.which(name)
    if found is None:
        print(f"  {name} is left out, for it is not there: set STOOK_BENCH_{name.upper()} to the program")
    return found


def _rclone(server: Server) -> str:
    keys = "access_key_id=bench,secret_access_key=bench,region=us-east-1,no_check_bucket=true"
    return f":s3,provider=Other,force_path_style=true,{keys},endpoint='{server.endpoint}':"


def _run(command: list[str | Path], server: Server) -> None:
    run_quietly(command, os.environ | server.environment | {"S3_ENDPOINT_URL": server.endpoint})


def _run_python(program: str, server: Server, *words: str) -> None:
    run_quietly([sys.executable, "-c", program, server.endpoint, *words], os.environ | server.environment)


_STORE = """
import os, sys, uuid
from concurrent.futures import ThreadPoolExecutor
import obstore
from obstore.store import S3Store
endpoint, path, *rest = sys.argv[1:]
store = S3Store("bench", endpoint=endpoint, client_options={"allow_http": True, "timeout": "600s"})
"""
_PUT_PARTS = (
    _STORE
    + """
with open(path, "rb") as file:
    while data := file.read(int(rest[0])):
        obstore.put(store, f"parts/{uuid.uuid4()}", data, use_multipart=False)
"""
)
_UPLOAD = _STORE + 'obstore.put(store, "obstore.bin", open(path, "rb"))\n'
_DOWNLOAD = (
    _STORE
    + """
size = obstore.head(store, "obstore.bin")["size"]
part = 16 << 20
starts = range(0, size, part)
with open(path, "wb") as file, ThreadPoolExecutor(8) as pool:
    for data in pool.map(lambda s: obstore.get_range(store, "obstore.bin", start=s, end=min(size, s + part)), starts):
        file.write(data)
"""
)
