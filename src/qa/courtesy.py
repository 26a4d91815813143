"""Messages that ask nothing of the documents: greetings, thanks, insults, other languages.

Each gets a short reply in French and never a citation. A rule fires only when the whole message is
of its kind: « Bonjour, où est mort Trotsky ? » is a question.
"""

from __future__ import annotations

import re

from qa.french import STOP_WORDS, fold

# French typography: U+202F before ; ! ? and U+00A0 before a colon.
_GREETING = "Bonjour\u202f! Posez-moi une question sur les documents\u202f: je cite mes sources."
_THANKS = "Je vous en prie. Une autre question\u202f?"
_FAREWELL = "Au revoir, et à bientôt."
_HELP = (
    "Je cherche dans vos documents les phrases qui répondent à une question posée en français, et "
    "je les cite mot pour mot. Quand les documents ne répondent pas, je le dis."
)
_INSULT = "Restons courtois. Avez-vous une question sur les documents\u202f?"
_LANGUAGE = "Je ne comprends que le français\u202f: pouvez-vous reformuler votre question\u202f?"
_NO_WORDS = "Je n’ai pas compris. Pouvez-vous poser une question en français\u202f?"

_OPENING = r"(?:bonjour|bonsoir|salut|coucou|hello|hey|hi|bjr|slt|yo|allo)"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            rf"{_OPENING}(?: (?:a (?:toi|vous|tous)|sourcier|madame|monsieur|mesdames|messieurs"
            r"|tout le monde|l'ami|ca va|comment (?:ca va|vas tu|allez vous)))*"
            r"|(?:comment )?ca va(?: bien)?|comment (?:vas tu|allez vous)"
        ),
        _GREETING,
    ),
    (
        re.compile(
            r"(?:(?:non |ok |oui |super |parfait |tres bien )*merci(?: beaucoup| bien"
            r"| a (?:toi|vous)| infiniment| mille fois"
            r"| pour (?:tout|votre aide|ton aide|la reponse|cette reponse))*"
            r"|mille mercis|thanks|thank you|super|parfait|ok|d'accord|tres bien|genial|bravo"
            r"|oui|non|c'est (?:bon|parfait|clair|note))"
        ),
        _THANKS,
    ),
    (
        re.compile(
            r"(?:au revoir|adieu|a (?:bientot|plus|demain|plus tard)|bye|ciao|bonne (?:journee"
            r"|soiree|nuit|fin de journee))(?: merci| et merci| a (?:vous|tous|bientot))*"
        ),
        _FAREWELL,
    ),
    (
        re.compile(
            r"(?:qui es tu|qui etes vous|tu es qui|vous etes qui|que (?:peux tu"
            r"|pouvez vous|sais tu|savez vous) faire"
            r"|comment (?:tu marches|ca marche|(?:tu|vous) fonctionne[sz]?)"
            r"|aide"
            r"|aide moi|aidez moi|help|es tu (?:un robot|une ia|humain))"
        ),
        _HELP,
    ),
    (
        re.compile(
            r"(?:(?:tu|vous|t'es|es|espece|sale|gros|grosse|pauvre|un|une|de|vraiment|trop|quel"
            r"|quelle) |d')*(?:con|conne|connard|connasse|idiot|idiote|imbecile|abruti|abrutie"
            r"|cretin|debile|nul|nulle|salaud|salope|merde|encule|batard|ta gueule|pute"
            r"|ferme la|va te faire \w+)"
        ),
        _INSULT,
    ),
)

# Words that are common in a language and not words of French (folded).
_FOREIGN = (
    frozenset(
        """the who what when where why how which was were did does is are has have had of and in
        for with from about his her their this that these those you your do can would""".split()
    ),
    frozenset(
        """el los las quien cuando donde como cual cuanto cuantos fue era es son por para con del
        una uno murio nacio y""".split()
    ),
    frozenset(
        """der die das wer wann wo warum wie welche welcher ist sind war wurde hat haben und von mit
        fur ein eine nicht""".split()
    ),
    frozenset(
        """il lo gli chi quando dove perche come quale quanto quanti era sono ha della dello delle
        nel nella con una uno morto nato e di""".split()
    ),
)


def courtesy_reply(message: str) -> str | None:
    """What to say to a message that asks nothing of the documents; ``None`` for a question."""
    words = re.findall(r"\w+(?:'(?=\w))?", fold(message))
    if not any(character.isalnum() for character in message):
        return _NO_WORDS
    text = " ".join(words).replace("' ", "'")
    for pattern, reply in _RULES:
        if pattern.fullmatch(text):
            return reply
    if _is_foreign(words):
        return _LANGUAGE
    return None


def _is_foreign(words: list[str]) -> bool:
    """Whether the small words of a message are those of another language.

    Another script is foreign too. Two foreign small words are wanted, and more of them than French
    ones, so that a title or a name in another language inside a French question does no harm.
    """
    letters = [character for word in words for character in word if character.isalpha()]
    if letters and sum(character > "\u024f" for character in letters) > len(letters) / 2:
        return True
    french = sum(word.rstrip("'") in STOP_WORDS for word in words)
    return any(
        sum(word in vocabulary for word in words) >= 2
        and sum(word in vocabulary for word in words) > french
        for vocabulary in _FOREIGN
    )
