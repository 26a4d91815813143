"""What is read, which sentence is quoted, how it is cited, when the answer is a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import FakeEmbedder, FakeReader
from qa.answering import AnsweringModel, Selection, select_answer
from qa.answering.quoting import Quote, choose_quotes, differing
from qa.answering.reader import LONGEST_ANSWER, PassageReading, read_passage, span_scores
from qa.answering.refusal import question_signals
from qa.answering.selection import PASSAGES, read_hits
from qa.assistant import Assistant
from qa.conversation import Context, FollowUps
from qa.encoder import Encoded, Pieces
from qa.index import Index, open_index, update_index
from qa.question import make_question
from qa.records import Hit, Passage, QAError, Turn
from qa.search import search_hybrid

PLAIN = AnsweringModel({"best": 1.0}, {"low": 0.2, "normal": 0.5, "high": 0.9}, {})

FILES = {
    "trotsky.md": (
        "# Trotsky\n\nTrotsky naît à Ianovka en 1879. Il étudie à Odessa.\n\n## Exil\n\n"
        "Trotsky arrive à Prinkipo en 1929. Il y écrit son autobiographie.\n\n"
        "## Références\n\n- Trotsky, Ma vie, Gallimard, 1929, où il dit être né à Ianovka.\n"
    ),
    "lenine.md": "# Lénine\n\nLénine naît à Simbirsk en 1870. Gorki le voit mourir en 1924.\n",
    "biographie.txt": "Lénine naît à Simbirsk en avril 1871, dit ce livre.\n",
}


@pytest.fixture
def index(write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder) -> Index:
    corpus = write_corpus(FILES)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    return open_index(corpus.parent / "index")


@pytest.fixture
def ask(index: Index, fake_embedder: FakeEmbedder) -> Callable[..., Selection]:
    def select(text: str, answers: Mapping[str, float]) -> Selection:
        query = make_question(text, fake_embedder)
        selection = select_answer(
            query,
            search_hybrid(index, query, 10),
            FakeReader(answers),  # type: ignore[arg-type]
            index.store,
            PLAIN,
        )
        for citation in selection.citations:
            document = index.document(citation.document_id).text
            assert document[citation.start : citation.end] == citation.quote
        return selection

    return select


def reading(text: str, answers: Mapping[str, float], document: str = "a", row: int = 0) -> Any:
    passage = Passage(document, "", (), 0, len(text), text)
    return FakeReader(answers).read("?", [Hit(passage, 1, 1.0, 1.0, 1.0, row)])[0]


def quotes(text: str, answers: Mapping[str, float]) -> list[str]:
    return [quote.text for quote in choose_quotes([reading(text, answers)])]


def test_the_sentence_that_answers_is_quoted_and_its_answer_marked(
    ask: Callable[..., Selection],
) -> None:
    selection = ask("Où naît Trotsky ?", {"Ianovka": 6})
    assert [citation.quote for citation in selection.citations] == [
        "Trotsky naît à Ianovka en 1879."
    ]
    (cited,) = selection.citations
    assert (cited.marker, cited.document_id, cited.title) == (1, "trotsky.md", "Trotsky")
    ((start, end),) = cited.emphasis
    assert cited.quote[start - cited.start : end - cited.start] == "Ianovka"
    assert selection.confidence == pytest.approx(1 / (1 + np.exp(-6)), abs=0.01)


def test_nothing_found_is_no_confidence(ask: Callable[..., Selection]) -> None:
    assert ask("Où naît Trotsky ?", {}).confidence < 1e-4


def test_a_sentence_that_opens_with_a_pronoun_brings_the_one_before(
    ask: Callable[..., Selection],
) -> None:
    (cited,) = ask("Qu’écrit Trotsky à Prinkipo ?", {"son autobiographie": 6}).citations
    assert cited.quote == "Trotsky arrive à Prinkipo en 1929. Il y écrit son autobiographie."


def test_titles_and_references_are_not_answers(ask: Callable[..., Selection]) -> None:
    found = ask("Qui naît à Ianovka ?", {"Trotsky": 6}).citations
    assert found and not any(c.quote.startswith(("#", "Trotsky, Ma vie")) for c in found)
    assert all("Références" not in cited.headings for cited in found)


def test_sources_that_differ_are_both_quoted_and_it_is_said(
    ask: Callable[..., Selection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.answering.selection._PRIOR", 0.0)
    selection = ask("Quand naît Lénine ?", {"1870": 3.5, "avril 1871": 3})
    assert [cited.document_id for cited in selection.citations] == ["lenine.md", "biographie.txt"]
    assert selection.note == (
        "Les sources diffèrent\u00a0: «\u202f1870\u202f» (Lénine), "
        "«\u202favril 1871\u202f» (Biographie)."
    )


def test_sources_in_one_document_do_not_differ() -> None:
    text = "Prix : 37035 euros. Frais : 4115 euros."
    assert differing(choose_quotes([reading(text, {"37035": 6, "4115": 5.5})])) is None
    one, same = (
        choose_quotes([reading(f"Signé {date}, dit-on.", {date: 6}, document, row)])[0]
        for row, (document, date) in enumerate((("a", "le 3 mars 1918"), ("b", "mars 1918")))
    )
    assert differing([one, same]) is None
    other, unsure = (
        choose_quotes([reading("Signé en 1920.", {"1920": odds}, "c", 3)])[0] for odds in (5, 3)
    )
    assert differing([one, other]) == (one, other)
    assert differing([one, unsure]) is None  # it is quoted, and need not answer


@pytest.mark.parametrize(
    ("text", "answer", "quote"),
    [
        # A bullet is no part of a quote.
        ("Congés\n• Ouvriers : 3 semaines\n• Cadres : 2 mois\n", "2 mois", "Cadres : 2 mois"),
        # A line that announces a list brings it; the list ends where items end.
        (
            "Matériel à apporter :\n- une tente\n- un duvet\nLe départ est à 8 h.\n",
            "Matériel à apporter",
            "Matériel à apporter :\n- une tente\n- un duvet",
        ),
        # So does a title, and a question brings its answer; an item brings no other.
        (
            "1.2 Préavis\n• Ouvriers : 3 jours\n• Cadres : 2 mois\n",
            "Préavis",
            "1.2 Préavis\n• Ouvriers : 3 jours\n• Cadres : 2 mois",
        ),
        (
            "Q : Où payer ?\nR : À l’accueil.\nMerci.\n",
            "Où payer",
            "Q : Où payer ?\nR : À l’accueil.",
        ),
        ("Prix\n- adulte : 3 €\n- enfant : 1 €\n", "3 €", "adulte : 3 €"),
        # An answer over several lines is quoted whole.
        ("Étapes\n1. Couper.\n2. Ouvrir.\nFin.\n", "Couper.\n2. Ouvrir", "1. Couper.\n2. Ouvrir."),
        # A sentence before in another paragraph explains nothing.
        ("Titre.\n\nIl vint.\n", "vint", "Il vint."),
    ],
)
def test_quotes_of_lists_and_rows(text: str, answer: str, quote: str) -> None:
    assert quotes(text, {answer: 6}) == [quote]


def test_other_quotes_say_something_else_and_may_well_answer() -> None:
    text = "Anna est là. Luc est venu. Puis Zoé est venue. Bob dort."
    assert quotes(text, {"Anna": 6, "Luc": 1.5, "Zoé": 0.5}) == ["Anna est là.", "Luc est venu."]
    names = [f"Nom{letter}" for letter in "abcdef"]
    many = "".join(f"Vint {name}. " for name in names)
    assert len(quotes(many, {"Noma": 6, "Nomb": 5, "Nomc": 3})) == 2  # a third must be nearer
    assert len(quotes(many, dict.fromkeys(names, 6.0))) == 3


def test_a_short_answer_in_a_row_ends_with_its_cell() -> None:
    row = "Or (formule) — prix\u00a0: 39\u202f; stockage\u00a0: 400\nArgent (formule)"
    (quote,) = choose_quotes([reading(row, {"39\u202f; stockage\u00a0: 400\nArgent": 6})])
    assert (quote.answer, quote.text) == ("39", row.split("\n", maxsplit=1)[0])


def test_a_short_answer_is_of_whole_words() -> None:
    text = "Le code est Tilleul77."
    hit = Hit(Passage("a", "", (), 0, len(text), text), 1, 1.0, 1.0, 1.0, 0)
    spans = ((0, 2), (3, 7), (8, 11), (12, 16), (16, 19), (19, 21), (21, 22))
    marks = np.full((len(spans), 3), -9, np.float32)
    marks[4] = 9  # « eul », in the middle of the word
    encoded = Encoded(np.zeros(2, np.float32), marks, marks, np.zeros(3, np.float32))
    (quote,) = choose_quotes([read_passage(hit, Pieces((), range(7), spans), encoded)])
    assert quote.answer == "Tilleul77"


def test_a_long_answer_is_not_emphasised() -> None:
    sentence = "Parce que la route était coupée par la neige."
    (whole,) = choose_quotes([reading(sentence, {sentence[:-1]: 6})])
    assert whole.emphasis is None
    assert whole.answer == ""


def test_spans_go_forwards_and_are_not_too_long() -> None:
    marks = np.zeros((LONGEST_ANSWER + 5, 3), np.float32)
    marks[2, 0], marks[4, 1], marks[1, 1] = 3, 4, 50
    scores = span_scores(marks, np.array([0.5, 0.25, 9], np.float32))
    assert scores[2, 4] == pytest.approx(3 + 4 - 0.75)
    assert scores[2, 1] == -np.inf
    assert np.isfinite(scores[0, LONGEST_ANSWER - 1])
    assert scores[0, LONGEST_ANSWER] == -np.inf


def test_passages_that_search_ranks_later_count_for_less(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    passage = index.passages([0])[0]
    hits = [Hit(passage, rank, 1 - rank / 20, 1.0, 1.0, rank) for rank in range(1, 10)]
    reader: Any = FakeReader({passage.text.split()[-1]: 8.0})
    found = read_hits(make_question("Où ?", fake_embedder), hits, reader)
    assert [one.hit.rank for one in found] == list(range(1, PASSAGES + 1))
    lower = found[0].score - found[2].score
    assert lower == pytest.approx(20 * 2 / 20, abs=1e-4)
    assert found[0].sentences[0].score - found[2].sentences[0].score == pytest.approx(lower)


def test_signals_are_those_of_the_best_passage() -> None:
    ranked = [reading("Vu à Paris.", {"Paris": odds}) for odds in (9.0, 2.0)]
    assert question_signals(ranked).best == pytest.approx(9, abs=0.01)
    assert question_signals([reading("Vu.", {"Vu": 90.0})]).best == 12
    assert question_signals([]).best == -12


def test_a_quote_is_a_part_of_its_passage() -> None:
    found: list[Quote] = choose_quotes([reading("Un. Deux. Trois.", {"Deux": 6})])
    assert [(quote.start, quote.end) for quote in found] == [(4, 9)]


def test_a_refusal_keeps_what_it_would_have_said(index: Index, fake_embedder: FakeEmbedder) -> None:
    reader: Any = FakeReader({"Ianovka": 1.0})  # a probability of 0.73
    assistant = Assistant(index, fake_embedder, reader, PLAIN)
    given = assistant.answer("Où naît Trotsky ?")
    held = assistant.answer("Où naît Trotsky ?", caution="high")
    assert (given.status, given.withheld) == ("answered", ())
    assert (held.status, held.citations) == ("not_found", ())
    assert held.withheld == given.citations
    assert held.confidence == given.confidence
    assert held.note.startswith("Je ne trouve pas de réponse à cette question dans les documents.")


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
        told = " ".join(citation.quote for citation in answer.citations)
        assert words in told.replace("\u00a0", " "), (question, told)


def test_the_demonstration_corpus_refuses(demo: Assistant) -> None:
    for question in [
        "Quelle est la capitale de l’Australie ?",
        "Comment renouveler un passeport ?",
        "Qui a gagné la Coupe du monde de football en 1998 ?",
    ]:
        answer = demo.answer(question)
        assert (answer.status, answer.citations) == ("not_found", ())
        assert answer.note
    greeting = demo.answer("Bonjour !")
    assert (greeting.status, greeting.citations, greeting.hits) == ("courtesy", (), ())


def test_timings_and_hits_are_told(demo: Assistant) -> None:
    answer = demo.answer("Qui a tué Trotsky ?", limit=3)
    assert set(answer.timings) == {"understand", "search", "answer"}
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]


def test_several_questions_in_one_message_are_answered_in_turn(demo: Assistant) -> None:
    answer = demo.answer("Qui a tué Trotsky ? Et quelle est la capitale de l’Australie ?")
    assert answer.status == "answered"
    assert "Mercader" in answer.citations[0].quote
    assert [c.marker for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert "Australie" in answer.note
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5]
    assert len({hit.row for hit in answer.hits}) == 5


def test_a_reader_may_choose_what_is_taken_from_before(demo: Assistant) -> None:
    before = Turn("Qui était Lénine ?", demo.answer("Qui était Lénine ?"))
    chosen = demo.answer("Où est-il mort ?", (before,), context=("Trotsky",))
    assert (chosen.context, chosen.question) == (("Trotsky",), "Où est-il mort ?")
    assert chosen.standalone_question == "Où est-il mort ? (Trotsky)"
    assert "Lénine" in " ".join(chosen.offered)
    # What a question says itself is not said twice; each of several takes what it lacks.
    alone = demo.answer("Où est mort Trotsky ?", (before,), context=("Trotsky",))
    assert (alone.context, alone.standalone_question) == ((), "Où est mort Trotsky ?")
    both = demo.answer("Où est mort Trotsky ? Et où est-il né ?", (), context=("Trotsky",))
    assert both.standalone_question == "Où est mort Trotsky ? Et où est-il né ? (Trotsky)"
    assert both.context == ("Trotsky",) and "Trotsky" not in both.offered


class TakesTooMuch(FollowUps):
    """Takes the same phrases for every message that comes after another."""

    def __init__(self, *taken: str):
        self.taken = taken

    def context(self, message: str, turns: Sequence[Turn]) -> Context:
        return Context(self.taken) if turns else Context()


class AnswersWithout(FakeReader):
    """Is sure of Ianovka, but for a question with one of some words."""

    def __init__(self, *words: str):
        super().__init__({"Ianovka": 4.0})
        self.words = words

    def read(self, question: str, hits: Sequence[Hit]) -> list[PassageReading]:
        self.answers = {"Ianovka": -9.0 if any(w in question for w in self.words) else 4.0}
        return super().read(question, hits)


@pytest.mark.parametrize(
    ("taken", "hinders", "chosen", "understood", "offered", "status"),
    [
        # Answered with all that is taken: nothing is left out.
        (["Trotsky", "Kahlo"], [], None, ["Trotsky", "Kahlo"], [], "answered"),
        # One phrase too many: it is left out, and offered.
        (["Trotsky", "Kahlo"], ["Kahlo"], None, ["Trotsky"], ["Kahlo"], "answered"),
        (["Kahlo", "Trotsky"], ["Kahlo"], None, ["Trotsky"], ["Kahlo"], "answered"),
        # No phrase is too many; there is but one; the reader chose them.
        (["Trotsky", "Kahlo"], ["naît"], None, ["Trotsky", "Kahlo"], [], "not_found"),
        (["Kahlo"], ["Kahlo"], None, ["Kahlo"], [], "not_found"),
        (["Trotsky"], ["Kahlo"], ["Trotsky", "Kahlo"], ["Trotsky", "Kahlo"], [], "not_found"),
    ],
)
def test_a_follow_up_that_took_a_phrase_too_many_is_asked_without(
    index: Index,
    fake_embedder: FakeEmbedder,
    taken: list[str],
    hinders: list[str],
    chosen: list[str] | None,
    understood: list[str],
    offered: list[str],
    status: str,
) -> None:
    reader: Any = AnswersWithout(*hinders)
    follow_ups = TakesTooMuch(*taken)
    assistant = Assistant(index, fake_embedder, reader, PLAIN, follow_ups)
    before = Turn("Qui était-il ?", assistant.answer("Qui était-il ?"))
    answer = assistant.answer("Où naît-il ?", (before,), context=chosen)
    assert (list(answer.context), answer.status) == (understood, status)
    assert list(answer.offered) == offered
    assert answer.standalone_question == f"Où naît-il ? ({', '.join(understood)})"
    assert set(answer.timings) == {"understand", "search", "answer"}


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
