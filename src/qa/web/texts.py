"""Every sentence that the page says itself, in French, with French spacing.

Strings are written with plain spaces and set by ``typeset`` once; quoted source text never passes
through here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from qa.records import Skipped

NARROW, WIDE = "\u202f", "\u00a0"  # narrow no-break space, no-break space

_MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
).split()


def typeset(text: str) -> str:
    """French spacing: « Qui ? » and « 50 Mo » get their no-break spaces.

    >>> typeset("Qui ?") == "Qui" + NARROW + "?"
    True
    """
    text = re.sub(r" (?=[;!?»])", NARROW, text)
    text = re.sub(r"(?<=«) ", NARROW, text)
    return re.sub(r" (?=:|%|Mo\b)", WIDE, text)


def number(value: int) -> str:
    """A whole number in French: 12345 -> « 12 345 » (narrow no-break space)."""
    return f"{value:,}".replace(",", NARROW)


def count(value: int, singular: str, plural: str = "") -> str:
    """A number with its noun: « 1 document », « 2 documents »."""
    word = singular if value < 2 else plural or f"{singular}s"
    return f"{number(value)}{WIDE}{word}"


def date(moment: datetime) -> str:
    """A day in French: « 1er mars 1931 »."""
    day = "1er" if moment.day == 1 else str(moment.day)
    return f"{day}{WIDE}{_MONTHS[moment.month - 1]} {moment.year}"


def reason(entry: Skipped) -> str:
    """Why a file was left out: the reading room says it in French too.

    >>> reason(Skipped("a.txt", "empty file", french="fichier vide"))
    'fichier vide'
    """
    return typeset(entry.french) if entry.french else NOT_READ


def page(value: int | None, *, ocr: bool = False) -> str:
    """Where a quotation stands in a paged file, after its titles: « , p. 12 (OCR) »."""
    told = f", p.{WIDE}{value}" if value is not None else ""
    return told + (" (OCR)" if ocr else "")


def day_of(created: str) -> str:
    """The day of an ISO 8601 moment, in local time; the text itself when it is not one."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return date((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone())


PRODUCT = "Sourcier"
TAGLINE = typeset("Vos documents répondent, mot pour mot.")
TITLE = typeset("Sourcier : questions à vos documents")

COLLECTIONS = "Collections"
TAB_CHAT = "Conversation"
TAB_PAST = "Historique"
TAB_CORPUS = "Corpus"

# First screen.
WELCOME = typeset("Que cherchez-vous ?")
WELCOME_TEXT = typeset(
    "Posez une question en français. La réponse est faite de phrases de vos documents, chacune "
    "citée telle quelle et ouverte à sa place ; quand ils ne répondent pas, Sourcier le dit."
)
WELCOME_EMPTY = typeset("Quels documents voulez-vous interroger ?")
WELCOME_EMPTY_TEXT = typeset(
    "Déposez-les sur cette page : PDF, Word, pages web, textes… Ils restent sur cette machine, "
    "sont lus aussitôt, et répondent ensuite à vos questions, mot pour mot."
)
DROP_HERE, CHOOSE_HERE = typeset("Déposez des documents ici, ou"), "choisissez-les"
EXAMPLES = "Par exemple"
CONTENT = "Dans ces documents"
SEE_ALL = "voir tout le corpus"
INDEXED = typeset("{documents} · {passages} · indexés le {day}")
DATED = "datés de {first} à {last}"
OTHER_KIND = "autre"
# Kinds of files by their endings.
KINDS = dict(
    kind.split(" = ")
    for kind in (
        "PDF = pdf; Word = doc docm docx rtf; OpenDocument = odt ott ods odp; EPUB = epub; "
        "PowerPoint = ppt pptm pptx; tableur = xls xlsx xlsm csv tsv; page web = html htm xhtml; "
        "courriel = eml mbox; Markdown = md mdx markdown; texte = txt text rst tex; sous-titres = "
        "srt vtt; XML = xml; JSON = json jsonl ndjson ipynb"
    ).split("; ")
)
_KIND_OF = {ending: kind for kind, endings in KINDS.items() for ending in endings.split()}


def kind_of(document_id: str) -> str:
    """The kind of file that a document came from: « a.pdf » -> « PDF »."""
    return _KIND_OF.get(document_id.lower().rpartition(".")[2], OTHER_KIND)


ADD_DOCUMENTS = typeset(
    "Pour ajouter des documents, placez-les dans le dossier {folder}, lancez {command}, puis "
    "rechargez cette page."
)
WARNING = typeset(
    "L’index publié est endommagé : le précédent répond à sa place. Relancez l’indexation."
)
DROP_DOCUMENTS = typeset(
    "Pour ajouter des documents, déposez-les sur cette page, ou choisissez-les dans l’onglet "
    "Corpus."
)
CHANGED = typeset(
    "Les documents ont changé depuis cette conversation : les questions ont été reposées."
)

# Composer.
BOX_LABEL = "Votre question"
BOX_HINT = "Posez une question"
SEND = "Demander"
STOP = "Arrêter"
NEW = "Nouvelle conversation"
RETRY = "Relancer"
EDIT = "Modifier"
EXPORT_MARKDOWN, EXPORT_JSON = "Exporter en Markdown", "Exporter en JSON"
PRINT = "Imprimer"
CANCEL = "Annuler"
FORGOTTEN = typeset("La conversation a été effacée.")
EDITING = typeset("La question corrigée remplacera la dernière.")

# Settings.
SETTINGS = "Réglages"
SETTING_PASSAGES = "Passages affichés"
PASSAGES_HINT = typeset("Sous chaque réponse, les plus proches d’abord.")
SETTING_METHOD = "Recherche"
SETTING_CAUTION = "Prudence"
METHODS = (("Hybride", "hybrid"), ("Sens", "dense"), ("Mots", "lexical"))
METHOD_HINT = typeset(
    "Sens : ce que dit la question, en d’autres mots aussi. Mots : ses mots exacts. Hybride : les "
    "deux."
)
CAUTIONS = (("Faible", "low"), ("Normale", "normal"), ("Forte", "high"))
CAUTION_HINT = typeset("Forte : des réponses plus rares et plus sûres.")

# Conversation.
CONVERSATION = "Conversation"
YOU_ASKED = typeset("Question :")
UNDERSTOOD = typeset("Compris avec :")
UNDERSTOOD_ALONE = typeset("Comprise seule. Ajouter :")
TAKE_OFF = typeset("Relancer la question sans « {word} »")
TAKE_TOO = typeset("Relancer la question avec « {word} »")
OPEN_CITATION = typeset("Citation {marker} : ouvrir la source, {title}")
PASSAGES = "Passages"
PASSAGES_NEAR = typeset("Passages proches, sans réponse")
MEANT = typeset("Vouliez-vous demander :")
SHOW_ANYWAY = typeset("Montrer quand même")
UNSURE = typeset("Cette phrase est la plus proche ; elle ne répond sans doute pas.")
NO_ANSWER = typeset("Les documents ne répondent pas à cette question.")
OPEN_SOURCE = "Lire dans le document"
LIKE, DISLIKE = "Utile", "Pas utile"
RATE = typeset("Cette réponse est-elle utile ?")

# Conversations that the browser keeps.
PAST = typeset(
    "Vos conversations restent dans ce navigateur, sur cette machine. En rouvrir une repose ses "
    "questions aux documents tels qu’ils sont."
)
PAST_FILTER = "Chercher dans l’historique"
PAST_NONE = typeset("Aucune conversation.")
RENAME, ERASE, ERASE_ALL = "Renommer", "Effacer", "Tout effacer"
NAME_IT = typeset("Nom de la conversation :")
ERASE_ASK = typeset("Effacer « {name} » ?")
ERASE_ALL_ASK = typeset("Effacer toutes les conversations de ce navigateur ?")

# Source panel.
SOURCE = "Source"
CLOSE = "Fermer la source"
PREVIOUS, NEXT = "Citation précédente", "Citation suivante"
CITE = typeset("Citer :")
COPIED = "Copié"
COPY_LINK = "Copier le lien"
CHARACTERS = "caractères {start} à {end}"
RECOGNISED = "Texte reconnu par OCR"
UNKNOWN_DOCUMENT = typeset("Ce document n’est pas dans l’index : il a pu être retiré ou renommé.")
LOST = typeset(
    "Le serveur ne répond plus. Cette page reviendra d’elle-même avec lui ; votre question reste "
    "dans la zone de saisie."
)
UNREADABLE = typeset("La source n’a pas pu être lue. Le serveur est-il encore en marche ?")
SOURCE_CHANGED = typeset(
    "Ce document a changé depuis la réponse : reposez la question pour retrouver la citation."
)

# Corpus.
CORPUS_FILTER = "Filtrer par titre"
CORPUS_SHOWN = typeset("{shown} sur {total}")
CORPUS_NONE = typeset("Aucun document ne répond à ces choix.")
COLUMN_DOCUMENT, COLUMN_PASSAGES, COLUMN_LENGTH = "Document", "Passages", "Caractères"
SKIPPED = typeset("Laissé de côté à l’indexation")
NOTHING_SKIPPED = typeset("Tous les fichiers du dossier ont été lus.")

# Where to search.
KINDS_LABEL, YEARS_LABEL = typeset("Types :"), typeset("Années :")
FIRST_YEAR, LAST_YEAR = "De l’année", "À l’année"
FROM, TO = "de", "à"
ANY_YEAR = "toutes"
TICK = typeset("Cochez des documents ou des dossiers pour ne chercher que là.")
TICK_ONE = typeset("Chercher dans {name}")
SCOPE = typeset("Recherche limitée à {shown} sur {total} : {names}")
SCOPE_EMPTY = typeset("Aucun document ne répond à ces choix : il n’y a nulle part où chercher.")
SEARCHED = typeset("Cherché seulement dans {shown} sur {total} : {names}")
SEARCH_ALL = "Chercher partout"
TOO_MANY = typeset("On ne peut pas cocher plus de {limit} documents : choisissez un dossier.")

# Taking documents away.
REMOVE, REPLACE = "Retirer", "Remplacer"
REMOVE_ASK = typeset("Retirer « {name} » de ces documents ? Son fichier sera effacé.")

# Adding documents.
ADD = "Ajouter des documents"
DROP = "Déposez des documents ici, ou"
CHOOSE = "choisissez-les"
DROP_LIMITS = typeset("{kinds} ; {limit} Mo au plus par fichier.").format(
    kinds=", ".join(KINDS), limit="{limit}"
)
SENDING = typeset("envoi : {share} %")
ADDITION_STATES = {
    "waiting": "en attente",
    "indexing": "en cours d’indexation",
    "done": "ajouté",
    "removed": "retiré",
    "skipped": "laissé de côté",
    "failed": "non ajouté",
}
STEPS = {"read": "lecture", "embed": "calcul du sens", "words": "relevé des mots"}
NOT_SENT = typeset("L’envoi a échoué. Le serveur est-il encore en marche ?")
FILE_NAME = typeset("Ce nom de fichier n’est pas accepté. Renommez le fichier.")
FILE_KIND = typeset("Ce type de fichier n’est pas lu. Types lus : {kinds}.")
FILE_TOO_LARGE = typeset("Le fichier dépasse {limit} Mo. Divisez-le.")
FILE_MISSING = typeset("Aucun document ajouté ne porte ce nom.")
FILE_EMPTY = "Le fichier est vide."
FILE_FAILED = typeset("Le fichier n’a pas pu être gardé : {error}.")
NO_ROOM = typeset("La place réservée aux ajouts est pleine.")
NOT_INDEXED = typeset("l’indexation a échoué ; la cause est dans le terminal du serveur")
NOT_READ = typeset("non lu ; « qa status » en dit la raison")

# Faults.
EMPTY = typeset("La question est vide. Écrivez ce que vous cherchez, en français.")
TOO_LONG = typeset("La question compte {found} caractères, pour {limit} au plus. Raccourcissez-la.")
VERDICT_FAILED = typeset("L’avis n’a pas pu être gardé. La cause est dans le terminal du serveur.")
FAILED = typeset("La question n’a pas pu être traitée. La cause est dans le terminal du serveur.")
UNEXPECTED = typeset("Une erreur inattendue est survenue. Reposez la question.")
NO_CONVERSATION = typeset("La conversation est vide : il n’y a rien à exporter.")
BUSY = typeset("Trop de questions à la fois. Patientez quelques secondes, puis recommencez.")
TOO_LARGE = typeset("La requête est trop volumineuse.")
TOO_SLOW = typeset("La requête n’est pas arrivée à temps. Recommencez.")
SERVER_FAULT = typeset("Une erreur inattendue est survenue. Recommencez.")
NO_CALL = typeset("La requête n’a pas la forme attendue.")
WRONG_VALUE = typeset("Cette valeur n’a pas le type attendu : {kind}.")
FORBIDDEN_HOST = typeset("Ce nom de serveur n’est pas servi ici.")
FORBIDDEN_ORIGIN = typeset("Un autre site ne peut pas se servir de cette page.")
WHO = typeset("Un nom et un mot de passe sont demandés ici.")
NOT_FOUND = typeset("Cette page n’existe pas.")

# Titles of the pages that say so, by status.
REFUSALS = {
    401: "Accès réservé",
    404: "Page introuvable",
    429: "Trop de demandes",
    503: "Trop de demandes",
}
REFUSED = "Demande refusée"
BACK = "Aller à la page des questions"
