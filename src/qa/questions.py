"""What a French question asks for: the kind of answer, and the words that an answer must share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qa.french import fold, words

Kind = Literal[
    "person", "time", "place", "number", "reason", "manner", "definition", "yes-no", "other"
]

# The first that matches the folded question decides.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(
            r"\bquand\b|\b(?:quel(?:le)?s?|quelqu)\b (?:etait |est |fut )?(?:l'|la |le )?"
            r"(?:annee|date|jour|mois|siecle|epoque|heure|periode|moment|decennie)|"
            r"\bdepuis combien de temps\b|\bdate (?:de|du|des|d')\b|\w dates?$"
        ),
    ),
    (
        "number",
        re.compile(
            r"\bcombien\b|\bquel(?:le)?s? (?:etait |est |fut )?(?:l'|la |le )?"
            r"(?:nombre|age|taille|duree|distance|superficie|population|prix|montant|somme|cout|"
            r"hauteur|longueur|poids|vitesse|pourcentage|proportion|part|effectif|delai)"
        ),
    ),
    (
        "place",
        re.compile(
            r"^(?:d'|par |vers |jusqu')?ou\b|\bou (?:se|est|sont|a|ont|furent|fut|etait|peut)\b|"
            r"\bquel(?:le)?s? (?:est |etait |fut )?(?:l'|la |le )?"
            r"(?:ville|pays|lieu|region|endroit|continent|capitale|village|quartier|adresse|ile)"
        ),
    ),
    (
        "reason",
        re.compile(
            r"\bpourquoi\b|\bquel(?:le)?s? (?:est |sont |fut )?(?:l[ae]s? )?"
            r"(?:raison|cause|motif|but)s?\b|\bpour quel"
        ),
    ),
    (
        "manner",
        re.compile(r"\bcomment (?!s'appel|se nomm|appel|nomm)|\bde quelle (?:maniere|facon)"),
    ),
    (
        "definition",
        re.compile(
            r"\bqu'est[- ]ce qu(?:e|'|oi)|\bc'est quoi\b|\bque (?:signifi|veut dire|designe)|"
            # « Qui est Lénine ? », but « Qui est le chef ? » and « Qui est mort ? » ask for a name.
            r"^qui (?:est|etait|fut|sont|etaient) (?!(?:l[ae]s?|une?|ce\w*|au|aux|a|en|son|sa|ses"
            r"|leur|mort|nee?|devenu\w*|venu\w*|arrive\w*|considere\w*|responsable)\b|l')"
            r"(?:\w+[ '-]*){1,4}\??$"
        ),
    ),
    (
        "person",
        re.compile(
            r"^(?:(?:et|mais|a|de|par|avec|pour|chez|contre|d'apres|selon|envers|sous|entre) ){0,2}"
            r"qui\b|\bqui (?:est-ce|a-t-|\w+-t-il)|\bqui ?\?*$|[,:] (?:par |de |a )?qui\b|"
            r"\bpar qui\b|\bcomment s'appel|\bquel(?:le)? (?:est |etait |fut )?(?:l'|la |le )?"
            r"(?:homme|femme|personne|auteur|roi|reine|president|general|chef|dirigeant|assassin|"
            r"ecrivain|peintre|realisateur|inventeur|fondateur|ministre|acteur|actrice|pere|mere)"
        ),
    ),
    (
        "yes-no",
        re.compile(
            r"^est-ce qu|^(?!.*\b(?:qu[ei]|quel(?:le)?s?|quoi|ou|comment|lequel|laquelle)\b)(?!qu')"
            r"(?:.* )?\w+-(?:t-)?(?:il|elle|ils|elles|on|ce)\b"
        ),
    ),
)

# « En quelle année », « Quel est le nom de »: says the kind of answer, which need not say the word.
_ASKED_NOUN = re.compile(
    r"\bquel(?:le)?s? (?:(?:est|etait|fut|sont|etaient|furent) )?(?:l'|la |le |les )?"
    r"(?P<noun>annees?|dates?|jours?|mois|siecle|epoque|heure|periode|moment|noms?|nombre|ville|pays"
    r"|lieu|endroit|raisons?|cause|motif|personne|facon|maniere)\b"
    # « Que signifie le mot soviet ? », « dissolution du Komintern date »
    r"|\b(?P<asks>signifi\w+|veut dire|designe)\b|\b(?P<key>dates?)(?: (?:de|du|des)\b|$)"
    r"|\b(?:le |du |l')(?P<word>mot|terme|sigle)\b"
    # « Comment s'appelait sa femme ? », « Combien de temps dura la guerre ? »
    r"|\bcomment (?:se |s')(?P<name>(?:appel|nomm|prenomm)\w+)"
    r"|\bcombien de (?P<time>temps)(?: (?:a |ont |avait |avaient )?(?P<lasts>dur\w+))?"
)
# The verb of an inversion (« Quand arriva-t-il ») or right after « qui », « que », « à quoi »: most
# often paraphrased.
_ASKED_VERB = re.compile(
    r"(?:^(?:(?:qui|que|(?:a|de|en) quoi) |qu')(?:l'|la |le |les |lui |se |s')?"
    r"|(?=\w+-(?:t-)?(?:il|elle|ils|elles|on)\b)\b)"
    r"(?P<verb>\w{3,})"
)
VERB = 0.5  # what such a verb still weighs
# « Où Zina, la fille de Trotsky, est-elle morte ? »: says who she is, which no answer says.
# After a name in the middle of a question, up to the next comma or the end, and without a verb.
_APPOSITION = re.compile(
    r"(?<!^)\b[A-ZÀ-ÖØ-Þ][\w’'-]*, (?P<told>(?:(?:l[ae]s?|une?) |l['’])"
    r"(?:(?!-t-|-ils?\b|-elles?\b)[^,?])+)(?=,| ?\?|$)"
)
_ASKS = re.compile(r"(?:\w+ )?(?:qui|que|ou|quand|comment|combien|pourquoi|quel\w*)\b")
APPOSITION = 0.3  # what its words still weigh


@dataclass(frozen=True, slots=True)
class Term:
    """A word that an answer should share; ``weight`` is its idf in the corpus, in nats, >= 0."""

    form: str
    stem: str
    weight: float
    is_name: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is matched: its text, kind and terms (each stem once, in order).

    ``passages`` is the number of passages of the corpus that its terms were weighed in; ``words``
    are all its folded words in order, each between blanks.
    """

    text: str
    kind: Kind
    terms: tuple[Term, ...]
    passages: int
    words: str

    @property
    def weight(self) -> float:
        """The sum of the terms' weights."""
        return sum(term.weight for term in self.terms)


def analyse_question(text: str, passages: int, frequency: Callable[[str], int]) -> Question:
    """The question's kind and terms; ``frequency`` counts the passages that hold a stem.

    idf = ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25 (Robertson and Zaragoza 2009).
    """
    terms: dict[str, Term] = {}
    asked = {
        form
        for match in _ASKED_NOUN.finditer(fold(text))
        for phrase in match.groups()
        if phrase
        for form in phrase.split()
    }
    told = _APPOSITION.search(text) if _ASKS.match(fold(text)) else None
    apposition = range(*told.span("told")) if told else range(0)
    verbs = {match.group("verb") for match in _ASKED_VERB.finditer(fold(text))}
    for word in words(text):
        if word.is_stop or word.stem in terms or (len(word.form) == 1 and not word.form.isdigit()):
            continue
        if word.form in asked:
            continue
        count = frequency(word.stem)
        weight = math.log(1 + (passages - count + 0.5) / (count + 0.5))
        if word.form in verbs:
            weight *= VERB
        if word.start in apposition:
            weight *= APPOSITION
        spelled = text[word.start : word.end]
        is_name = (spelled[0].isupper() and word.start > 0) or spelled[0].isdigit()
        terms[word.stem] = Term(word.form, word.stem, weight, is_name)
    every = f" {' '.join(word.form for word in words(text))} "
    return Question(text, question_kind(text), tuple(terms.values()), passages, every)


def question_kind(text: str) -> Kind:
    """The kind of answer that is asked for: « En quelle année … » -> "time"."""
    folded = " ".join(fold(text).split())
    for kind, pattern in _KINDS:
        if pattern.search(folded):
            return kind
    return "other"
