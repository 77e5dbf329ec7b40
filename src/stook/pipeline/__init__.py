"""Tasks, the graph they pull in, fingerprints, and the runner."""

from stook.pipeline.authoring.functions import task
from stook.pipeline.authoring.making import parse_task
from stook.pipeline.authoring.output_files import path
from stook.pipeline.authoring.tasks import Task, parameters_of
from stook.pipeline.authoring.wanted import External, Partition, Source, external, partitions, source
from stook.pipeline.finding.loading import load_task, load_tasks
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions, count_jobs
from stook.pipeline.running.others import Others
from stook.pipeline.running.results import RunResult, StepResult

__all__ = [
    "External",
    "Others",
    "Partition",
    "RunOptions",
    "RunResult",
    "Source",
    "StepResult",
    "Task",
    "count_jobs",
    "external",
    "load_task",
    "load_tasks",
    "parameters_of",
    "parse_task",
    "partitions",
    "path",
    "run",
    "source",
    "task",
]
