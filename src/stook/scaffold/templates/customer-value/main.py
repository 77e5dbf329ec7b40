"""Predict what each customer will spend: `python main.py -i FILE -o DIR`."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import stook
from stook.errors import StookError

from pipeline import Report


def main() -> int:
    """Run the pipeline and copy the files of its report to the output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "-i", "--input", required=True, help="transactions: .csv, .csv.gz, .csv.zst, .parquet or -"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("data/output"))
    parser.add_argument("--columns", default="", help="customer=CustomerID,time=InvoiceDate,…")
    parser.add_argument("--horizon", type=int, default=60, help="days to predict")
    options = parser.parse_args()
    source = named(spooled() if options.input == "-" else Path(options.input))
    try:
        result = stook.run(Report(source=source, columns=options.columns, horizon=options.horizon))
    except StookError as error:
        # A step that refuses its input says more than the failure of the step.
        cause = error.__cause__ if isinstance(error.__cause__, StookError) else error
        print(f"error: {cause}\nhint: {cause.hint}", file=sys.stderr)
        return cause.exit_code
    options.output.mkdir(parents=True, exist_ok=True)
    for name in result.bundle.keys():
        shutil.copyfile(result.bundle.path(name), options.output / name)
    print(options.output / "report.html")
    return 0


def named(path: Path) -> str:
    """Return a path from this folder on where it is inside: the same file is then always the same parameter."""
    home, path = Path(__file__).resolve().parent, path.resolve()
    return str(path.relative_to(home) if path.is_relative_to(home) else path)


def spooled() -> Path:
    """Keep standard input as a file, which the pipeline can come back to."""
    path = Path(__file__).parent / "data/raw/stdin"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path


if __name__ == "__main__":
    sys.exit(main())
