"""Which sentence is quoted, how it is cited, when the answer is a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import FakeEmbedder
from qa.answering import AnsweringModel, Selection, select_answer
from qa.answering.entities import agree, entities, is_defined, says_how
from qa.answering.refusal import QuestionSignals
from qa.assistant import Assistant
from qa.index import open_index, update_index
from qa.questions import APPOSITION, VERB, Kind, analyse_question, question_kind
from qa.records import QAError
from qa.search import search_hybrid, token_matcher

WORDS = dict.fromkeys(("coverage", "context", "passage", "kind"), 1.0)
# Every signal that speaks for a sentence counts alike; nothing is refused, no short answer is sure.
PLAIN = AnsweringModel(
    sentence={**WORDS, "tokens": 1.0},
    question=dict.fromkeys(QuestionSignals.__dataclass_fields__, 0.1),
    ranges={},
    thresholds={"low": 0.0, "normal": 0.5, "high": 1.0},
    beside=0.6,
    elsewhere=0.6,
    enough=1.0,
    emphasis={"intercept": 0.0},
    certain=1.0,
    measured={},
)

FILES = {
    "trotsky.md": (
        "# Trotsky\n\nTrotsky naît à Ianovka en 1879. Il étudie à Odessa.\n\n## Exil\n\n"
        "Trotsky arrive à Prinkipo en 1929. Il y écrit son autobiographie.\n\n"
        "## Références\n\n- Trotsky, Ma vie, Gallimard, 1929, où il dit être né à Ianovka.\n"
    ),
    "lenine.md": "# Lénine\n\nLénine naît à Simbirsk en 1870. Gorki le voit mourir en 1924.\n",
}


@pytest.fixture
def ask(write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder) -> Callable[..., Selection]:
    corpus = write_corpus(FILES)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    index = open_index(corpus.parent / "index")

    def select(text: str, caution: str = "normal", **changes: Any) -> Selection:
        question = analyse_question(text, index.manifest.passages, index.lexical.document_frequency)
        query = fake_embedder.embed_questions([text])[0]
        hits = search_hybrid(index, text, query, 10)
        selection = select_answer(
            question,
            hits,
            token_matcher(index, fake_embedder, query),
            index.store.source,
            caution,
            replace(PLAIN, **changes),
        )
        for citation in selection.citations:
            text = index.document(citation.document_id).text
            assert text[citation.start : citation.end] == citation.quote
        return selection

    return select


def test_the_sentence_that_answers_is_quoted_and_cited(ask: Callable[..., Selection]) -> None:
    selection = ask("Quand Lénine est-il né ?")
    first = selection.citations[0]
    assert selection.sentences[0].text == first.quote == "Lénine naît à Simbirsk en 1870."
    assert (first.marker, first.document_id, first.title) == (1, "lenine.md", "Lénine")
    assert (first.start, first.end) == (8, 39)


def test_a_sentence_that_opens_with_a_pronoun_brings_the_one_before(
    ask: Callable[..., Selection],
) -> None:
    selection = ask("Que Trotsky écrit-il : une autobiographie ?")
    assert selection.citations[0].quote == (
        "Trotsky arrive à Prinkipo en 1929. Il y écrit son autobiographie."
    )
    assert selection.citations[0].headings == ("Exil",)


def test_titles_and_references_are_not_answers(ask: Callable[..., Selection]) -> None:
    for question in ("Trotsky", "Où Trotsky dit-il être né dans Ma vie, Gallimard ?"):
        quotes = [citation.quote for citation in ask(question).citations]
        assert quotes
        assert "Trotsky" not in quotes
        assert not any("Gallimard" in quote for quote in quotes)


def test_a_passage_is_cited_once_and_markers_count_from_one(
    ask: Callable[..., Selection],
) -> None:
    selection = ask("Où Trotsky et Lénine naissent-ils ?", elsewhere=0.0)
    places = [(c.document_id, c.headings) for c in selection.citations]
    assert 2 <= len(places) == len(set(places)) <= 3
    assert [c.marker for c in selection.citations] == list(range(1, len(places) + 1))
    assert [s.marker for s in selection.sentences] == list(range(1, len(places) + 1))


def test_who_the_question_does_not_name_is_not_quoted_beside(
    ask: Callable[..., Selection],
) -> None:
    both = ask("Où Trotsky et Lénine naissent-ils ?", elsewhere=0.0)
    assert {citation.title for citation in both.citations} == {"Trotsky", "Lénine"}
    one = ask("Où est-il né, Trotsky ?", elsewhere=0.0)
    assert {citation.title for citation in one.citations} == {"Trotsky"}


def test_the_threshold_decides(ask: Callable[..., Selection]) -> None:
    question = "Quand Lénine est-il né ?"
    assert ask(question, "low").citations
    refused = ask(question, "high")
    assert (refused.citations, refused.sentences) == ((), ())
    assert 0.5 < refused.confidence < 1


def test_a_question_of_function_words_is_refused(ask: Callable[..., Selection]) -> None:
    assert ask("Qui est-ce ?").citations == ()


@pytest.mark.parametrize(
    ("text", "term", "defined"),
    [
        ("Un soviet (« conseil » en russe) est une assemblée de députés.", "soviet", True),
        ("En algèbre, un corps commutatif est un anneau.", "corps commutatif", True),
        ("Grigori Zinoviev fut le collaborateur de Lénine.", "Zinoviev", True),
        ("Zinaïda Volkova, dite Zina, était la fille de Trotsky.", "Zina", True),
        ("Le mot « goulag » désigne l’administration des camps.", "goulag", True),
        ("La Nouvelle politique économique, ou NEP, remplace les réquisitions.", "NEP", True),
        ("Il fit adopter la Nouvelle politique économique (NEP).", "NEP", True),
        ("Le concept de Dieu est une vieille notion.", "concept", False),
        ("On dit que la NEP est une retraite.", "NEP", False),
        ("La NEP est adoptée en mars 1921.", "NEP", False),
        ("Zinoviev explique qu’il est le chef de la délégation.", "Zinoviev", False),
    ],
)
def test_what_a_sentence_defines(text: str, term: str, defined: bool) -> None:
    start = text.rindex(term)
    assert is_defined(text, start, start + len(term)) is defined


def test_a_definition_answers_whatever_else_speaks_against_it(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    told = "Un soviet est une assemblée de députés."
    corpus = write_corpus(
        {
            "soviet.md": f"# Pouvoirs\n\n{told} Le soviet vote.\n",
            "autres.md": "# Faits\n\nQue signifie le soviet ? Le mot signifie un soviet, dit-il.\n",
        }
    )
    update_index(corpus, corpus.parent / "index", fake_embedder)
    assistant = Assistant(open_index(corpus.parent / "index"), fake_embedder)
    assistant.model = replace(PLAIN, question={"intercept": -9.0}, thresholds={"normal": 0.95})
    answer = assistant.answer("Que signifie le mot soviet ?")
    assert (answer.citations[0].quote, answer.confidence) == (told, 0.9)
    assert not assistant.answer("Qui vote au soviet ?").citations


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Quand Lénine est-il mort ?", "time"),
        ("En quelle année Trotsky fut-il exclu ?", "time"),
        ("À quelle date ?", "time"),
        ("Où est né Staline ?", "place"),
        ("Dans quelle ville Trotsky est-il mort ?", "place"),
        ("Combien de marins ont fui ?", "number"),
        ("Quel âge avait-il ?", "number"),
        ("Pourquoi la révolte éclata-t-elle ?", "reason"),
        ("Comment fut prise la forteresse ?", "manner"),
        ("Comment s’appelait sa femme ?", "person"),
        ("Qui a tué Trotsky ?", "person"),
        ("Trotsky était-il menchevik ?", "yes-no"),
        ("Qu’est-ce que la NEP ?", "definition"),
        ("Qui est Lénine ?", "definition"),
        ("Qui est le chef de l’Armée rouge ?", "person"),
        ("De quel nom Trotsky signait-il ?", "other"),
        ("mort lénine date", "time"),
    ],
)
def test_kinds_of_questions(question: str, kind: str) -> None:
    assert question_kind(question) == kind


@pytest.mark.parametrize(
    ("kind", "text", "question", "found"),
    [
        ("time", "Il meurt le 21 août 1940 à Mexico.", "Quand meurt-il ?", ["21 août 1940"]),
        ("time", "Il meurt à Coyoacán.", "Quand meurt-il ?", []),
        ("time", "En 1917, il rentre.", "Que fait-il en 1917 et quand ?", []),
        ("time", "Né au XVIe siècle, vers mars 1520.", "Quand ?", ["XVIe siècle", "mars 1520"]),
        ("time", "Ils sont 1500 hommes.", "Quand sont-ils venus ?", []),
        ("number", "Environ 8\u00a0000 marins fuient.", "Combien de marins ?", ["8\u00a0000"]),
        ("number", "En 1921, huit mille marins fuient.", "Combien ?", ["huit mille"]),
        ("number", "Il en reste 3,5 millions.", "Combien en reste-t-il ?", ["3,5 millions"]),
        ("place", "Il meurt à Coyoacán.", "Où meurt-il ?", ["Coyoacán"]),
        ("place", "Il meurt en paix.", "Où meurt-il ?", []),
        ("place", "Le roi visite Rome.", "Où va-t-il ?", []),
        ("person", "L’assassin est Ramón Mercader.", "Qui a tué Trotsky ?", ["Ramón Mercader"]),
        ("person", "Trotsky est mort.", "Qui a tué Trotsky ?", []),
        ("person", "Il vit à Paris avec Natalia.", "Qui vit avec lui ?", ["Natalia"]),
        ("reason", "Ils ont faim.", "Pourquoi ?", []),
    ],
)
def test_what_can_answer_each_kind(kind: Kind, text: str, question: str, found: list[str]) -> None:
    spans = entities(kind, text, analyse_question(question, 1, lambda _: 0).words)
    assert [text[span.start : span.end] for span in spans] == found


def test_turns_of_phrase_that_answer() -> None:
    assert says_how("reason", "ils se revoltent parce que le pain manque.")
    assert not says_how("reason", "ils se revoltent.")
    assert says_how("definition", "un soviet est une assemblee.")
    assert says_how("other", "ils se revoltent.")


@pytest.mark.parametrize(
    ("kind", "one", "other", "together"),
    [
        ("time", "1924", "21 janvier 1924", True),
        ("time", "21 janvier", "22 janvier", False),
        ("time", "1er mars 1918", "1 mars 1918", True),
        ("number", "8 000", "8\u00a0000", True),
        ("number", "8 000", "6 000", False),
        ("number", "huit mille", "6 000", True),
        ("person", "Léon Trotsky", "Trotsky", True),
    ],
)
def test_which_short_answers_can_both_be_right(
    kind: Kind, one: str, other: str, together: bool
) -> None:
    assert agree(kind, one, other) is together
    assert agree(kind, other, one) is together


def test_a_sure_short_answer_is_emphasised(ask: Callable[..., Selection]) -> None:
    question = "Quand Lénine est-il né ?"
    assert ask(question).citations[0].emphasis == ()
    citation = ask(question, certain=0.5).citations[0]
    ((start, end),) = citation.emphasis
    assert citation.quote[start - citation.start : end - citation.start] == "1870"
    assert ask("Que dit Lénine ?", certain=0.5).citations[0].emphasis == ()


def test_sources_that_differ_are_both_quoted(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    def answer(year: str) -> Selection:
        corpus = write_corpus(
            {
                "a.md": "# Annales\n\nLe pont de Saverne fut achevé en 1724.\n",
                "b.md": f"# Mémoires\n\nLe pont de Saverne fut achevé en {year}.\n",
            }
        )
        update_index(corpus, corpus.parent / "index", fake_embedder)
        index = open_index(corpus.parent / "index")
        text = "Quand le pont de Saverne fut-il achevé ?"
        question = analyse_question(text, 2, index.lexical.document_frequency)
        query = fake_embedder.embed_questions([text])[0]
        hits = search_hybrid(index, text, query, 10)
        match = token_matcher(index, fake_embedder, query)
        model = replace(PLAIN, certain=0.5)
        return select_answer(question, hits, match, index.store.source, model=model)

    differing = answer("1731")
    assert {citation.document_id for citation in differing.citations} == {"a.md", "b.md"}
    assert [citation.marker for citation in differing.citations] == [1, 2]
    assert differing.note.startswith("Les sources diffèrent\u00a0: ")
    assert "«\u202f1724\u202f» (Annales)" in differing.note
    assert "«\u202f1731\u202f» (Mémoires)" in differing.note
    assert answer("1724").note == ""


def test_idf_is_that_of_bm25() -> None:
    question = analyse_question("La révolte de Cronstadt", 100, lambda stem: 3)
    assert [(t.form, round(t.weight, 4)) for t in question.terms] == [
        ("revolte", 3.3624),
        ("cronstadt", 3.3624),
    ]


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Comment s'appelait la femme de Lénine ?", ["femme", "lenine"]),
        ("Comment se nommait-il ?", []),
        ("Combien de temps dura la guerre civile ?", ["guerre", "civile"]),
        ("Combien de temps a duré le siège ?", ["siege"]),
        ("Combien de temps passa-t-il à Paris ?", ["passa", "paris"]),
        ("En quelle année la paix vint-elle ?", ["paix", "vint"]),
    ],
)
def test_what_only_says_the_kind_of_answer_is_no_term(question: str, terms: list[str]) -> None:
    found = analyse_question(question, 100, lambda _: 1).terms
    assert [term.form for term in found] == terms


def test_the_demonstration_corpus_answers(demo: Assistant) -> None:
    for question, words in [
        ("Qui a tué Trotsky ?", "Mercader"),
        ("Où Léon Trotsky est-il mort ?", "Mexico"),
        ("Quand le traité de Brest-Litovsk a-t-il été signé ?", "3 mars 1918"),
        ("Quand Staline devint-il secrétaire général ?", "3 avril 1922"),
        ("Combien de personnes s’enfuirent de Cronstadt en Finlande ?", "8 000"),
    ]:
        answer = demo.answer(question)
        assert answer.status == "answered", question
        quotes = " ".join(citation.quote for citation in answer.citations)
        assert words in quotes.replace("\u00a0", " "), (question, quotes)


def test_the_demonstration_corpus_refuses(demo: Assistant) -> None:
    for question in [
        "Quelle est la capitale de l’Australie ?",
        "Comment renouveler un passeport ?",
        "Qui a gagné la Coupe du monde de football en 1998 ?",
        "Bonjour !",
    ]:
        answer = demo.answer(question)
        assert (answer.status, answer.citations, answer.sentences) == ("not_found", (), ())
        assert answer.note


def test_timings_and_hits_are_told(demo: Assistant) -> None:
    answer = demo.answer("Qui a tué Trotsky ?", limit=3)
    assert set(answer.timings) == {"understand", "embed", "search", "answer"}
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]


def test_several_questions_in_one_message_are_answered_in_turn(demo: Assistant) -> None:
    answer = demo.answer("Qui a tué Trotsky ? Et comment renouveler un passeport ?")
    assert answer.status == "answered"
    assert "Mercader" in answer.citations[0].quote
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert "passeport" in answer.note
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5]
    assert len({hit.row for hit in answer.hits}) == 5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"method": "magic"}, "unknown method 'magic'. Choose among hybrid, dense, lexical"),
        ({"caution": "none"}, "unknown caution 'none'. Choose among low, normal, high"),
        ({"limit": 0}, "a limit of 0 passages"),
    ],
)
def test_settings_that_do_not_exist(demo: Assistant, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(QAError, match=words):
        demo.answer("Qui a tué Trotsky ?", **settings)


@pytest.mark.parametrize(
    ("question", "shares"),
    [
        (
            "Où Zina, la fille de Trotsky, est-elle morte ?",
            {"zina": 1, "fille": APPOSITION, "trotsky": APPOSITION, "morte": 1},
        ),
        (
            "Comment est mort Sedov, le fils aîné ?",
            {"sedov": 1, "fils": APPOSITION, "aine": APPOSITION},
        ),
        ("En 1917, la Russie signa-t-elle ?", {"1917": 1, "russie": 1, "signa": VERB}),
        ("Pour Lénine, la paix est-elle utile ?", {"lenine": 1, "paix": 1, "utile": 1}),
        ("Que soutenait Lénine ?", {"soutenait": VERB, "lenine": 1}),
        ("À quoi servait l’Outchraspred ?", {"servait": VERB, "outchraspred": 1}),
        ("Qu’écrivit Trotsky ?", {"ecrivit": VERB, "trotsky": 1}),
    ],
)
def test_what_an_answer_need_not_say_weighs_less(question: str, shares: dict[str, float]) -> None:
    terms = {term.form: term.weight for term in analyse_question(question, 100, lambda _: 1).terms}
    whole = max(terms.values())
    assert {form: terms[form] / whole for form in shares} == pytest.approx(shares)
