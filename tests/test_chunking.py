"""Passages partition their document, keep sentences whole and know their headings."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from qa.chunking import ChunkSettings, split_passages
from qa.french import words
from qa.records import Document, Heading, Passage


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(words(text)) for text in texts]


def document(text: str, *titles: str, title: str = "") -> Document:
    headings = tuple(
        Heading(
            level=1 + name.startswith("Partie"),
            start=text.index(name),
            end=text.index(name) + len(name),
        )
        for name in titles
    )
    return Document("d", title, text, "d.md", headings)


def split(doc: Document, target: int, maximum: int) -> list[Passage]:
    return split_passages(doc, count_words, ChunkSettings(target, maximum))


def test_a_short_document_is_one_passage() -> None:
    text = "Il vint. Il vit.\n\nIl vainquit."
    assert [p.text for p in split(document(text), 20, 30)] == [text]


def test_sentences_stay_whole_and_sizes_are_even() -> None:
    sentence = "Un deux trois quatre. "
    passages = split(document(sentence * 12), 16, 24)
    assert [p.text for p in passages] == [sentence * 4] * 3


def test_a_paragraph_end_is_a_good_place_to_stop() -> None:
    first = "Un deux trois quatre. Cinq six sept huit. Neuf dix onze douze.\n\n"
    second = "Un deux trois quatre. Cinq six sept huit. Neuf dix onze douze."
    assert [p.text for p in split(document(first + second), 14, 20)] == [first, second]


def test_a_sentence_that_is_too_long_is_cut_at_a_semicolon() -> None:
    text = "un deux trois quatre cinq, six sept huit ; neuf dix onze douze treize quatorze quinze."
    passages = split(document(text), 10, 10)
    assert [p.text for p in passages] == [
        "un deux trois quatre cinq, six sept huit ; ",
        "neuf dix onze douze treize quatorze quinze.",
    ]


def test_passages_do_not_cross_headings_and_carry_their_path() -> None:
    text = "Vie\n\nAvant.\n\nPartie une\n\nTexte un.\n\nPartie deux\n\nTexte deux."
    passages = split(document(text, "Vie", "Partie une", "Partie deux", title="Vie"), 50, 60)
    assert [(p.headings, p.text) for p in passages] == [
        ((), "Vie\n\nAvant.\n\n"),
        (("Partie une",), "Partie une\n\nTexte un.\n\n"),
        (("Partie deux",), "Partie deux\n\nTexte deux."),
    ]
    assert passages[1].index_text == "Vie\nPartie une\n\nTexte un."


def test_a_heading_directly_below_another_stays_with_it() -> None:
    text = "Vie\n\nPartie une\n\nTexte."
    passages = split(document(text, "Vie", "Partie une"), 50, 60)
    assert [(p.headings, p.text) for p in passages] == [(("Vie", "Partie une"), text)]


def test_the_index_text_counts_in_the_maximum() -> None:
    title = "un deux trois quatre cinq six"
    text = "Un deux trois quatre. Cinq six sept huit. Neuf dix onze douze. "
    for passage in split(document(text, title=title), 14, 14):
        assert count_words([passage.index_text])[0] <= 14


@given(
    st.text(alphabet="ab .,;!\n\u00a0É", max_size=200),
    st.integers(min_value=1, max_value=8),
)
def test_passages_are_a_partition(text: str, target: int) -> None:
    passages = split(document(text), target, target + 2)
    assert "".join(p.text for p in passages) == text
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert all(p.start < p.end for p in passages)


def test_a_text_without_a_sentence_end_is_cut_without_counting_it_whole() -> None:
    longest = 0

    def count(texts: Sequence[str]) -> list[int]:
        nonlocal longest
        longest = max(longest, *map(len, texts))
        return count_words(texts)

    text = "mot " * 100_000 + "x" * 30_000
    passages = split_passages(document(text), count, ChunkSettings(40, 60))
    assert "".join(passage.text for passage in passages) == text
    assert longest <= 8_000
    assert max(len(passage.text) for passage in passages) <= 8_000
    assert all(passage.text.endswith(" ") for passage in passages[:1000])


def test_a_long_section_is_cut_where_a_line_ends() -> None:
    text = "\n\n".join(["Un deux trois quatre."] * 30_000)
    passages = split(document(text), 40, 60)
    assert "".join(passage.text for passage in passages) == text
    assert all(passage.text.startswith("Un deux") for passage in passages)


def test_what_leads_in_a_list_stays_with_its_first_items() -> None:
    text = "Un deux trois quatre cinq six.\n\nHeures de l’atelier :\n- lundi neuf heures\n- mardi"
    for passage in split(document(text), 8, 14):
        assert not passage.text.rstrip().endswith(":")


def test_a_number_is_not_cut_from_its_unit() -> None:
    text = "un deux trois quatre cinq six sept huit 410 000 € dix onze douze treize quatorze"
    assert any("410 000 €" in passage.text for passage in split(document(text), 9, 10))
