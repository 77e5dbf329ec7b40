"""A commit of many records to a folder is there whole, or not at all, wherever a kill cuts its writing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from stook.log import FolderLog

_PROGRAM = """
import resource, signal, sys
from pathlib import Path
from stook.log import FolderLog

log = FolderLog(Path(sys.argv[1]), "a" * 32)
log.append([b'{"type": "first"}'])
size = (Path(sys.argv[1]) / "log" / ("a" * 32) / f"{1:016d}").stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the system kills who writes a file beyond this
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5_000, size + 5_000))
log.append([b'{"type": "one of %04d"}' % number for number in range(1000)])
"""


def test_a_kill_within_the_writing_of_many_records_leaves_none(tmp_path: Path) -> None:
    """What others read then is what was there before, and the next commit follows it."""
    killed = subprocess.run([sys.executable, "-c", _PROGRAM, tmp_path], check=False)
    assert killed.returncode == -signal.SIGXFSZ
    log = FolderLog(tmp_path, "a" * 32)
    assert len(list(log.read({}))) == 1
    log.append([b'{"type": "second"}', b'{"type": "third"}'])
    assert len(list(log.read({}))) == 3
