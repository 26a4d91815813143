"""What web pages add around their text: share buttons, comment forms, cookie notices.

Only saved pages are cleaned of it, and plain text that several signs together show to be a copy of
one; whatever goes is told, so that it can be listed. A whole line goes when all of it matches; in a
text that came as one long line, a run of whole sentences, from border to border.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MONTHS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
)
_DATE = (
    rf"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s)?(?:\d{{1,2}}(?:er)?\s(?:{_MONTHS})"
    rf"\s\d{{4}}|(?:{_MONTHS})\s\d{{1,2}},\s\d{{4}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{4}}-\d\d-\d\d)"
    r"(?:\s(?:à|at)\s\d{1,2}\s?[h:]\s?\d{0,2})?"
)
_ADMIN = (
    r"(?:l['’]\s?)?(?:admin|administrateur|administrator|webmaster|webmestre|root|superadmin)"
    r"\d{0,3}"
)
_NETWORK = (
    r"(?:facebook|twitter|x|linkedin|pinterest|whatsapp|telegram|tumblr|reddit|mastodon|bluesky|instagram"
    r"|google\s?\+|viadeo|pocket|skype|messenger|threads|e-?mail|mail|courriel)"
)
_MAIL = r"(?:e-?mail|mail|courriel|adresse\s(?:e-?mail|mail|de\smessagerie|électronique))"

# Unmistakable: found at sentence borders inside a long line as well as alone on a line.
_SENTENCES = (
    # Votre adresse e-mail ne sera pas publiée.
    r"(?:votre|your)\s(?:adresse\s(?:e-?mail|mail|de\smessagerie|électronique|de\scourriel)\sne\ssera\spas"
    r"\s(?:publiée|divulguée|affichée)|e-?mail\saddress\swill\snot\sbe\spublished)\s?\.?",
    # Les champs obligatoires sont indiqués avec *
    r"(?:les\schamps\sobligatoires\ssont\s(?:indiqués|marqués)\s(?:avec|par|d['’]un)(?:\s?\*)?"
    r"|required\sfields\sare\smarked(?:\s?\*)?)\s?\.?",
    # Enregistrer mon nom, mon e-mail et mon site dans le navigateur pour mon prochain commentaire.
    r"enregistrer\smon\snom,\smon\s(?:e-?mail|adresse\sde\smessagerie)\set\smon\ssite(?:\sweb)?\sdans\s(?:le"
    r"|mon|ce)\snavigateur\spour\smon\sprochain\scommentaire\s?\.?",
    r"save\smy\sname,\semail,\sand\swebsite\sin\sthis\sbrowser\sfor\sthe\snext\stime\sI\scomment\s?\.?",
    # Ce site utilise Akismet pour réduire les indésirables. En savoir plus sur …
    r"ce\ssite\sutilise\sakismet\spour\sréduire\sles\sindésirables\s?\.?",
    r"en\ssavoir\splus\ssur\s(?:comment|la\sfaçon\sdont)\sles\sdonnées\sde\svos\scommentaires\ssont"
    r"\s(?:utilisées|traitées)\s?\.?",
    # Prévenez-moi de tous les nouveaux commentaires par e-mail.
    r"(?:prévenez|avertissez|notifiez)-moi\s(?:de|des|par|en)\s[^.!?\n]{0,60}(?:commentaires?|articles?"
    rf"|publications?|{_MAIL})\s?\.?",
    # Cliquez pour partager sur Twitter(ouvre dans une nouvelle fenêtre)
    rf"cliquez?\spour\s(?:partager\s(?:sur|par|via)\s{_NETWORK}|envoyer\s(?:un\slien\s)?(?:par|à)\s[^.(\n]{{0,30}}"
    r"|imprimer)\s?\(ouvre\sdans\sune\snouvelle\sfenêtre\)",
    # J’aime ça : chargement…
    r"j['’]aime(?:\sça)?\s?:?\schargement\s?(?:…|\.\.\.)",
    r"soyez\sle\spremier\sà\s(?:commenter|laisser\sun\scommentaire)(?:\scet\sarticle)?\s?[.!]?",
    # Vous devez être connecté pour publier un commentaire.
    r"(?:vous\sdevez|il\sfaut)\s(?:être\s(?:connecté|identifié|inscrit)(?:\(e\))?|vous\sconnecter)\spour\s"
    r"(?:publier|poster|laisser|écrire|rédiger)\s(?:un|des)\scommentaires?\s?\.?",
    r"les\scommentaires\ssont\s(?:fermés|clos|désactivés)\s?\.?",
    # Author: admin / Author: admin | Publié le 3 mai 2012 / Publié par admin le 12 mars 2012
    rf"(?:author|auteur|auteure|rédigé\spar|écrit\spar|by|par)\s?:\s?{_ADMIN}\b\.?"
    rf"(?:\s?[|·•–-]\s?(?:(?:publié|posté|mis\sen\sligne)\s)?(?:le\s)?{_DATE})?",
    rf"(?:publié|posté|écrit|rédigé|mis\sen\sligne|posted|published)\s(?:par|by)\s{_ADMIN}\b"
    rf"(?:,?\s(?:le|on)\s{_DATE})?\.?",
    rf"(?:publié|posté|écrit|posted|published)\s(?:le|on)\s{_DATE},?\s(?:par|by)\s{_ADMIN}\b\.?",
    # Nous utilisons des cookies pour vous garantir la meilleure expérience sur notre site.
    r"(?:nous\sutilisons|(?:ce|notre)\ssite(?:\s(?:web|internet))?\sutilise)\s(?:des|les)\scookies\s(?:pour|afin"
    r"|et)\s[^.!?\n]{0,300}[.!]?",
    r"en\s(?:poursuivant|continuant)\s(?:votre\snavigation|à\s(?:naviguer|utiliser))[^.!?\n]{0,80}vous\sacceptez"
    r"\s[^.!?\n]{0,200}\bcookies\b[^.!?\n]{0,150}[.!]?",
    r"si\svous\scontinuez\sà\sutiliser\s(?:ce\s(?:dernier|site)|le\ssite),\snous\s(?:supposerons|considérerons)"
    r"\sque\s[^.!?\n]{0,120}[.!]?",
    r"nous\srespectons\svotre\svie\sprivée\s?\.?",
)

# Whole phrases that a page ends with: removed at the end of a long line, or inside a run.
_ENDINGS = (
    r"(?:laisser|ajouter|écrire|poster|publier)\sun\scommentaire",
    r"laissez?\s(?:un\scommentaire|une\sréponse)",
    r"leave\sa\s(?:comment|reply)",
    r"(?:annuler\sla\sréponse|cancel\sreply)\s?\.?",
    r"(?:partager|partagez)\s(?:(?:cet\sarticle|cette\spage|ceci)\s?)?(?:sur|par|via)"
    rf"\s{_NETWORK}(?:[\s,]+(?:et\s|sur\s)?{_NETWORK})*",
    r"(?:articles?|contenus?|billets?)\s(?:similaires?|liés?|connexes?)",
    r"navigation\s(?:de\sl['’]article|des\sarticles)",
    r"©\s?(?:\d{4}(?:\s?[-–]\s?\d{4})?)?\s?[^.\n]{0,40}[.,–-]?\s?"
    r"tous\sdroits\sréservés\s?\.?",
    r"tous\sdroits\sréservés\s?\.?",
    r"retour\sen\shaut(?:\sde\s(?:la\s)?page)?",
)

# Parts of a form or of a share bar: removed in a long line only inside a run of the above.
_RUN_PARTS = (
    r"(?:commentaire|nom|pseudo|name|comment|email|site\sweb|site\sinternet|votre\snom"
    rf"|{_MAIL})(?:\s?\((?:obligatoire|facultatif|required)\))?(?:\s?\*|\s?:\s?\*?)?",
    r"site(?:\sweb)?",
    r"\d{1,4}\scommentaires?",
    r"en\ssavoir\splus\s?\.?",
    r"(?:tout\s)?(?:accepter|refuser)(?:\stout)?(?:\s(?:et\sfermer|les\scookies))?",
    r"(?:paramétrer|personnaliser|gérer)(?:\s(?:les|mes)\s(?:cookies|choix))?",
    r"(?:partager|partagez)(?:\s(?:cet\sarticle|cette\spage|ceci))?\s?:?",
    r"imprimer",
    r"politique\sde\s(?:confidentialité|cookies)|mentions\slégales",
    r"envoyer|publier|valider",
    rf"{_NETWORK}",
    r"j['’]aime(?:\sça)?\s?:?",
)

# Alone on their line.
_LINES = (
    *_SENTENCES,
    r"(?:laisser|ajouter|écrire|poster|publier)\sun\scommentaire(?:\s(?:annuler\sla\sréponse|sur\scet\sarticle))?\s?:?",
    r"laissez?\s(?:un\scommentaire|une\sréponse)(?:\s(?:annuler\sla\sréponse))?\s?[!:.]?",
    r"leave\sa\s(?:comment|reply)(?:\scancel\sreply)?",
    r"(?:annuler\sla\sréponse|cancel\sreply)\s?\.?",
    # Partager : / Partager sur Facebook, Twitter / Partagez cet article
    r"(?:partager|partagez|share)(?:\s(?:cet\sarticle|cette\spage|ceci|this))?(?:\s(?:sur|par|via|on|à)"
    rf"\s{_NETWORK}(?:[\s,/|·•]+(?:et\s|sur\s)?{_NETWORK})*)?\s?[:.!]?",
    rf"(?:suivez-nous|retrouvez-nous|rejoignez-nous)(?:\ssur\s{_NETWORK}(?:[\s,/|]+(?:et\s|sur\s)?{_NETWORK})*)?"
    r"\s?[:.!]?",
    rf"{_NETWORK}(?:\s?[,/|·•]\s?{_NETWORK})+",
    r"tweete[rz]|épingler?|j['’]aime(?:\sça)?(?:\s?:)?",
    r"(?:imprimer|print)(?:\s(?:cet\sarticle|cette\spage|la\spage))?",
    r"(?:envoyer|recommander)\s(?:cet\sarticle\s|cette\spage\s|ceci\s)?(?:par\s(?:e-?mail|mail|courriel)|à\sun\sami)",
    # Lire aussi : Le congrès de Tours (the title of another article, up to 150 characters)
    r"(?:lire|à\slire)\s(?:aussi|également)\s?:(?:\s?[^\n]{1,150})?|(?:lire\saussi|à\slire\saussi)",
    r"(?:articles?|contenus?|billets?|sujets?|posts?)\s(?:similaires?|liés?|connexes?|associés?)\s?:?",
    r"(?:vous\s(?:aimerez|pourriez\saimer)\s(?:peut-être\s)?(?:aussi|également)|dans\sla\smême\scatégorie)\s?:?",
    r"navigation\s(?:de\sl['’]article|des\sarticles|de\scommentaire|des\scommentaires)",
    r"(?:[«‹←<]\s?)?(?:article|billet|page|post)s?\s(?:précédente?s?|suivante?s?|plus\s(?:anciens|récents))"
    r"(?:\s?[»›→>]|\s?:[^\n]{0,150})?",
    r"(?:copyright\s?)?(?:©|\(c\))?\s?(?:copyright\s?)?(?:\d{4}(?:\s?[-–]\s?\d{4})?)?[^.\n]{0,60}[.,–|-]?\s?"
    r"tous\sdroits\sréservés(?:\s?[.|–-][^\n]{0,60})?",
    r"(?:©|copyright\s©?)\s?\d{4}(?:\s?[-–]\s?\d{4})?[^\n]{0,60}",
    r"(?:s['’]abonner|abonnez-vous|inscrivez-vous|s['’]inscrire)\s(?:à|au)\s(?:la|notre|nos|cette)?\s?"
    r"(?:newsletter|lettre\sd['’]information|lettres?\sd['’]informations|infolettre|blog|flux\srss)[^\n.]{0,60}[.!:]?",
    r"(?:↑\s?)?(?:retour\s(?:en\shaut|au\ssommet)(?:\sde\s(?:la\s)?page)?|haut\sde\s(?:la\s)?page|back\sto\stop)"
    r"(?:\s?↑)?",
    r"(?:aller|passer|skip)\s(?:directement\s)?(?:au|to)\s(?:contenu|content)(?:\sprincipal)?",
    r"(?:fièrement\s)?propulsé\spar\swordpress\s?\.?|proudly\spowered\sby\swordpress\s?\.?",
    r"(?:aucun|pas\sde|\d+|un)\scommentaires?(?:\spour\sl['’]instant)?|no\scomments?",
    r"(?:classé|publié)\sdans\s?:?\s?(?:non\sclassé|uncategorized)|non\sclassé|uncategorized",
    # Publié dans Russie Étiquettes : 1921, marins
    r"(?:(?:publié|classé)\sdans\s[^\n:]{1,60}\s)?(?:étiquettes|étiqueté|tags)\s:[^\n.;]{1,150}",
    r"chargement\s?(?:…|\.\.\.)|loading\s?(?:…|\.\.\.)",
    r"(?:le\s)?\d{1,2}\s(?:minutes?|min)\sde\slecture|temps\sde\slecture\s?:[^\n]{0,30}",
    r"(?:tout\s(?:accepter|refuser)|accepter\set\sfermer|accepter\sles\scookies|refuser\sles\scookies"
    r"|(?:paramétrer|personnaliser|gérer)\s(?:les|mes)\scookies|continuer\ssans\saccepter)",
    r"(?:cliquer|cliquez)\s(?:ici\s)?pour\s(?:imprimer|partager|agrandir\sl['’]image)",
)

# Too common to go alone: removed beside a line that is boilerplate for sure.
_NEAR_LINES = (
    *_ENDINGS,
    *_RUN_PARTS,
    r"(?:accepter|refuser|ok|fermer|j['’]accepte|d['’]accord|en\ssavoir\splus)\s?\.?",
    r"menu|accueil|rechercher|recherche|contact|plan\sdu\ssite|connexion|se\sconnecter|s['’]inscrire",
    r"répondre|réponse|modifier|signaler|précédent|suivant|[«»←→‹›]",
    r"commentaires?|publier\sle\scommentaire|laisser|poster|soumettre",
    r"commentaires?\s?\(\d+\)|partages?",
    _ADMIN,
    _DATE,
)


def _any_of(patterns: tuple[str, ...]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


_SIGNS = 3  # that show a plain text to be the copy of a page
_SURE = re.compile("|".join(f"({pattern})" for pattern in _SENTENCES), re.IGNORECASE)
_ENDING = re.compile(_any_of(_ENDINGS), re.IGNORECASE)
_LINE = re.compile(_any_of(_LINES), re.IGNORECASE)
_NEAR_LINE = re.compile(_any_of(_NEAR_LINES), re.IGNORECASE)
_LONGEST_LINE = 320
# The parts of the line under a title, one of which names the publishing account.
_BYLINE_SEPARATOR = re.compile(r"\s[|·•]\s")
_BYLINE_PART = re.compile(rf"(?:author|auteur|par|by)\s?:?\s?{_ADMIN}", re.IGNORECASE)
_LONGEST_BYLINE_PART = 40

# One segment of a run and the blanks after it; its first letter is a capital (looked at apart).
_SEGMENT = re.compile(
    rf"(?:(?P<sure>{_any_of(_SENTENCES)})|(?P<ending>{_any_of(_ENDINGS)})|(?:{_any_of(_RUN_PARTS)}))"
    r"(?=$|[\s.,*])[\s.]*(?:\*\s*)?(?:[|·•]\s+)?",
    re.IGNORECASE,
)
_MOST_SEGMENTS = 40  # a comment form and a share bar together have about 30
_CAPITAL = re.compile(r"[A-ZÀ-Ý©]|\d{1,4} commentaires?\b")
# Words without which no sentence of boilerplate can be there: a text without any is left at once.
_HINT = re.compile(
    r"adresse (?:e-?mail|mail|de messagerie|électronique|de courriel)|email address|akismet"
    r"|\broot\b"
    r"|champs obligatoires|required fields|mon nom, mon|save my name|-moi (?:de|des|par|en) "
    r"|nouvelle fenêtre|chargement|soyez le premier|\badmin|webmaster|webmestre|cookies"
    r"|commentaire|vie privée|partage[rz] |articles? similaire|droits réservés|retour en haut"
    r"|navigation d|la réponse",
    re.IGNORECASE,
)
# A possible first word of a run, after a blank: only there is the segment tried.
_RUN_START = re.compile(r"(?:^|(?<=\s))(?=[A-ZÀ-Ý©]|\d{1,4} commentaires?\b)")
_SENTENCE_END = re.compile(r"(?:^|[.!?…:»)\]\"”*])\s*$")


def is_boilerplate_line(line: str) -> bool:
    """Tell whether the whole line is an addition of a web page."""
    if len(line) > _LONGEST_LINE:
        return False
    parts = _BYLINE_SEPARATOR.split(line)  # "Publié le 8 mars 2014 | Author: admin | Russie"
    byline = len(parts) > 1 and max(map(len, parts)) <= _LONGEST_BYLINE_PART
    return _LINE.fullmatch(line.strip()) is not None or (
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
            if beside and len(line) <= _LONGEST_LINE and _NEAR_LINE.fullmatch(line.strip()):
                removed.add(number)
            beside = number in removed
    return removed


def is_copied_page(text: str) -> bool:
    """Whether a plain text is the copy of a web page: several signs, one of them unmistakable."""
    if len({found.lower() for found in _HINT.findall(text)}) < _SIGNS - 1:
        return False
    sure = {found.lastindex for found in _SURE.finditer(text)}
    if not sure:
        return False
    lines = {line.strip().casefold() for line in text.split("\n") if is_boilerplate_line(line)}
    endings = {found[0].casefold() for found in _ENDING.finditer(text)}
    return len(sure) + len(lines | endings) >= _SIGNS


def cut_runs(text: str) -> tuple[str, list[str]]:
    """Cut whole sentences of boilerplate, and the form fields around them, out of a line of prose.

    "… fin. Laisser un commentaire Votre adresse e-mail ne sera pas publiée. Nom *" -> "… fin.",
    and what was cut.
    """
    if not _HINT.search(text):
        return text, []
    kept: list[str] = []
    cut: list[str] = []
    position = 0
    for start in [found.start() for found in _RUN_START.finditer(text)]:
        if start < position:
            continue
        end, segments, sure = _run_end(text, start)
        if not sure or not _may_cut(text, start, end, segments):
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
            text, cut = cut_runs(line) if line else ("", [])
            removed += cut
            kept += [text] if text or not line else []
    return kept, removed


def without_page(text: str) -> tuple[str, list[str]]:
    """The copy of a page without what the page added, and what went."""
    kept, removed = without_lines(text.split("\n"))
    return "\n".join(kept), removed
