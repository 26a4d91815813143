"""The model card, made from measured figures: what it is, how, from what data, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qa.training.report import table_text

_HEADER = """---
language: fr
license: apache-2.0
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags: [sentence-transformers, feature-extraction, sentence-similarity, retrieval, french, onnx]
---

# sourcier-minilm-fr: French sentences and passages to 384 numbers

A small French retrieval model (6 layers, 384 dimensions, 23 million parameters, half of them word
vectors) that runs on a laptop's processor. A question and the passage that answers it lie close
together; similarity is the cosine. Texts are read up to 256 pieces (about 190 words).

    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer("src/qa/model")
    vectors = model.encode(["Quand Napoléon est-il né ?", "Napoléon naît à Ajaccio en 1769."])

`onnx/model_int8.onnx` is the same model with 8-bit weights for onnxruntime: inputs `input_ids`
and `attention_mask`, outputs `sentence_embedding` (pooled, unit length) and `token_embeddings`.
`token_type_ids` is not an input: its constant vector is folded into the positions.

## How it was made

`qa train --data FOLDER --work FOLDER` repeats it; `docs/model.md` explains it.

1. A French WordPiece vocabulary of 32,000 pieces: lower case, no accents (but for « né »).
2. Word vectors from those of the English model all-MiniLM-L6-v2 by word alignment (IBM model 1,
   both directions) over parallel sentences. The transformer layers stay.
3. Distillation: French texts are put where the English model puts their translations.
4. Fine-tuning on French questions and passages, with mined hard negatives and noised questions.
5. The mean of three such fine-tunings (model soup, Wortsman et al. 2022), in half precision and as
   an 8-bit graph.
"""

_DATA = """## Data, with licences

The English model: all-MiniLM-L6-v2 (Apache-2.0; sentence-transformers, from nreimers/
MiniLM-L6-H384-uncased). The weights are derived from it and from these sets:

| set (A alignment, D distillation, F fine-tuning; all French text: vocabulary) | licence, source |
|---|---|
| Tatoeba, English-French (A, D) | CC BY 2.0 FR; Tatoeba, manythings.org |
| Canadian federal laws (A, D, F) | Open Government Licence - Canada; Justice Canada |
| news and health test sets (A, D) | CC BY-SA, CC0, WMT (free for research); OPUS-MT-testsets |
| Python documentation (A, D) | CC0 translations, PSF originals; python-docs-fr |
| DiaBLa dialogues (A, D) | CC BY-SA 4.0; R. Bawden et al. |
| STSb multi-MT, English-French (A, D) | CC BY-SA 4.0 (scores), mixed texts; P. May |
| Mintaka questions, dev (A, D) | CC BY 4.0; Amazon Science |
| PIAF 1.1, training titles (F) | MIT; contexts CC BY-SA 3.0, French Wikipedia; Etalab |
| OrangeSum titles and articles (F) | CC BY-SA 4.0; M. Kamal Eddine et al. |
| OpenQuizzDB (F) | CC BY-SA; openquizzdb.org |
| Dynamics 365 documentation, French (F) | CC BY 4.0; Microsoft |
| Code du travail numérique (F) | Apache-2.0, Licence Ouverte; SocialGouv |
| French Wikipedia, travel articles (F) | CC BY-SA; Wikipedia contributors |
| J. Bainville, Histoire de France, 1924 (F) | public domain |
| ELTeC-fra novels (vocabulary) | public domain texts, CC BY 4.0 encoding; COST Action ELTeC |
| MIRACL French topics, train (vocabulary) | Apache-2.0 |
"""

_LIMITS = """## Limits

- French only. English words are known as far as they occur in French text.
- It was trained on encyclopaedic, legal, technical and news text; slang, spoken French and old
  spelling are hardly known to it.
- Small: names that differ in one letter or number lie close together. Use it with word matching
  (the product does); a list of numbers or codes is for word matching alone.
- Beyond 256 pieces a text is cut; split documents into passages first.
- Associations of its training texts (news, novels, laws) are in it, with their biases.
"""


def write_card(report: Mapping[str, Any], path: Path) -> None:
    """README.md of the model folder."""
    parts = [_HEADER]
    if report["figures"]:
        parts.append(
            "## Figures\n\nnDCG@10 x 100 on development sets, alone / fused with word matching; "
            "noised: no accents and one\ntyping error in every question. Neither set was trained "
            "on, but both chose the recipe: expect a\nlittle less elsewhere.\n\n"
            + table_text(report)
            + "\n"
        )
    if found := report.get("agreement"):
        figures = "".join(
            f", nDCG@10 on {name} {100 * by['int8']:.1f} against {100 * by['exact']:.1f}"
            for name, by in found["figures"].items()
        )
        parts.append(
            f"The 8-bit graph and the single-precision model agree: mean cosine "
            f"{found['mean_cosine']:.4f} over {found['texts']} texts (least "
            f"{found['least_cosine']:.4f}){figures}, vectors alone.\n"
        )
    path.write_text("\n".join([*parts, _DATA, _LIMITS]), encoding="utf-8")
