"""Measuring search, answers and conversations on judged questions, and how sure the figures are.

>>> from pathlib import Path
>>> from qa.evaluation import evaluate, load_dataset
>>> evaluation = evaluate(load_dataset(Path("my-test-set")))  # doctest: +SKIP
>>> evaluation.to_json()["methods"]["hybrid"]["nDCG@10"]  # doctest: +SKIP
"""

from qa.evaluation.answers import AnswerEvaluation, evaluate_answers
from qa.evaluation.assistant import evaluate_assistant
from qa.evaluation.cache import cache_folder
from qa.evaluation.calibration import fit_calibration
from qa.evaluation.compare import Comparison, RunComparison, compare_runs, compare_systems
from qa.evaluation.conversations import ConversationEvaluation, evaluate_conversations
from qa.evaluation.dataset import Dataset, load_dataset, read_judgements
from qa.evaluation.faults import InputError
from qa.evaluation.gold import (
    AnswerQuestion,
    Conversation,
    read_answer_questions,
    read_conversations,
)
from qa.evaluation.measures import DEFAULT_MEASURES, PRIMARY, Scores, measure_run
from qa.evaluation.models import ModelComparison, compare_models, short_names
from qa.evaluation.page import write_page
from qa.evaluation.passages import indexed_documents, read_documents, with_passages
from qa.evaluation.pool import Judging, PooledPassage, pool_passages
from qa.evaluation.queries import read_questions
from qa.evaluation.report import Evaluation, evaluate
from qa.evaluation.runs import Retrieval, Run, read_run, retrieve, write_run
from qa.evaluation.tables import (
    answer_table,
    comparison_table,
    conversation_table,
    evaluation_table,
    run_comparison_text,
)

__all__ = [
    "DEFAULT_MEASURES",
    "PRIMARY",
    "AnswerEvaluation",
    "AnswerQuestion",
    "Comparison",
    "Conversation",
    "ConversationEvaluation",
    "Dataset",
    "Evaluation",
    "InputError",
    "Judging",
    "ModelComparison",
    "PooledPassage",
    "Retrieval",
    "Run",
    "RunComparison",
    "Scores",
    "answer_table",
    "cache_folder",
    "compare_models",
    "compare_runs",
    "compare_systems",
    "comparison_table",
    "conversation_table",
    "evaluate",
    "evaluate_answers",
    "evaluate_assistant",
    "evaluate_conversations",
    "evaluation_table",
    "fit_calibration",
    "indexed_documents",
    "load_dataset",
    "measure_run",
    "pool_passages",
    "read_answer_questions",
    "read_conversations",
    "read_documents",
    "read_judgements",
    "read_questions",
    "read_run",
    "retrieve",
    "run_comparison_text",
    "short_names",
    "with_passages",
    "write_page",
    "write_run",
]
