"""Tasks, the graph they pull in, fingerprints, and the runner."""

from stook.pipeline.functions import task
from stook.pipeline.loading import load_task, load_tasks
from stook.pipeline.output_files import path
from stook.pipeline.planning import Plan, PlannedStep, make_plan, why
from stook.pipeline.requirements import External, Source, external, source
from stook.pipeline.runner import run
from stook.pipeline.running.options import RunOptions, count_jobs
from stook.pipeline.running.others import Others
from stook.pipeline.running.results import RunResult, StepResult
from stook.pipeline.tasks import Task, parameters_of, parse_task
from stook.pipeline.wanted import Partition, partitions

__all__ = [
    "External",
    "Others",
    "Partition",
    "Plan",
    "PlannedStep",
    "RunOptions",
    "RunResult",
    "Source",
    "StepResult",
    "Task",
    "count_jobs",
    "external",
    "load_task",
    "load_tasks",
    "make_plan",
    "parameters_of",
    "parse_task",
    "partitions",
    "path",
    "run",
    "source",
    "task",
    "why",
]
