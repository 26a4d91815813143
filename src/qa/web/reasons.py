"""Why a file was left out, in French: the reading room says it in English, as the commands do."""

from __future__ import annotations

import re

from qa.web.texts import NOT_READ, typeset

# Beginnings of reasons. Of what is not here, only that there is one is shown.
_FRENCH = (
    (r"empty file", "fichier vide"),
    (r"no text in it", "aucun texte"),
    (r"no document in it", "aucun document"),
    (r"binary content", "contenu binaire"),
    (r"nested too deeply", "imbrication trop profonde"),
    (r"not a regular file", "pas un fichier ordinaire"),
    (r"protected by a password.*", "protégé par un mot de passe"),
    (r"protected against copying.*", "protégé contre la copie (DRM)"),
    (r"no text layer.*", "pages numérisées, sans texte"),
    (r"damaged.*", "fichier endommagé"),
    (r"(?:folder )?not readable: (.*)", r"illisible : \1"),
    (r"format not read: (\S+).*", r"format non lu : \1"),
    (r"duplicate id .*", "identifiant déjà pris par un autre document"),
    (r"broken symbolic link", "lien symbolique rompu"),
    (r"symbolic link that loops", "lien symbolique en boucle"),
    (r"symbolic link that leaves the folder", "lien symbolique hors du dossier"),
    (r"symbolic link .*", "lien symbolique vers un dossier lu à sa place"),
    (r"([\d.]+) MB, over the limit of (\d+) MB.*", r"\1 Mo, pour \2 Mo au plus"),
    (r".* more than (\d+) MB in the index.*", r"plus de \1 Mo dans l’index : le reste est omis"),
    (r"a title of (\d+) characters, over (\d+)", r"un titre de \1 caractères, pour \2 au plus"),
    (r"line (\d+) is not JSON.*", r"ligne \1 : pas du JSON"),
    (r"line (\d+) is not a JSON object", r"ligne \1 : pas un objet JSON"),
    (r"line (\d+) is longer than (\d+) MB", r"ligne \1 : plus de \2 Mo"),
    (r"line (\d+) has (?:no|an empty) (.*)", r"ligne \1 : sans \2"),
)


def in_french(reason: str) -> str:
    """A reason of the reading room, for the reader of the page.

    >>> in_french("no text in it")
    'aucun texte'
    """
    for pattern, french in _FRENCH:
        found = re.fullmatch(pattern, reason, re.DOTALL)
        if found:
            return typeset(found.expand(french))
    return NOT_READ
