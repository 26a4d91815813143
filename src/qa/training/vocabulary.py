"""A French WordPiece vocabulary (Schuster & Nakajima 2012), in the format of BERT tokenizers.

Lower case, no accents, one apostrophe, ligatures opened: the piece does not depend on how carefully
the question was typed. The position of the special pieces is that of the English model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

UNKNOWN = "[UNK]"
BORN = r"\b[nN](?:[éÉ][eE]?[sS]?|aqui(?:t|rent)|a[îi](?:t|ssent))\b"
SPECIAL_PIECES = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")


def train_vocabulary(texts: Iterable[str], size: int, minimum_count: int = 3) -> Tokenizer:
    """A tokenizer with ``size`` pieces at most, ready to use: [CLS] text [SEP]."""
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )

    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=60))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex("[’ʼ‘]"), "'"),
            normalizers.Replace(Regex("[œŒ]"), "oe"),
            normalizers.Replace(Regex("[æÆ]"), "ae"),
            # Without its accent « né » would be the « ne » of negations. « naquit » and « naît »
            # say the same; « née » has a piece of its own that is no other word.
            normalizers.Replace(Regex(BORN), "née"),
            normalizers.BertNormalizer(lowercase=True, strip_accents=True),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=minimum_count,
        special_tokens=list(SPECIAL_PIECES),
        limit_alphabet=300,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[
            ("[CLS]", SPECIAL_PIECES.index("[CLS]")),
            ("[SEP]", SPECIAL_PIECES.index("[SEP]")),
        ],
    )
    return tokenizer
