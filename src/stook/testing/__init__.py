"""Public tools for tests: conformance suites that every implementation passes, and faults on purpose."""

from __future__ import annotations

from stook.testing.executors import ExecutorTests, MakeExecutor, ProcessExecutorTests
from stook.testing.fault_proxy import FaultProxy
from stook.testing.faults import Crash, Fault, FaultyStorage, Operation, random_faults
from stook.testing.proxy_faults import ProxyFault, ProxyRequest, random_proxy_faults
from stook.testing.storage import StorageTests

__all__ = [
    "Crash",
    "ExecutorTests",
    "Fault",
    "FaultProxy",
    "FaultyStorage",
    "MakeExecutor",
    "Operation",
    "ProcessExecutorTests",
    "ProxyFault",
    "ProxyRequest",
    "StorageTests",
    "random_faults",
    "random_proxy_faults",
]
