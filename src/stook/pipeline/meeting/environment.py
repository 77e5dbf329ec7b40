"""The circumstances of a run: asked for once, when the first task of it has to run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from stook.model.lineage import Environment

if TYPE_CHECKING:
    from stook.pipeline.source_code.git_changes import Checkout

__all__ = ["read_environment"]


def read_environment(checkout: Checkout, user: str) -> Environment:
    """Return where and with what code in a folder runs; Git's part is empty where Git did not answer."""
    import platform

    system = os.uname()
    return Environment(
        python=platform.python_version(),
        platform=f"{sys.platform}-{system.machine}",
        host=system.nodename,
        user=user,
        git_commit=checkout.commit,
        git_dirty=checkout.is_dirty,
    )
