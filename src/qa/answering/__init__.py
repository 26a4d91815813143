"""Choose the sentences that answer, quote and cite them, or refuse.

Each sentence of the first passages gets raw signals in [0, 1] or so (``SentenceSignals``); a linear
model ranks them and says how likely each one is the one that answers. The best sentence and its
passage give the signals of the whole question (``QuestionSignals``); a logistic model of those is
the probability that the corpus answers, and below a threshold the answer is a refusal.
"""

from qa.answering.calibration import (
    Calibration,
    calibrated,
    calibration_path,
    fingerprint,
    read_calibration,
    stale,
    write_calibration,
)
from qa.answering.model import AnsweringModel, shipped_model
from qa.answering.selection import Selection, select_answer

__all__ = [
    "AnsweringModel",
    "Calibration",
    "Selection",
    "calibrated",
    "calibration_path",
    "fingerprint",
    "read_calibration",
    "select_answer",
    "shipped_model",
    "stale",
    "write_calibration",
]
