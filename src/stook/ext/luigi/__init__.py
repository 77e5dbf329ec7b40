"""Luigi's tasks with bundles as outputs, done again when code, parameters or inputs differ; and in pipelines."""

from __future__ import annotations

from stook.errors import MissingExtraError

try:
    import luigi as luigi
except ImportError as error:
    raise MissingExtraError(
        "Luigi is not installed", kind="missing-extra", hint="pip install 'stook[luigi]'"
    ) from error

from stook.ext.luigi.bridge import luigi_task
from stook.ext.luigi.targets import BundleTarget
from stook.ext.luigi.tasks import BundleTask

__all__ = ["BundleTarget", "BundleTask", "luigi_task"]
