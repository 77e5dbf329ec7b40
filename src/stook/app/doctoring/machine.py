"""Python and the terminal."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from stook.app.doctoring.finding import Finding, Patient

__all__ = ["check_python", "check_terminal"]


def check_python(_patient: Patient, /) -> Iterator[Finding]:
    """Say which Python this is, and where."""
    yield Finding.ok("python", f"{platform.python_version()} on {platform.platform()}, {sys.executable}")


def check_terminal(_patient: Patient, /) -> Iterator[Finding]:
    """See that names in any script can be printed."""
    encoding = (sys.stdout.encoding or "unknown").lower()
    if encoding.replace("-", "") == "utf8":
        yield Finding.ok("terminal", f"prints {encoding}")
    else:
        message = f"prints {encoding}: names in other scripts cannot be shown"
        yield Finding.warn("terminal", message, "export PYTHONUTF8=1")
