"""Questions for the first screen, made from the indexed documents and tried before they are shown.

A sentence that says who did something, when something was made, or what something is, becomes a
question by a template; only a question whose first citation quotes that very sentence is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from qa.french import fold, split_sentences, words
from qa.reading import ADDITIONS
from qa.records import Document, QAError
from qa.web.texts import typeset

if TYPE_CHECKING:
    from qa.assistant import Assistant

WANTED = 3
# At most so many questions are tried: the page must not wait for its examples, and the same
# documents give the same ones on any machine.
TRIES = 12
NEXT_TRIES = 5  # after an answer: each is one more
_DOCUMENTS = 24
_SENTENCES = 40  # of each document
_LENGTH = 80  # characters of a question

ABOUT = typeset("De quoi parlent les documents ?")

# In the order in which they are tried.
KINDS = ("when", "who", "what", "born")

_CAPITAL = "A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒ"
_NAME = rf"[{_CAPITAL}][\w’'-]+(?: (?:(?:de|du|des|van|von) |d[’'])?[{_CAPITAL}][\w’'.-]+){{1,3}}"
_THING = r"(?:L[’']|Le |La |Les )[\w’'-]+(?: [\w’'-]+){0,5}?"
_MADE = (
    r"fond|cré|sign|adopt|publi|inaugur|proclam|construit|assassin|nomm|élu|ratifi|découvert|"
    r"invent|dissout|dissous|aboli|bâti|ouvert|rédig|promulgu|lanc|institu"
)

_BORN = re.compile(rf"(?P<name>{_NAME}),? (?:naît|naquit|est (?P<born>née?))\b")
_WHEN = re.compile(
    rf"(?P<thing>{_THING}|{_NAME}) (?P<be>fut|furent|est|sont|a été|ont été) "
    rf"(?P<done>(?:{_MADE})\w*)\b(?=.*\b\d{{4}}\b)"
)
_DID = r"(?:[a-zà-ÿœ]{3,}(?:it|ut|int)|[a-zà-ÿœ]{3,}a|a [a-zà-ÿœ]+é)"
# Somebody did something to something: without an object, and with the circumstances, it is no
# question that anybody would ask.
_WHO = re.compile(
    rf"(?P<name>{_NAME}|[{_CAPITAL}]\w{{3,}}) "
    rf"(?P<did>{_DID} (?:l[’']|l[ae] |les |une? (?!peu)|[{_CAPITAL}])[^,;:.()«»\d]{{6,44}})[,;.]"
)
# What points outside the sentence: a question that holds it does not stand alone.
_POINTS = re.compile(
    r"\b(?:alors|aussi|ensuite|ainsi|également|encore|même|autre|y|lui|leur|leurs|se|s[’']|ce|cet|cette|"
    r"ces|celui|celle|ceux|son|sa|ses|il|elle|ils|elles|suivante?|lendemain)\b"
)
_WHAT = re.compile(rf"(?P<thing>{_THING}|{_NAME}),? (?:est|était|fut) (?:(?:un|une|le|la) |l[’'])")
_LOOSE_END = re.compile(r" (?:en|de|du|des|à|au|par|sur|dans|n|qui|que)$")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question, its kind, and the sentence that should answer it."""

    question: str
    kind: str
    document_id: str
    start: int
    end: int


def example_questions(assistant: Assistant, wanted: int = WANTED) -> list[str]:
    """Questions that this index answers with the sentence that they were made from."""
    chosen: dict[str, str] = {}
    for proposal in islice(_in_turn(assistant), TRIES):
        if proposal.document_id not in chosen and _works(assistant, proposal):
            chosen[proposal.document_id] = proposal.question
        if len(chosen) == wanted:
            break
    if not assistant.index.manifest.documents:
        return []
    # Whatever they speak of, this one is answered by how the documents begin.
    return [*chosen.values(), ABOUT][:wanted]


def next_questions(
    assistant: Assistant, asked: str, places: Iterable[tuple[str, int, int]], wanted: int = WANTED
) -> list[str]:
    """Questions that some places (document, start, end) answer, other than the one just asked."""
    said = fold(asked).split()
    turns = [
        [
            proposal
            for proposal in proposals(assistant.document(name), start, end)
            if fold(proposal.question).split() != said
        ]
        for name, start, end in places
    ]
    chosen = []
    in_turn = (one for turn in zip_longest(*turns) for one in turn if one is not None)
    for proposal in islice(in_turn, NEXT_TRIES):
        if proposal.question not in chosen and _works(assistant, proposal):
            chosen.append(proposal.question)
        if len(chosen) == wanted:
            break
    return chosen


def _works(assistant: Assistant, proposal: Proposal) -> bool:
    try:
        answer = assistant.answer(proposal.question)
    except QAError:
        return False
    return any(
        citation.document_id == proposal.document_id
        and citation.start < proposal.end
        and proposal.start < citation.end
        for citation in answer.citations[:1]
    )


def _in_turn(assistant: Assistant) -> list[Proposal]:
    """Proposals, one of each kind in turn; first those whose rarest word occurs in most passages.

    What a corpus speaks of everywhere is what a stranger to it recognises; what a reader has just
    added comes before it.
    """
    entries = assistant.index.store.documents()
    added = [entry.id for entry in entries if entry.id.startswith(f"{ADDITIONS}/")]
    step = max(1, len(entries) // _DOCUMENTS)
    names = dict.fromkeys([*added[-WANTED:], *(entry.id for entry in entries[::step])])
    found = [
        proposal
        for name in list(names)[:_DOCUMENTS]
        for proposal in proposals(assistant.document(name))
    ]
    frequency = assistant.index.lexical.document_frequency

    def known(proposal: Proposal) -> int:
        stems = [word.stem for word in words(proposal.question) if not word.is_stop]
        return min(map(frequency, stems), default=0)

    found.sort(key=lambda proposal: (proposal.document_id not in added, -known(proposal)))
    kinds = [[proposal for proposal in found if proposal.kind == kind] for kind in KINDS]
    return [proposal for turn in zip_longest(*kinds) for proposal in turn if proposal is not None]


def proposals(document: Document, start: int = 0, end: int | None = None) -> list[Proposal]:
    """Every question that the templates make of a document's first sentences, or a part's."""
    found = []
    titles = {heading.start for heading in document.headings}
    common = set(re.findall(r"\b[a-zà-ÿœ]+\b", document.text))
    opens_section = True
    part = document.text[start:end]
    for first, last in split_sentences(part)[:_SENTENCES]:
        if start + first in titles:
            opens_section = True
            continue
        sentence = part[first:last].strip()
        for kind, question in _ask(sentence, common):
            # What a thing is, is told where its section begins.
            if len(question) <= _LENGTH and (opens_section or kind != "what"):
                found.append(Proposal(question, kind, document.id, start + first, start + last))
        opens_section = False
    return found


def _ask(sentence: str, common: Set[str]) -> Iterator[tuple[str, str]]:
    """The kinds and questions that a sentence answers; ``common`` are words that are no names."""
    if match := _BORN.match(sentence):
        yield "born", typeset("Quand est {} {} ?").format(match["born"] or "né", match["name"])
    if match := _WHEN.match(sentence):
        be = "ont été" if match["be"] in {"furent", "sont", "ont été"} else "a été"
        thing = _uncapitalised(match["thing"])
        yield "when", typeset("Quand {} {} {} ?").format(be, match["done"], thing)
    match = _WHO.match(sentence)
    if match and match["name"].lower() not in common and _stands_alone(match["did"]):
        yield "who", typeset("Qui {} ?").format(match["did"].strip())
    match = _WHAT.match(sentence)
    if match and not _LOOSE_END.search(match["thing"]):
        thing = _uncapitalised(match["thing"])
        ask = "Qu’est-ce que {} ?" if thing != match["thing"] else "Qui était {} ?"
        yield "what", typeset(ask).format(thing)


def _stands_alone(predicate: str) -> bool:
    """Whether « Qui … ? » names something, and nothing that only the context tells."""
    return _POINTS.search(predicate) is None and re.search(f"[{_CAPITAL}]", predicate) is not None


def _uncapitalised(thing: str) -> str:
    """« L’Armée rouge » -> « l’Armée rouge »; a name stays as it is."""
    return thing[0].lower() + thing[1:] if re.match(r"(?:L[’']|L[ea]s? )", thing) else thing
