"""Every cleaning rule, with what it mends and what it must leave alone."""

from __future__ import annotations

import time

import pytest

from qa.reading import boilerplate, cleaning, lines
from qa.reading.encoding import mend_mojibake
from qa.reading.headings import is_section_title
from qa.reading.plain import readable_name, split_blocks


def shown(text: str) -> str:
    return "\n\n".join(block.text for block in split_blocks(text))


@pytest.mark.parametrize(
    ("found", "cleaned"),
    [
        ("la ﬁn de l’oﬃce", "la fin de l’office"),
        ("cœur et ex æquo", "cœur et ex æquo"),
        ("révo\u00adlu\u00adtion", "révolution"),
        ("révo\u00ad\nlution", "révolution"),
        ("\ufeffzéro\u200bla\u2060rgeur", "zérolargeur"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("a\x00b\x07c", "abc"),
        ("l\x92\x9cuvre", "l’œuvre"),
        ("e\u0301te\u0301", "été"),
        ("un   deux\u00a0 trois", "un deux trois"),
        ("« mot »\u00a0; fin\u00a0!", "« mot »\u00a0; fin\u00a0!"),
        ("fin\u202f?", "fin\u202f?"),
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("page un\fpage deux", "page un\n\npage deux"),
        ("l&#39;&eacute;t&eacute;&nbsp;&amp; co", "l'été\u00a0& co"),
        ("AT&T et R&D; a&b", "AT&T et R&D; a&b"),
        ("\ud800seul", "\ufffdseul"),
        ("Parti\tVoix\nSFIO\t12", "Parti | Voix\nSFIO | 12"),
        ("un mot\tseul", "un mot seul"),
        ("fin de ligne  \n  début", "fin de ligne\ndébut"),
    ],
)
def test_characters(found: str, cleaned: str) -> None:
    assert cleaning.clean_characters(found) == cleaned


@pytest.mark.parametrize(
    ("found", "mended"),
    [
        ("la guerre ., puis la paix", "la guerre, puis la paix"),
        ("la guerre ., La paix", "la guerre. La paix"),
        ("la guerre., puis la paix", "la guerre, puis la paix"),
        ("Il vit Staline., Il partit", "Il vit Staline. Il partit"),
        ("en 1917., il revint", "en 1917, il revint"),
        ("fin ;. Le soir", "fin. Le soir"),
        ("a,, b", "a, b"),
        ("fin.. Le soir", "fin. Le soir"),
        ("un mot , un autre .", "un mot, un autre."),
        ("C’est la fin.Le soir", "C’est la fin. Le soir"),
        ("Il vint.Elle partit", "Il vint. Elle partit"),
        ("il faut lire.Staline partit", "il faut lire. Staline partit"),
    ],
)
def test_punctuation_is_mended(found: str, mended: str) -> None:
    assert cleaning.mend_punctuation(found) == mended


@pytest.mark.parametrize(
    "text",
    [
        "des livres, etc., puis rien",
        "en 44 av. J.-C., à Rome",
        "p. 12, et chap., suiv., éd., trad., vol.",
        "M. Dupont, Jr., vint",
        "suite... et fin…",
        "rien ... puis",
        "le 1., puis",
        "a,,b,,c",
        "l’U.R.S.S.Il et la S.F.I.O.",
        "www.exemple.Com et voir exemple.fr/Le",
        "System.Text.Json et Node.Js",
        "lettre à jean@exemple.Fr",
        ".NET et .htaccess",
        "mot\u00a0; mot\u00a0: mot\u00a0! mot\u00a0?",
        "3,14 et 1.000",
        "cf. op. cit., p. 4",
        "../dossier",
    ],
)
def test_legitimate_punctuation_stays(text: str) -> None:
    assert cleaning.mend_punctuation(text) == text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("révolu", "tion"), ("cita", "tion"), ("natio", "nal"), ("mer", "ci"), ("nouvel", "le"),
        ("prin", "ce"), ("va", "leur"), ("mili", "taire"), ("par", "tie"), ("contre", "dire"),
        ("sous", "crire"), ("au", "tomne"), ("moy", "en"), ("voi", "là"), ("RÉVOLU", "TION"),
    ],
)  # fmt: skip
def test_cut_word_is_joined(left: str, right: str) -> None:
    assert not lines.keeps_hyphen(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("celui", "ci"), ("peut", "être"), ("grand", "mère"), ("Saint", "Pétersbourg"),
        ("1917", "1918"), ("est", "il"), ("contre", "révolution"), ("social", "démocrate"),
        ("c’est-à", "dire"), ("c’est", "à-dire"), ("va", "t-il"), ("va-t", "il"), ("dis", "je"),
        ("l’avant", "garde"), ("vingt", "deux"), ("lui", "même"), ("au", "delà"), ("là", "bas"),
        ("rendez", "vous"), ("demi", "tour"), ("chef", "d’œuvre"), ("Marie", "Louise"),
    ],
)  # fmt: skip
def test_compound_keeps_its_hyphen(left: str, right: str) -> None:
    assert lines.keeps_hyphen(left, right)


def test_the_rest_of_the_document_decides_on_a_cut_word() -> None:
    assert shown("Un porte-\nmanteau de bois.\n\nLe porte-manteau.").startswith("Un porte-manteau")
    assert shown("Un porte-\nmanteau de bois.\n\nLe portemanteau.").startswith("Un portemanteau")


WRAPPED = """La révolution de 1905 commença un dimanche de janvier, quand la troupe
tira sur une foule qui portait une pétition au tsar. Les grèves gagnèrent
Moscou et Varsovie. En octobre, un soviet se forma dans la capitale, et
Trotsky en devint bientôt le président."""


def test_wrapped_paragraph_becomes_one_line() -> None:
    assert shown(WRAPPED) == WRAPPED.replace("\n", " ")


def test_a_table_of_a_text_is_read_with_its_heads() -> None:
    assert shown("Parti | Voix\nBolcheviks | 24\nMencheviks | 16") == (
        "Bolcheviks (Parti) — Voix\u00a0: 24\nMencheviks (Parti) — Voix\u00a0: 16"
    )


def test_two_broken_lines_are_joined() -> None:
    assert shown("Le traité fut signé à Brest-\nLitovsk, et la Russie\nquitta la guerre.") == (
        "Le traité fut signé à Brest-Litovsk, et la Russie quitta la guerre."
    )


@pytest.mark.parametrize(
    "text",
    [
        # verses
        "Ô saisons, ô châteaux,\nQuelle âme est sans défauts ?\nJ’ai fait la magique étude",
        # one sentence a line
        "Lénine arriva en avril.\nIl parla à la gare devant une foule.\nTrotsky revint en mai.",
        # items of an administrative page
        "être âgé de 18 ans ;\nrésider en France depuis plus de cinq ans ;\nparler le français.",
        # lists and dialogue
        "- du pain\n- la paix\n- la terre",
        "1. du pain\n2. la paix",
        "— Qui est là ?\n— Un ami.",
        # names
        "Grigori Zinoviev\nLev Kamenev\nNikolaï Boukharine",
        "carte d’identité\npasseport\npermis de conduire",
        # a table without heads
        "Lénine | Ilitch\nTrotsky | Bronstein",
    ],
)  # fmt: skip
def test_meant_line_breaks_stay(text: str) -> None:
    assert shown(text) == text


def test_a_list_item_that_was_wrapped_is_one_line() -> None:
    text = (
        "- la réélection immédiate des soviets au scrutin secret, après une\n"
        "  campagne libre dans les usines et dans les casernes de la ville\n"
        "- la liberté de la presse"
    )
    assert shown(text).split("\n") == [
        "- la réélection immédiate des soviets au scrutin secret, après une campagne libre dans "
        "les usines et dans les casernes de la ville",
        "- la liberté de la presse",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Author: admin",
        "Publié par admin le 12 mars 2012",
        "Publié le 8 mars 2014 | Author: admin | Russie | 2 commentaires",
        "Laisser un commentaire",
        "Laisser un commentaire Annuler la réponse",
        "Votre adresse e-mail ne sera pas publiée. ",
        "Votre adresse de messagerie ne sera pas publiée.",
        "Les champs obligatoires sont indiqués avec *",
        "Annuler la réponse",
        "Partager :",
        "Partager sur Facebook",
        "Cliquez pour partager sur Twitter(ouvre dans une nouvelle fenêtre)",
        "Imprimer",
        "Publié dans Russie Étiquettes : 1921, marins",
        "Lire aussi : La mort de Trotsky",
        "Articles similaires",
        "J’aime ça : chargement…",
        "Navigation de l’article",
        "Article précédent",
        "Article suivant",
        "© 2014 Carnets. Tous droits réservés.",
        "S’abonner à la newsletter",
        "Retour en haut",
        "Nous utilisons des cookies pour améliorer votre expérience.",
    ],
)
def test_boilerplate_line_of_a_page(line: str) -> None:
    assert boilerplate.is_boilerplate_line(line)
    assert boilerplate.page_lines(["Lénine est mort.", "", line, "Staline lui succéda."]) == {2}


@pytest.mark.parametrize(
    "line",
    [
        "Il lui demanda de laisser un commentaire sur le manuscrit.",
        "Auteur : Pierre Broué",
        "Les étiquettes : un classement commode.",
        "Publié par Gallimard en 1973",
        "Publié par l’administration des soviets le 12 mars 1920",
        "Partager les terres entre les paysans",
        "Partager : un programme agraire",
        "Imprimer clandestinement coûtait cher.",
        "Imprimer le journal à l’étranger",
        "Il faut lire aussi : rien n’est plus sûr.",
        "L’article précédent traitait de 1905.",
        "Il s’abonna à la lettre de Boris Souvarine.",
        "Tous les droits réservés à la noblesse furent abolis.",
        "Les cookies sont de petits fichiers.",
        "Le soviet imprime 2 commentaires de Lénine.",
        "Retour en haut lieu de la révolution",
    ],
)
def test_prose_that_resembles_boilerplate_stays(line: str) -> None:
    assert boilerplate.page_lines(["Une phrase.", line, "Une autre."]) == set()


def test_form_fields_go_only_beside_boilerplate() -> None:
    form = ["Fin du texte.", "Laisser un commentaire", "Commentaire *", "Nom *", "Site web"]
    assert boilerplate.page_lines(form) == {1, 2, 3, 4}
    assert boilerplate.page_lines(["Voici son site.", "Site web", "Nom"]) == set()


FORM = (
    "Laisser un commentaire Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont "
    "indiqués avec * Commentaire * Nom * E-mail * Site web Enregistrer mon nom, mon e-mail et mon "
    "site dans le navigateur pour mon prochain commentaire."
)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (f"Il mourut à Coyoacán. {FORM}", "Il mourut à Coyoacán."),
        (f"Œuvres, tome III {FORM}", "Œuvres, tome III"),
        (f"Début. {FORM} La suite vient.", "Début. La suite vient."),
        ("Author: admin Trotsky est né en 1879.", "Trotsky est né en 1879."),
        ("Publié par admin le 12 mars 2012 Il est né.", "Il est né."),
        (
            "Fin. Partager sur Facebook Cliquez pour partager sur Twitter(ouvre dans une nouvelle "
            "fenêtre) Imprimer J’aime chargement… Articles similaires",
            "Fin.",
        ),
        ("Nous utilisons des cookies pour vous servir. Il naquit.", "Il naquit."),
        ("Lénine meurt. Laisser un commentaire", "Lénine meurt."),
    ],
)
def test_boilerplate_run_is_cut_out_of_a_long_line(found: str, kept: str) -> None:
    assert boilerplate.cut_runs(found)[0] == kept


@pytest.mark.parametrize(
    "text",
    [
        "Il lui demanda de laisser un commentaire sur le manuscrit.",
        "La phrase « Votre adresse e-mail ne sera pas publiée » figure au bas des pages.",
        "On lit que nous utilisons des cookies pour mesurer l’audience.",
        "Il écrit. Laisser un commentaire sur un mur était puni.",
        "Le site utilise Nom et Commentaire comme champs.",
        "La guerre finit. Imprimer devint possible.",
    ],
)
def test_long_line_of_prose_is_left_alone(text: str) -> None:
    assert boilerplate.cut_runs(text)[0] == text


@pytest.mark.parametrize("line", ["*****", "-----", "=====", "* * *", "– 12 –", "Page 3 sur 10"])
def test_decoration_and_page_numbers_go(line: str) -> None:
    assert shown(f"Une phrase.\n\n{line}\n\nUne autre.") == "Une phrase.\n\nUne autre."


@pytest.mark.parametrize(
    "line", ["12", "1917", "...", "— 12 roubles —", "Page 3 du rapport", "A-B-C"]
)
def test_numbers_and_short_lines_stay(line: str) -> None:
    assert shown(f"Une phrase.\n\n{line}\n\nUne autre.") == f"Une phrase.\n\n{line}\n\nUne autre."


def test_a_sentence_cut_by_a_page_number_is_mended() -> None:
    assert shown("Il revint à\n\n– 12 –\n\nPetrograd.") == "Il revint à\n\nPetrograd."
    assert shown("Il revint dans\n\n– 12 –\n\nla capitale.") == "Il revint dans la capitale."
    assert shown("Il revint dans\n\n12\n\nla capitale.") == "Il revint dans la capitale."


@pytest.mark.parametrize(
    "line",
    ["Les origines", "I. La jeunesse", "2.1 La méthode", "1905", "IV - La guerre", "À l’étranger"],
)
def test_section_title(line: str) -> None:
    assert is_section_title(line)


@pytest.mark.parametrize(
    "line",
    [
        "Il partit.", "les origines", "Pourquoi ?", "— Les origines", "- Les origines", "12",
        "Paris, le 3 mars 1918", "Nom | Prénom", "Les origines,", "x" * 81,
    ],
)  # fmt: skip
def test_no_section_title(line: str) -> None:
    assert not is_section_title(line)


def test_verses_set_apart_are_no_titles() -> None:
    verses = "Ô saisons\n\nÔ châteaux\n\nQuelle âme\n\nEst sans défauts\n\nEt il se tut longuement."
    assert [block.level for block in split_blocks(verses)] == [0, 0, 0, 0, 0]


def test_mojibake_is_mended_only_when_clear() -> None:
    assert mend_mojibake("la rÃ©volution dâ€™Octobre Ã  Petrograd") == (
        "la révolution d’Octobre à Petrograd"
    )
    assert mend_mojibake("« é » s’écrit parfois « Ã© »") == "« é » s’écrit parfois « Ã© »"
    assert mend_mojibake("SÃO PAULO") == "SÃO PAULO"


def test_readable_name() -> None:
    assert readable_name("notes/la_révolution-russe.txt") == "La révolution russe"
    assert readable_name("1917-1918.txt") == "1917-1918"


@pytest.mark.parametrize(
    "text",
    [
        "a-" * 500_000, " " * 1_000_000, "a" + " " * 1_000_000 + "b", "\n" * 1_000_000,
        "." * 1_000_000, ", " * 500_000, "&" * 1_000_000, "\u00a0" * 1_000_000, "- " * 500_000,
        "Laisser un commentaire " * 40_000 + "x", "a-\n" * 100_000, "=" * 1_000_000,
        "TITRE\n\n" * 70_000, "I\n\n" * 100_000,
    ],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_no_input_takes_more_than_linear_time(text: str) -> None:
    start = time.process_time()
    split_blocks(text)
    # About 0.3 s; a quadratic expression would take hours.
    assert time.process_time() - start < 10


def test_a_blank_on_the_wrong_side_of_a_mark_is_moved() -> None:
    mend = cleaning.mend_punctuation
    assert mend("Il vit à Prinkipo .Il y écrit.") == "Il vit à Prinkipo. Il y écrit."
    assert mend("le parti ,puis l’État") == "le parti, puis l’État"
    assert mend("la plateforme .Net et .NET") == "la plateforme .Net et .NET"


def test_a_byline_and_a_count_of_comments_go_with_their_run() -> None:
    def cut(text: str) -> str:
        return boilerplate.cut_runs(text)[0]

    byline = "Author: admin | Publié le 3 mai 2012"
    assert cut(f"{byline} Trotsky fut exilé.") == "Trotsky fut exilé."
    assert cut("Il part. 3 commentaires Laisser un commentaire Nom *") == "Il part."
    prose = "Il écrivit 3 commentaires sur Kant."
    assert cut(prose) == prose
