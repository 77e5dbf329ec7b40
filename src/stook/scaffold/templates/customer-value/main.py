"""Predict what each customer will spend: `python main.py -i FILE -o DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import stook


def main() -> int:
    """Run the pipeline that stook.toml names and write the files of its report to the output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "-i", "--input", required=True, help="transactions: .csv, .csv.gz, .csv.zst, .parquet or -"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("data/output"))
    parser.add_argument("--columns", default="", help="customer=CustomerID,time=InvoiceDate,…")
    parser.add_argument("--horizon", type=int, default=60, help="days to predict")
    options = parser.parse_args()
    try:
        done = stook.predict(
            options.input,
            options.output,
            columns=options.columns,
            horizon=options.horizon,
            folder=Path(__file__).parent,
        )
    except stook.StookError as error:
        print(f"error: {error}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    for path in done.files.values():
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
