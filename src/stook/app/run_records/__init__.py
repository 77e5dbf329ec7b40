"""Runs as they are kept: a folder each, beside the store's catalog."""

from stook.app.run_records.layout import log_of, runs_folder
from stook.app.run_records.reading import find_run, get_run, iter_runs, read_run
from stook.app.run_records.recording import Recorder

__all__ = ["Recorder", "find_run", "get_run", "iter_runs", "log_of", "read_run", "runs_folder"]
