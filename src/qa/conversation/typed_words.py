"""A question as a row of what was typed: words, elided articles, inverted pronouns, punctuation.

Hyphens and apostrophes that were not typed are put back, because the rules read them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from qa.french import STOP_WORDS, fold

SUBJECT_PRONOUNS = frozenset({"il", "elle", "ils", "elles"})
INVERTED = frozenset({"-il", "-elle", "-ils", "-elles"})
WHICH = frozenset("quel quelle quels quelles".split())
QUESTION_WORDS = WHICH | frozenset(
    """
    qui que qu' quoi ou quand comment pourquoi combien lequel laquelle lesquels lesquelles
    """.split()
)
PREPOSITIONS = frozenset(
    """
    a de d' en dans par pour avec sans sur sous depuis jusqu' jusqu vers chez contre entre apres
    avant pendant durant lors selon malgre parmi devant derriere hors
    """.split()
)
CONJUNCTIONS = frozenset("et ou mais donc car ni puis si s' lorsque lorsqu' quand que qu'".split())
AUXILIARIES = frozenset(
    """
    a ai as ont avait avaient eut eurent aura auront aurait est sont etait etaient fut furent sera
    seront serait ete eu
    """.split()
)
VERB_FORMS = AUXILIARIES | frozenset(
    """
    fit fait font faisait firent prit mit dit vit vint tint devint obtint parvint survint perdit
    rendit naquit mourut vecut ecrivit lut voulut put dut sut recut connut parut disparut courut
    crut eut vaut doit peut veut sait va vont vient tient prend met rend perd sert sort part meurt
    nait ecrit connait devient revient permet contient obtient comprend apprend appelle coute dure
    compte habite occupe mesure signifie existe trouve situe commence finit succede fonde dirige
    gouverne joue porte regne remporte gagne faut suffit reste passe arrive prirent mirent dirent
    virent furent eurent peuvent doivent veulent savent prennent mettent deviennent viennent
    tiennent vivent meurent naissent ecrivent tomba entra gagna signa fonda dirigea commanda tua
    mena regna remporta succeda commenca dura provoqua declencha quitta rencontra epousa occupa
    decida ordonna arriva passa mourait naissait permit celebra fonctionne marche touche concerne
    produit appartient depasse preoccupe debouche applique conduit construit detruit remplace
    represente dois puis peux faudrait coutent touchent entraina causa designa proclama adopta
    attaqua
    """.split()
)
NOT_VERBS = frozenset(
    """
    fait portrait trait lait attrait retrait extrait souhait bienfait
    """.split()
)

_PRONOUN = r"(?:ils|il|elles|elle|on|je|tu|nous|vous|ce)\b"
_TYPED = re.compile(
    rf"""rendez-vous|aujourd['’]hui|quelqu['’]une?|là-(?:dessus|bas)
    |\b(?:[cdjlmnst]|qu|lorsqu|puisqu|jusqu|quoiqu)['’]
    |-(?:t[-'’])?{_PRONOUN}
    |\w+(?:-(?!(?:t[-'’])?{_PRONOUN})\w+)*
    |\S""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A piece of a question: as typed, folded ("-t-il" folds to "-il"), and spaced or not."""

    text: str
    form: str
    spaced: bool

    @property
    def is_word(self) -> bool:
        """Whether this is neither punctuation nor an inverted pronoun."""
        return self.text[0].isalnum()

    @property
    def is_capital(self) -> bool:
        """Whether it is written as a name is."""
        return self.text[0].isupper()

    @property
    def is_content(self) -> bool:
        """Whether it is a word that carries more than grammar."""
        return self.is_word and self.form not in STOP_WORDS and not self.form.endswith("'")


# What was not typed is put back: « a t il », « qui l a tué », « c payant ».
_SPELLED = (
    (re.compile(r"(?<=\w)[ '’-]t[ '’-](?=(?:ils?|elles?|on)\b)", re.IGNORECASE), "-t-"),
    (re.compile(r"\b([ldsnLD]|[Qq]u|[Cc](?= (?:est|[eé]tait)\b)) (?=[aeiouyhàâéèêîôû])"), r"\1'"),
    (re.compile(r"^((?:\w+ )?[Cc]) (?=[a-z])"), r"\1'est "),
    (re.compile(r"(^|['’])(est|[ée]tait) ce\b(?! [mstd]on\b)", re.IGNORECASE), r"\1\2-ce"),
)
_CHAT = {
    "pk": "pourquoi", "pq": "pourquoi", "pkoi": "pourquoi", "koi": "quoi", "qd": "quand",
    "cmb": "combien", "cb": "combien", "ki": "qui", "ke": "que", "ds": "dans", "kel": "quel",
    "kelle": "quelle", "kan": "quand", "komen": "comment",
}  # fmt: skip


@lru_cache(maxsize=4096)
def typed_words(text: str) -> tuple[TypedWord, ...]:
    """What a question is made of: "Où est-il né ?" -> Où, est, -il, né, ?"""
    for typed, written in _SPELLED:
        text = typed.sub(written, text)
    found: list[TypedWord] = []
    position = 0
    for match in _TYPED.finditer(text):
        word = _CHAT.get(match.group().lower(), match.group())
        found.append(TypedWord(word, _form(word), match.start() > position))
        position = match.end()
    return tuple(
        TypedWord("-" + word.text, "-" + word.form, False)
        if word.form in SUBJECT_PRONOUNS and index and _was_inverted(*found[index - 1 : index + 2])
        else word
        for index, word in enumerate(found)
    )


def _form(text: str) -> str:
    form = fold(text)
    if form.startswith("-t") and len(form) > 3 and form[2] in "-'":
        return "-" + form[3:]
    return form


def _was_inverted(
    before: TypedWord, _pronoun: TypedWord, following: TypedWord | None = None
) -> bool:
    """Whether a pronoun typed without hyphen follows its verb (« est il mort »)."""
    if not before.is_word or before.form.endswith("'"):
        return False
    if before.form in CONJUNCTIONS | QUESTION_WORDS | PREPOSITIONS - {"a"}:
        return False
    if before.form == "a" or before.form in VERB_FORMS:
        return True
    return is_verb(before) and not (following is not None and following.form in AUXILIARIES)


def is_verb(word: TypedWord) -> bool:
    """Whether a word is surely a conjugated verb: a known form, an ending."""
    form = word.form
    if form in VERB_FORMS:
        return word.text[0].islower() or form in AUXILIARIES
    return (
        len(form) > 4
        and form not in NOT_VERBS
        and not word.is_capital
        and form.endswith(("aient", "erent", "irent", "urent", "ait"))
    )


def is_infinitive(word: TypedWord) -> bool:
    """Whether a word looks like an infinitive: « renouveler », « obtenir », « faire »."""
    form = word.form
    if len(form) < 4 or not word.text[0].islower():
        return False
    if form.endswith("re"):
        return form in _VERBS_IN_RE or form.endswith(_ENDINGS_IN_RE)
    return form.endswith(("er", "ir")) and form not in _NOUNS_LIKE_INFINITIVES


_ENDINGS_IN_RE = (
    "prendre", "mettre", "duire", "crire", "clure", "soudre", "aindre", "eindre", "ompre", "pondre",
    "battre", "pendre", "uivre"
)  # fmt: skip
_VERBS_IN_RE = frozenset(
    """faire refaire dire lire rendre vendre perdre attendre entendre defendre descendre suivre
    vivre joindre rejoindre atteindre craindre peindre construire detruire connaitre reconnaitre
    naitre battre combattre resoudre eteindre boire croire plaire vaincre repondre transmettre
    etendre contraindre satisfaire elire extraire soustraire""".split()
)
_NOUNS_LIKE_INFINITIVES = frozenset(
    """cancer mer fer pouvoir hiver loyer devoir diner foyer papier dossier chantier metier
    ouvrier premier dernier janvier fevrier quartier entier elixir avenir souvenir plaisir cher
    hier univers soir noir espoir etranger danger particulier bancaire immobilier financier
    officier chevalier courrier calendrier hospitalier familier regulier entier singulier
    policier mobilier cahier escalier atelier panier acier clavier sentier guerrier levier desir
    tir cuir loisir saphir menhir vizir elixir amer enfer leger passager berger boulanger verger
    horloger potager menager viager rocher clocher boucher""".split()
)
