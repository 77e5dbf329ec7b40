"""Run the benchmarks named on the command line, or all of them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import (
    adding,
    again,
    closures,
    listing,
    much_code,
    peers,
    pipelines,
    pool,
    reading,
    remotes,
    sharing_memory,
    startup,
    verifying,
)
from bench.measuring import describe_machine

BENCHMARKS: Mapping[str, Callable[[Path], None]] = {
    "startup": startup.measure,
    "add20k": adding.measure_many_files,
    "add2g": adding.measure_large_file,
    "readd20k": again.measure_unchanged,
    "readd300k": again.measure_huge_folder,
    "version2": again.measure_second_version,
    "peers": peers.measure,
    "tiny2000": adding.measure_tiny_bundles,
    "verify": verifying.measure_verify,
    "checkout20k": reading.measure_many_files,
    "checkout2g": reading.measure_large_file,
    "get_latest": reading.measure_get_latest,
    "ls100k": listing.measure,
    "push": remotes.measure_push,
    "push512": remotes.measure_large,
    "push_version2": remotes.measure_second_push,
    "push_nothing": remotes.measure_nothing,
    "pull_cold": remotes.measure_cold,
    "share_memory": sharing_memory.measure,
    "chain200": pipelines.measure_chain,
    "fan1000": pipelines.measure_fan,
    "replay10000": pipelines.measure_replay,
    "pool": pool.measure,
    "fanout": pool.measure_fan_out,
    "closure70k": closures.measure,
    "much_code": much_code.measure,
}


def main(names: list[str]) -> int:
    """Run benchmarks, each in a folder of its own that is gone afterwards, and return an exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(
            f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr
        )
        return 2
    print(describe_machine())
    for name in names or BENCHMARKS:
        print(f"\n{name}", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"stook-bench-{name}-") as folder:
            BENCHMARKS[name](Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
