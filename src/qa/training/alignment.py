"""First word vectors of French pieces, from word alignment with the English model's pieces.

IBM model 1 (Brown et al. 1993) learns which English pieces translate each French piece; the French
vector is the weighted mean of theirs. The transformer layers stay English: before any training, the
model already understands French word by word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

# Aligned with certainty once or twice says little: a piece with this many occurrences takes half
# its vector from alignment, half from the English pieces that spell it.
HALF_TRUST = 3.0


def translation_table(
    source: Sequence[Integers],
    target: Sequence[Integers],
    source_size: int,
    target_size: int,
    iterations: int = 6,
) -> csr_array:
    """P(target piece | source piece), ``(source_size + 1, target_size)``, by EM of IBM model 1.

    The last row is the empty word, which explains target pieces without a translation. Sentences
    are arrays of piece numbers, row i of both the same sentence.
    """
    from scipy.sparse import csr_array

    keys_of, lengths_of = [], []
    for left, right in zip(source, target, strict=True):
        words = np.append(left, source_size)
        # Target-major: the candidates of one target piece lie together and share its unit of mass.
        keys_of.append((words[None, :] * target_size + right[:, None]).ravel())
        lengths_of.append(np.full(len(right), len(words)))
    lengths = np.concatenate(lengths_of)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    keys, pair = np.unique(np.concatenate(keys_of), return_inverse=True)
    pair = pair.astype(np.int32)
    rows, columns = np.divmod(keys, target_size)
    table = np.ones(len(keys))
    for _ in range(iterations):
        share = table[pair]
        share /= np.repeat(np.add.reduceat(share, starts), lengths)
        count = np.bincount(pair, weights=share, minlength=len(keys))
        table = count / np.bincount(rows, weights=count, minlength=source_size + 1)[rows]
    return csr_array((table, (rows, columns)), shape=(source_size + 1, target_size))


def agreement(forward: csr_array, backward: csr_array) -> csr_array:
    """How much both directions believe in each pair: P(e|f) P(f|e), ``(French, English)``.

    One direction alone links every French piece to the frequent English ones; the product, after
    "Alignment by agreement" (Liang et al. 2006), keeps translations.
    """
    french = forward.shape[0] - 1
    english = backward.shape[0] - 1
    return forward[:french].multiply(backward[:english].T).tocsr()


def weighted_means(weights: csr_array, vectors: Floats, keep: int = 8) -> tuple[Floats, Floats]:
    """The mean of each row's best vectors, at their mean length, and the row's total weight.

    A mean is shorter than what it averages; word vectors that suddenly are short would lose their
    say beside the position vectors, so the length is restored.
    """
    result = np.zeros((weights.shape[0], vectors.shape[1]), dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1)
    mass = np.zeros(weights.shape[0], dtype=np.float32)
    for row in range(weights.shape[0]):
        span = slice(weights.indptr[row], weights.indptr[row + 1])
        values, columns = weights.data[span], weights.indices[span]
        if not len(values):
            continue
        best = np.argsort(-values)[:keep]
        share, columns = values[best] / values[best].sum(), columns[best]
        mean = share @ vectors[columns]
        result[row] = mean * (share @ lengths[columns]) / max(np.linalg.norm(mean), 1e-6)
        mass[row] = values.sum()
    return result, mass


def spelled_vectors(pieces: Sequence[str], english: Tokenizer, vectors: Floats) -> Floats:
    """For each French piece, the mean vector of the English pieces that spell the same letters."""
    vocabulary = english.get_vocab()
    result = np.zeros((len(pieces), vectors.shape[1]), dtype=np.float32)
    for row, piece in enumerate(pieces):
        if piece in vocabulary:
            result[row] = vectors[vocabulary[piece]]
            continue
        # "a" leads a continuation so that the rest is cut into continuations too.
        if piece.startswith("##"):
            encoded = english.encode("a" + piece[2:], add_special_tokens=False).ids[1:]
        else:
            encoded = english.encode(piece, add_special_tokens=False).ids
        result[row] = vectors[encoded].mean(axis=0) if encoded else vectors.mean(axis=0)
    return result


def align_vectors(
    pairs: Sequence[tuple[str, str]],
    english: Tokenizer,
    french: Tokenizer,
    vectors: Floats,
    *,
    longest: int = 45,
    progress: Callable[[str], None] = lambda _: None,
) -> Floats:
    """A vector for every French piece, from (English, French) sentences and English vectors."""
    left = _encode(english, [pair[0] for pair in pairs])
    right = _encode(french, [pair[1] for pair in pairs])
    usable = [
        i for i in range(len(pairs)) if 0 < len(left[i]) <= longest and 0 < len(right[i]) <= longest
    ]
    left, right = [left[i] for i in usable], [right[i] for i in usable]
    english_size, french_size = len(vectors), french.get_vocab_size()
    progress(f"aligning {len(usable)} of {len(pairs)} sentence pairs")
    to_english = translation_table(right, left, french_size, english_size)
    progress("aligning in the other direction")
    to_french = translation_table(left, right, english_size, french_size)
    aligned, mass = weighted_means(agreement(to_english, to_french), vectors)

    vocabulary = french.get_vocab()
    pieces = sorted(vocabulary, key=vocabulary.__getitem__)
    spelled = spelled_vectors(pieces, english, vectors)
    occurrences = np.bincount(np.concatenate(right), minlength=french_size)
    trust = np.where(mass > 0, occurrences / (occurrences + HALF_TRUST), 0.0)[:, None]
    result: Floats = (trust * aligned + (1 - trust) * spelled).astype(np.float32)
    for row, piece in enumerate(pieces):
        if piece.startswith("[") and piece.endswith("]"):
            number = english.token_to_id(piece)
            if number is not None:
                result[row] = vectors[number]
    return result


def _encode(tokenizer: Tokenizer, texts: list[str]) -> list[Integers]:
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [np.asarray(item.ids, dtype=np.int64) for item in encoded]
