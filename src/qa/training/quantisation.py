"""8-bit numbers for the weights of a linear layer, chosen for what the layer sees.

Rounding each weight to the nearest step is not best for the layer's output. GPTQ (Frantar et al.
2023, arXiv 2210.17323) rounds the inputs' weights one after the other and lets those still to come
make up for the error, as far as inputs that go together allow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]

# Matrices use 7 of the 8 bits: on CPUs without VNNI instructions two products of full range
# overflow 16 bits. Signed numbers, because unsigned ones are nearly two times slower with VNNI.
MATRIX_LEVELS = 63
ROW_LEVELS = 127
# Share of the evening-out that goes into the matrices.
SMOOTHING = 0.75
# What is added to the diagonal of the inputs' products, as a share of its mean (the paper's).
_DAMPING = 0.01


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a linear layer saw while example texts were read.

    ``largest`` (inputs,) is the largest magnitude of each; ``products`` (inputs, inputs) are the
    sums of their products over all tokens.
    """

    largest: Floats
    products: Floats


def quantise_rows(matrix: Floats, levels: int = ROW_LEVELS) -> tuple[Bytes, Floats]:
    """8-bit numbers and one scale a row: ``row = numbers * scale``."""
    scale = _scales(matrix, levels)
    return np.round(matrix / scale).astype(np.int8), scale


def smoothing_scales(largest: Floats, weight: Floats, share: float = SMOOTHING) -> Floats:
    """What each input channel is divided by, and its column of the matrix multiplied: SmoothQuant.

    A few large channels would waste the range of the others, so they are evened out between
    activation and matrix (Xiao et al. 2022). ``weight`` is (outputs, inputs).
    """
    columns = np.maximum(np.abs(weight).max(axis=0), 1e-5)
    scales: Floats = np.maximum(largest, 1e-5) ** share / columns ** (1 - share)
    return scales.astype(np.float32)


def quantise_for_inputs(
    weight: Floats, products: Floats, levels: int = MATRIX_LEVELS
) -> tuple[Bytes, Floats]:
    """As ``quantise_rows`` for weights (outputs, inputs), with the least error of the outputs."""
    scale = _scales(weight, levels)
    count = len(products)
    damped = products.astype(np.float64) + np.eye(count) * (
        _DAMPING * float(np.trace(products)) / count + 1e-8
    )
    # The upper Cholesky factor of the inverse has, in each row, how later inputs make up for one.
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    rest = weight.astype(np.float64).copy()
    numbers = np.zeros(weight.shape, dtype=np.int8)
    for column in range(count):
        wanted = rest[:, column]
        chosen = np.clip(np.round(wanted / scale[:, 0]), -levels, levels)
        numbers[:, column] = chosen
        error = (wanted - chosen * scale[:, 0]) / spread[column, column]
        rest[:, column + 1 :] -= np.outer(error, spread[column, column + 1 :])
    return numbers, scale


def _scales(matrix: Floats, levels: int) -> Floats:
    largest = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-12)
    return np.asarray(largest / levels, dtype=np.float32)
