"""Questions about the documents themselves: what they hold, what one is about, which speak of what.

No sentence answers them, so none is looked for: they are answered by the titles, the opening
sentences and the passages that share the words, all cited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from qa.french import analyse_words, fold, split_sentences
from qa.index import DocumentEntry, Index
from qa.records import Answer, Citation, Document, Hit

MOST_DOCUMENTS = 6  # documents that are shown of a collection
MOST_SECTIONS = 5  # sentences that present one document
MOST_TOLD = 10  # years, and names, that a document says most often
_COUNTED = 100_000  # characters of a document in which they are counted
# After what a year comes after; a number of things stands after other words.
_YEAR = re.compile(
    r"(?<![\w.,])(?:en|de|depuis|dès|vers|avant|après|fin|début|et|à|janvier|février|mars|avril|mai|juin|"
    r"juillet|août|septembre|octobre|novembre|décembre|l’an|[(–-])[ \u00a0]?"
    r"(1\d{3}|20\d{2})(?![\w%€]|[.,]\d|[ \u00a0\u202f](?:%|€|\d))",
    re.IGNORECASE,
)
_CAPITAL = r"[A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒ]"
_PART = rf"{_CAPITAL}[\w’]*\w"
_NAME = re.compile(rf"(?<=[\wà-ÿ,’'(][ \u00a0’'(]){_PART}(?:[ -](?:(?:de|du|des) |d’)?{_PART})*")
_SHORTEST = 40  # characters of a sentence that presents something

_DOCUMENTS = r"(?:documents?|textes?|fichiers?|dossiers?|corpus|collections?|articles?|pages?)"
_THE = r"(?:l'ensemble de |tous |toutes )?(?:les?|la|l'|ces?|cette|mes|tes|vos|ton|votre|mon)\s?"
_ALL = rf"{_THE}(?:differents? )?{_DOCUMENTS}"
_WANTED = (
    r"(?:(?:peux[- ]tu|pouvez[- ]vous|tu peux|vous pouvez|pourrais[- ]tu|pourriez[- ]vous) )?"
    r"(?:(?:me |m'|nous )?(?:faire|donner|fais|faites|donne|donnez)(?:[- ]moi)? )?"
)
_CORPUS = re.compile(
    rf"{_WANTED}(?:(?:de quoi|sur quoi) (?:parlent|traitent|portent)(?:[- ]ils)? {_ALL}"
    rf"|de quoi (?:parle|traite) (?:ce|cette|le|la|ton|votre) (?:corpus|collection|dossier)"
    rf"|de quoi (?:s'agit[- ]il|est[- ]il question) dans {_ALL}"
    rf"|(?:un |le )?resume[rz]?(?:[- ]moi)? (?:de |des |du )?(?:{_ALL}|{_DOCUMENTS})"
    rf"|(?:quels?|quelles?) (?:sont )?(?:{_ALL}|{_DOCUMENTS})(?: (?:as[- ]tu|avez[- ]vous"
    r"|y a[- ]t[- ]il|(?:sont )?disponibles?|connais[- ]tu|connaissez[- ]vous))?"
    r"|(?:une |la )?(?:liste[rz]?|montre[rz]?)(?:[- ]moi)? (?:de |des |du )?"
    rf"(?:{_ALL}|{_DOCUMENTS})"
    rf"|(?:que contien(?:t|nent)|qu'y a[- ]t[- ]il dans|qu'est[- ]ce qu'il y a dans) {_ALL})"
    r"[\s?.!]*"
)
_ABOUT = re.compile(
    rf"{_WANTED}(?:de quoi (?:parle|traite)|(?:un |le )?resume[rz]?(?:[- ]moi)?(?: de| du| des)?"
    r"|que contient|qu'y a[- ]t[- ]il dans|presente[rz]?(?:[- ]moi)?) "
    rf"(?:d'|l'|(?:le|la|les|du|de la|ce|cette)\s)?(?:{_DOCUMENTS} )?"
    r"(?P<subject>.{2,120}?)[\s?.!]*"
)
_WHICH = re.compile(
    rf"(?:dans )?(?:quels?|quelles?) (?:sont les )?{_DOCUMENTS} (?:qui )?"
    r"(?:(?:(?:parle|traite)(?:nt)?|est[- ]il question|s'agit[- ]il)(?: de(?: la|s)?\b| du\b| d')?"
    r"|(?:mentionne|evoque|cite|concerne)(?:nt)?|porte(?:nt)? sur)"
    r"\s?(?:les?\b|la\b|l'|un\b|une\b)?\s?(?P<subject>.{2,120}?)[\s?.!]*"
)


def openings(document: Document) -> list[tuple[int, int]]:
    """The sentences that open a document and its upper sections, the first ones."""
    highest = min((heading.level for heading in document.headings), default=0)
    upper = [heading.end for heading in document.headings if heading.level <= highest + 1]
    found: list[tuple[int, int]] = []
    for place in (0, *upper):
        span = _opening(document, place)
        if span[1] > span[0] and span not in found:
            found.append(span)
        if len(found) == MOST_SECTIONS:
            break
    return found


def told_often(document: Document) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """The years and the names that a document says most often, each with how often."""
    text = document.text[:_COUNTED]
    years = Counter(_YEAR.findall(text))
    # The capital of a word that opens a sentence says nothing.
    names = Counter(match.group() for match in _NAME.finditer(text))
    spoken = {*re.findall(r"\b[a-zà-ÿœ]+\b", text)}
    proper = {
        name: len(re.findall(rf"\b{re.escape(name)}\b", text))
        for name, _ in names.most_common(4 * MOST_TOLD)
        if name.lower() not in spoken and analyse_words(name)
    }
    often = [
        (name, count)
        for name, count in sorted(proper.items(), key=lambda pair: -pair[1])
        # Half of a longer name is none.
        if count > 1 and not any(name in o and name != o and 2 * proper[o] > count for o in proper)
    ]
    return years.most_common(MOST_TOLD), often[:MOST_TOLD]


def overview_of(question: str, index: Index) -> Answer | None:
    """The answer to a question about all documents or one of them; ``None``: it is no such."""
    asked = fold(question)
    if _CORPUS.fullmatch(asked):
        return _of_all(question, index) if index.store.documents() else None
    found = _ABOUT.fullmatch(asked)
    entry = _named(found["subject"], index.store.documents()) if found else None
    return _of_one(question, entry, index) if entry is not None else None


def asked_subject(question: str) -> str:
    """What documents are looked for by: « Quels documents parlent de la NEP ? » -> « nep »."""
    found = _WHICH.fullmatch(fold(question))
    return found["subject"] if found else ""


def documents_on(
    question: str, subject: str, hits: Sequence[Hit], index: Index, limit: int
) -> Answer | None:
    """The documents of which passages have all words of a subject; ``None`` when there are none.

    ``limit`` hits go with the answer.
    """
    wanted = set(analyse_words(subject))
    places: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.passage.is_reference_list:
            continue
        if wanted and wanted <= set(analyse_words(hit.passage.index_text)):
            places.setdefault(hit.passage.document_id, []).append(hit)
    if not places:
        return None
    ranked = sorted(places.items(), key=lambda item: (-len(item[1]), item[1][0].rank))
    citations = []
    for marker, (_, found) in enumerate(ranked[:MOST_DOCUMENTS], 1):
        document = index.document(found[0].passage.document_id)
        citations.append(_cite(document, _telling(found[0], wanted), marker))
    counted = [
        f"«\u202f{found[0].passage.title or name}\u202f» ({_count(len(found), 'passage')})"
        for name, found in ranked
    ]
    verb = "en parle" if len(ranked) == 1 else "en parlent"
    told = f"{_count(len(ranked), 'document')} {verb}\u00a0: {', '.join(counted)}."
    return _answer(question, citations, told, hits[:limit])


def _of_all(question: str, index: Index) -> Answer:
    """The longest documents, each by the sentence that opens it."""
    entries = index.store.documents()
    longest = sorted(entries, key=lambda entry: -entry.characters)[:MOST_DOCUMENTS]
    chosen = [entry for entry in entries if entry in longest]
    citations = [
        _cite(document, _opening(document), marker)
        for marker, document in enumerate((index.document(entry.id) for entry in chosen), 1)
    ]
    told = f"{_count(len(entries), 'document')} en tout"
    if len(entries) > len(chosen):
        told += f"\u00a0; voici comment s’ouvrent les {len(chosen)} plus longs"
    return _answer(question, citations, f"{told}.")


def _of_one(question: str, entry: DocumentEntry, index: Index) -> Answer:
    """A document by its opening sentence and those of its sections."""
    document = index.document(entry.id)
    highest = min((heading.level for heading in document.headings), default=0)
    citations = [_cite(document, span, marker) for marker, span in enumerate(openings(document), 1)]
    heads = [
        document.text[heading.start : heading.end].strip()
        for heading in document.headings
        if heading.level == highest
    ]
    sections = f" Ses parties\u00a0: {', '.join(heads[:12])}." if len(heads) > 1 else ""
    name = f"«\u202f{document.title or document.id}\u202f»"
    told = f"Phrases qui ouvrent {name} et ses parties.{sections}"
    return _answer(question, citations, told)


def _answer(
    question: str, citations: Sequence[Citation], note: str, hits: Sequence[Hit] = ()
) -> Answer:
    """It is sure, for it is only what the documents hold."""
    return Answer(
        question=question,
        standalone_question=question,
        status="answered",
        citations=tuple(citations),
        confidence=1.0,
        hits=tuple(hits),
        timings={},
        note=note,
    )


def _named(subject: str, entries: Sequence[DocumentEntry]) -> DocumentEntry | None:
    """The document whose title or file name has all words of a subject, and fewest others."""
    wanted = set(analyse_words(subject))
    if not wanted:
        return None
    found = []
    for entry in entries:
        for name in (entry.title, re.sub(r"[\W_]+", " ", entry.id.rsplit(".", 1)[0])):
            words = set(analyse_words(name))
            if wanted <= words:
                found.append((len(words - wanted), entry))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _opening(document: Document, after: int = 0) -> tuple[int, int]:
    """The first whole sentence behind a place; the first line of any kind when there is none."""
    text = document.text[after : after + 4000]
    spans = [(start, end) for start, end in split_sentences(text) if text[start:end].strip()]
    for start, end in spans:
        said = text[start:end].strip()
        if len(said) >= _SHORTEST and said.rstrip("»”\"') \u00a0\u202f")[-1:] in {
            ".",
            "!",
            "?",
            "…",
        }:
            break
    else:
        start, end = spans[0] if spans else (0, 0)
    lead = len(text[start:end]) - len(text[start:end].lstrip())
    return after + start + lead, after + start + len(text[start:end].rstrip())


def _telling(hit: Hit, wanted: set[str]) -> tuple[int, int]:
    """The sentence of a passage that has most of the words; of such, the first that is no title."""
    text = hit.passage.text

    def told(span: tuple[int, int]) -> tuple[int, bool]:
        said = text[slice(*span)].strip()
        return len(wanted & set(analyse_words(said))), len(said) >= _SHORTEST

    start, end = max(split_sentences(text), key=told, default=(0, len(text)))
    return hit.passage.start + start, hit.passage.start + end


def _cite(document: Document, span: tuple[int, int], marker: int) -> Citation:
    quote = document.text[slice(*span)]
    start = span[0] + len(quote) - len(quote.lstrip())
    quote = quote.strip()
    above: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.start <= start:
            above = [one for one in above if one[0] < heading.level]
            above.append((heading.level, document.text[heading.start : heading.end].strip()))
    page = document.page_at(start)
    return Citation(
        marker=marker,
        document_id=document.id,
        title=document.title,
        headings=tuple(name for _, name in above),
        source=document.source,
        start=start,
        end=start + len(quote),
        quote=quote,
        page=page.number if page else None,
        ocr=page is not None and page.ocr,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"
