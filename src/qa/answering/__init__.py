"""Choose the sentences that answer, quote and cite them, or refuse.

The first passages are read with the question (``Reader``): each of their sentences gets the
log-odds that an answer stands in it. The best of these, less what search thinks less of its
passage, gives the probability that the documents answer at all; below a threshold the answer is a
refusal, above it the best sentences are quoted.
"""

from qa.answering.advice import NEAR, advise
from qa.answering.calibration import (
    Calibration,
    calibrated,
    calibration_path,
    fingerprint,
    read_calibration,
    stale,
    write_calibration,
)
from qa.answering.matches import Matches, match_passage
from qa.answering.model import AnsweringModel, shipped_model
from qa.answering.reader import Reader
from qa.answering.selection import Selection, select_answer

__all__ = [
    "NEAR",
    "AnsweringModel",
    "Calibration",
    "Matches",
    "Reader",
    "Selection",
    "advise",
    "calibrated",
    "calibration_path",
    "fingerprint",
    "match_passage",
    "read_calibration",
    "select_answer",
    "shipped_model",
    "stale",
    "write_calibration",
]
