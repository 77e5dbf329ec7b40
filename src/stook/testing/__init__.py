"""Public tools for tests: conformance suites that every implementation passes, and faults on purpose."""

from __future__ import annotations

from stook.testing.faults import Crash, Fault, FaultyStorage, Operation, random_faults
from stook.testing.storage import StorageTests

__all__ = ["Crash", "Fault", "FaultyStorage", "Operation", "StorageTests", "random_faults"]
