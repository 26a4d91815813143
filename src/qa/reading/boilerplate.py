"""What web pages add around their text: share buttons, comment forms, cookie notices.

Only saved pages are cleaned of it, and plain text that several signs together show to be a copy of
one; whatever goes is told, so that it can be listed. A whole line goes when all of it matches; in a
text that came as one long line, a run of whole sentences, from border to border.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Words that stand for others below. A blank may be one that does not break, « ' » a « ’ ».
_WORDS = {
    "JOUR": r"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )?(?:\d{1,2}(?:er)? MOIS"
    r" \d{4}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d\d-\d\d)(?: à \d{1,2} ?[h:] ?\d{0,2})?",
    "MOIS": "(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre"
    "|décembre)",
    "COMPTE": r"(?:l' ?)?(?:(?:super)?admin|administrat(?:eu|o)r|webm[ae]st(?:er|re)|root)\d{0,3}",
    "RÉSEAU": r"(?:facebook|twitter|x|linkedin|pinterest|whatsapp|telegram|tumblr|reddit|mastodon"
    r"|bluesky|instagram|google ?\+|viadeo|pocket|skype|messenger|threads|COURRIEL)",
    "COURRIEL": "(?:e-?mail|mail|courriel"
    "|adresse (?:e-?mail|mail|de messagerie|électronique|de courriel))",
}  # fmt: skip


def _patterns(lines: str) -> list[str]:
    for word, pattern in _WORDS.items():
        lines = lines.replace(word, pattern)
    return lines.strip().split("\n")


def _any_of(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


# Unmistakable: found at sentence borders inside a long line as well as alone on a line.
_SURE = _patterns(r"""
(?:votre|your) COURRIEL (?:ne sera pas|will not be) (?:publiée?|divulguée|affichée|published) ?\.?
les champs obligatoires sont (?:indiqués|marqués) (?:avec|par|d'un)(?: ?\*)? ?\.?
enregistrer mon nom, mon COURRIEL et mon site(?: web)? dans (?:le|mon|ce) navigateur pour mon prochain commentaire ?\.?
ce site utilise akismet pour réduire les indésirables ?\.?
en savoir plus sur (?:comment|la façon dont) les données de vos commentaires sont (?:utilisées|traitées) ?\.?
(?:prévenez|avertissez|notifiez)-moi (?:de|des|par|en) [^.!?\n]{0,60}(?:commentaires?|articles?|publications?|COURRIEL) ?\.?
cliquez? pour (?:partager (?:sur|par|via) RÉSEAU|envoyer (?:un lien )?(?:par|à) [^.(\n]{0,30}|imprimer) ?\(ouvre dans une nouvelle fenêtre\)
j'aime(?: ça)? ?:? ?chargement ?(?:…|\.\.\.)
soyez le premier à (?:commenter|laisser un commentaire)(?: cet article)? ?[.!]?
(?:vous devez|il faut) (?:être (?:connecté|identifié|inscrit)(?:\(e\))?|vous connecter) pour (?:publier|poster|laisser|écrire|rédiger) (?:un|des) commentaires? ?\.?
les commentaires sont (?:fermés|clos|désactivés) ?\.?
(?:author|auteure?|rédigé par|écrit par|by|par) ?: ?COMPTE\.?(?: ?[|·•–-] ?(?:(?:publié|posté|mis en ligne) )?(?:le )?JOUR)?
(?:publié|posté|écrit|rédigé|mis en ligne) par COMPTE(?:,? le JOUR)?\.?
(?:publié|posté|écrit) le JOUR,? par COMPTE\.?
(?:nous utilisons|(?:ce|notre) site(?: (?:web|internet))? utilise) (?:des|les) cookies (?:pour|afin|et) [^.!?\n]{0,300}[.!]?
en (?:poursuivant|continuant) (?:votre navigation|à (?:naviguer|utiliser))[^.!?\n]{0,80}vous acceptez [^.!?\n]{0,200}\bcookies\b[^.!?\n]{0,150}[.!]?
si vous continuez à utiliser (?:ce (?:dernier|site)|le site), nous (?:supposerons|considérerons) que [^.!?\n]{0,120}[.!]?
nous respectons votre vie privée ?\.?
""")  # noqa: E501 (a pattern a line)

# Whole phrases that a page ends with: removed at the end of a long line, or inside a run.
_ENDINGS = _patterns(r"""
(?:laisser|ajouter|écrire|poster|publier) un commentaire
laissez? (?:un commentaire|une réponse)
annuler la réponse ?\.?
partage[rz] (?:(?:cet article|cette page|ceci) )?(?:sur|par|via) RÉSEAU(?:[ ,/|·•]+(?:et |sur )?RÉSEAU)*
(?:articles?|contenus?|billets?|sujets?) (?:similaires?|liés?|connexes?|associés?)
navigation (?:de l'article|des articles)
(?:copyright )?(?:©|\(c\))? ?(?:\d{4}(?: ?[-–] ?\d{4})?)? ?[^.\n]{0,40}[.,–-]? ?tous droits réservés ?\.?
retour en haut(?: de (?:la )?page)?
""")  # noqa: E501

# Parts of a form or of a share bar: removed in a long line only inside a run of the above.
_LOOSE = _patterns(r"""
(?:commentaire|nom|pseudo|name|comment|site web|site internet|votre nom|COURRIEL)(?: ?\((?:obligatoire|facultatif)\))?(?: ?\*| ?: ?\*?)?
site(?: web)?
\d{1,4} commentaires?
en savoir plus ?\.?
(?:tout )?(?:accepter|refuser)(?: tout)?(?: (?:et fermer|les cookies))?
(?:paramétrer|personnaliser|gérer)(?: (?:les|mes) (?:cookies|choix))?
partage[rz](?: (?:cet article|cette page|ceci))? ?:?
imprimer
politique de (?:confidentialité|cookies)|mentions légales
envoyer|publier|valider
RÉSEAU
j'aime(?: ça)? ?:?
""")  # noqa: E501

# Alone on their line.
_ALONE = _patterns(r"""
partage[rz](?: (?:cet article|cette page|ceci))? ?[:.!]?
(?:suivez|retrouvez|rejoignez)-nous(?: sur RÉSEAU(?:[ ,/|]+(?:et |sur )?RÉSEAU)*)? ?[:.!]?
RÉSEAU(?: ?[,/|·•] ?RÉSEAU)+
tweete[rz]|épingler?|j'aime(?: ça)?(?: ?:)?
imprimer(?: (?:cet article|cette page|la page))?
(?:envoyer|recommander) (?:cet article |cette page |ceci )?(?:par COURRIEL|à un ami)
(?:à )?lire (?:aussi|également)(?: ?:(?: ?[^\n]{1,150})?)?
(?:vous (?:aimerez|pourriez aimer) (?:peut-être )?(?:aussi|également)|dans la même catégorie) ?:?
(?:[«‹←<] ?)?(?:article|billet|page)s? (?:précédente?s?|suivante?s?|plus (?:anciens|récents))(?: ?[»›→>]| ?:[^\n]{0,150})?
(?:©|copyright ©?) ?\d{4}[^\n]{0,80}
(?:s'abonner|abonnez-vous|inscrivez-vous|s'inscrire) (?:à|au) (?:la|notre|nos|cette)? ?(?:newsletter|lettres? d'informations?|infolettre|blog|flux rss)[^\n.]{0,60}[.!:]?
(?:↑ ?)?(?:retour (?:en haut|au sommet)|haut)(?: de (?:la )?page)(?: ?↑)?
(?:aller|passer) (?:directement )?au contenu(?: principal)?
(?:fièrement )?propulsé par wordpress ?\.?
(?:aucun|pas de|\d+|un) commentaires?(?: pour l'instant)?
(?:(?:classé|publié) dans ?:? ?)?(?:non classé|uncategorized)
(?:(?:publié|classé) dans [^\n:]{1,60} )?(?:étiquettes|étiqueté|tags) :[^\n.;]{1,150}
chargement ?(?:…|\.\.\.)
(?:le )?\d{1,2} (?:minutes?|min) de lecture|temps de lecture ?:[^\n]{0,30}
tout (?:accepter|refuser)|accepter et fermer|(?:accepter|refuser) les cookies|(?:paramétrer|personnaliser|gérer) (?:les|mes) cookies|continuer sans accepter
clique[rz] (?:ici )?pour (?:imprimer|partager|agrandir l'image)
""")  # noqa: E501

# Too common to go alone: removed beside a line that is boilerplate for sure.
_NEAR = _patterns(r"""
(?:ok|fermer|j'accepte|d'accord) ?\.?
menu|accueil|rechercher?|contact|plan du site|connexion|se connecter|s'inscrire
répondre|réponse|modifier|signaler|précédent|suivant|[«»←→‹›]
commentaires?(?: ?\(\d+\))?|publier le commentaire|laisser|poster|soumettre|partages?
COMPTE
JOUR
""")

_SIGNS = 3  # that show a plain text to be the copy of a page
_SURELY = re.compile("|".join(f"({pattern})" for pattern in _SURE), re.IGNORECASE)
_ENDING = re.compile(_any_of(_ENDINGS), re.IGNORECASE)
_LINE = re.compile(
    rf"{_any_of([*_SURE, *_ALONE])}|(?:(?:{_any_of(_ENDINGS)}) ?[:.!]?(?: |$))+", re.IGNORECASE
)
_NEAR_LINE = re.compile(_any_of([*_ENDINGS, *_LOOSE, *_NEAR]), re.IGNORECASE)
_LONGEST_LINE = 320
# The parts of the line under a title, one of which names the publishing account.
_BYLINE_SEPARATOR = re.compile(r" [|·•] ")
_BYLINE_PART = re.compile(_patterns(r"(?:author|auteur|par|by) ?:? ?COMPTE")[0], re.IGNORECASE)
_LONGEST_BYLINE_PART = 40

# One segment of a run and the blanks after it; its first letter is a capital (looked at apart).
_SEGMENT = re.compile(
    rf"(?:(?P<sure>{_any_of(_SURE)})|(?P<ending>{_any_of(_ENDINGS)})|(?:{_any_of(_LOOSE)}))"
    r"(?=$|[\s.,*])[\s.]*(?:\*\s*)?(?:[|·•]\s+)?",
    re.IGNORECASE,
)
_MOST_SEGMENTS = 40  # a comment form and a share bar together have about 30
_CAPITAL = re.compile(r"[A-ZÀ-Ý©]|\d{1,4} commentaires?\b")
# Words without which no sentence of boilerplate can be there: a text without any is left at once.
_HINTS = (
    "adresse e-mail", "adresse mail", "adresse email", "adresse de ", "adresse électronique",
    "akismet", "root", "champs obligatoires", "mon nom, mon", "-moi de ", "-moi des ", "-moi par ",
    "-moi en ", "commentaire", "nouvelle fenêtre", "chargement", "admin", "webmaster", "webmestre",
    "cookies", "vie privée", "partager ", "partagez ", "article similaire", "articles similaires",
    "droits réservés", "retour en haut", "navigation d", "la réponse",
)  # fmt: skip
# A possible first word of a run, after a blank: only there is the segment tried.
_RUN_START = re.compile(r"(?:^|(?<=\s))(?=[A-ZÀ-Ý©]|\d{1,4} commentaires?\b)")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:»)\]\"”*])\s*$")
_PLAIN = str.maketrans("\u00a0\u202f’", "  '")


def is_boilerplate_line(line: str) -> bool:
    """Tell whether the whole line is an addition of a web page."""
    if len(line) > _LONGEST_LINE:
        return False
    line = line.translate(_PLAIN).strip()
    parts = _BYLINE_SEPARATOR.split(line)  # "Publié le 8 mars 2014 | Author: admin | Russie"
    byline = len(parts) > 1 and max(map(len, parts)) <= _LONGEST_BYLINE_PART
    return _LINE.fullmatch(line) is not None or (
        byline and any(_BYLINE_PART.fullmatch(part) for part in parts)
    )


def page_lines(lines: Sequence[str]) -> set[int]:
    """The positions of the lines that a page added; blank lines between neighbours do not count."""
    filled = [number for number, line in enumerate(lines) if line]
    removed = {number for number in filled if is_boilerplate_line(lines[number])}
    if not removed:
        return removed
    for order in (filled, filled[::-1]):
        beside = False
        for number in order:
            line = lines[number]  # "Nom *" or "Accepter": only when its neighbour is one
            if (
                beside
                and len(line) <= _LONGEST_LINE
                and _NEAR_LINE.fullmatch(line.translate(_PLAIN).strip())
            ):
                removed.add(number)
            beside = number in removed
    return removed


def is_copied_page(text: str) -> bool:
    """Whether a plain text is the copy of a web page: several signs, one of them unmistakable."""
    if len(_hints(text)) < _SIGNS - 1:
        return False
    plain = text.translate(_PLAIN)
    sure = {found.lastindex for found in _SURELY.finditer(plain)}
    if not sure:
        return False
    lines = {line.strip().casefold() for line in plain.split("\n") if is_boilerplate_line(line)}
    endings = {found[0].casefold() for found in _ENDING.finditer(plain)}
    return len(sure) + len(lines | endings) >= _SIGNS


def _hints(text: str) -> list[str]:
    lower = text.lower()
    return [hint for hint in _HINTS if hint in lower]


def cut_runs(text: str) -> tuple[str, list[str]]:
    """Cut whole sentences of boilerplate, and the form fields around them, out of a line of prose.

    "… fin. Laisser un commentaire Votre adresse e-mail ne sera pas publiée. Nom *" -> "… fin.",
    and what was cut.
    """
    if not _hints(text):
        return text, []
    plain = text.translate(_PLAIN)
    kept: list[str] = []
    cut: list[str] = []
    position = 0
    for start in [found.start() for found in _RUN_START.finditer(plain)]:
        if start < position:
            continue
        end, segments, sure = _run_end(plain, start)
        if not sure or not _may_cut(plain, start, end, segments):
            continue
        kept.append(text[position:start].rstrip())
        cut.append(text[start:end].strip())
        position = end
    kept.append(text[position:].lstrip() if position else text)
    return " ".join(part for part in kept if part), cut


def _run_end(text: str, start: int) -> tuple[int, int, bool]:
    """Follow segments from ``start``: where the run ends, how many, whether it is boilerplate.

    The end is that of the last sure segment, or of the text when the run goes to its end; the
    loose words after a sure segment may belong to the prose that follows.
    """
    position, segments = start, 0
    sure = ending = False
    end_of_sure = start
    while segments < _MOST_SEGMENTS and (found := _SEGMENT.match(text, position)):
        if not _CAPITAL.match(text, position) or found.end() == position:
            break
        position = found.end()
        segments += 1
        sure = sure or found["sure"] is not None
        ending = ending or found["ending"] is not None
        if found["sure"] or found[0].rstrip().endswith("*"):
            end_of_sure = position
    if position == len(text):
        return position, segments, sure or ending
    return end_of_sure, segments, sure


def _may_cut(text: str, start: int, end: int, segments: int) -> bool:
    """A run starts at a sentence border (or has several parts) and ends at one."""
    if end < len(text) and not _CAPITAL.match(text, end) and text[end] not in '«"“(-–—0123456789':
        return False
    return segments >= 2 or _SENTENCE_END.search(text[max(start - 8, 0) : start]) is not None


def without_lines(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines without what a page added, and what went."""
    away = page_lines(lines)
    kept: list[str] = []
    removed = [lines[at] for at in sorted(away)]
    for at, line in enumerate(lines):
        if at not in away:
            text, cut = cut_runs(line)
            removed += cut
            kept += [text] if text or not line else []
    return kept, removed
