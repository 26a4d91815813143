"""Measuring retrieval on judged questions: data sets, runs, measures, significance, comparisons.

>>> from pathlib import Path
>>> from qa.evaluation import evaluate, load_dataset
>>> evaluation = evaluate(load_dataset(Path("my-test-set")))  # doctest: +SKIP
>>> evaluation.to_json()["methods"]["hybrid"]["nDCG@10"]  # doctest: +SKIP
"""

from qa.evaluation.cache import cache_folder
from qa.evaluation.compare import Comparison, RunComparison, compare_runs, compare_systems
from qa.evaluation.dataset import Dataset, load_dataset, read_judgements
from qa.evaluation.faults import InputError
from qa.evaluation.measures import DEFAULT_MEASURES, PRIMARY, Scores, measure_run
from qa.evaluation.report import Evaluation, evaluate
from qa.evaluation.runs import Retrieval, Run, read_run, retrieve, write_run
from qa.evaluation.tables import comparison_table, evaluation_table, run_comparison_text

__all__ = [
    "DEFAULT_MEASURES",
    "PRIMARY",
    "Comparison",
    "Dataset",
    "Evaluation",
    "InputError",
    "Retrieval",
    "Run",
    "RunComparison",
    "Scores",
    "cache_folder",
    "compare_runs",
    "compare_systems",
    "comparison_table",
    "evaluate",
    "evaluation_table",
    "load_dataset",
    "measure_run",
    "read_judgements",
    "read_run",
    "retrieve",
    "run_comparison_text",
    "write_run",
]
