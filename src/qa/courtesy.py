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
_INSULT = "Je peux mieux faire\u202f? Dites-moi ce que vous cherchez dans les documents."
_LANGUAGE = "Je ne comprends que le français\u202f: pouvez-vous reformuler votre question\u202f?"
_NO_WORDS = "Je n’ai pas compris. Pouvez-vous poser une question en français\u202f?"

# The words of a courtesy (folded), the reply of the first list that has one, and what may stand
# beside them. A message that asks (qui, quand…) is looked up whole, in _ABOUT_ME, instead.
_COURTESIES: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset(
            """con conne cons connard connards connasse idiot idiote idiots imbecile abruti abrutie
            cretin debile debiles stupide stupides nul nulle nuls salaud salope merde merdique
            encule batard gueule pute putain foutre chier""".split()
        ),
        _INSULT,
    ),
    (
        frozenset(
            """revoir adieu bientot bonne week bye ciao tchao goodbye tschuss adios
            arrivederci""".split()
        ),
        _FAREWELL,
    ),
    (
        frozenset(
            """merci mercis remercie thanks thank danke gracias grazie super parfait ok okay genial
            bravo top cool excellent oui non compris comprends entendu desole desolee excuse excusez
            pardon lol mdr ptdr haha hihi vois nickel exactement parfaitement felicitations chance
            gentil sympa impeccable dac acc test pff euh hum""".split()
        ),
        _THANKS,
    ),
    (
        frozenset(
            """bonjour bonsoir salut coucou hello hey hi bjr slt bsr yo allo hola hallo buongiorno
            enchante enchantee joyeux joyeuse""".split()
        ),
        _GREETING,
    ),
)
_BESIDE = STOP_WORDS | frozenset(
    """beaucoup bien bon belle infiniment mille fois aide reponse vraiment trop espece sale gros
    grosse pauvre sourcier madame monsieur mesdames messieurs monde ami amie amis va vas aller allez
    you grand fin plait journee soiree nuit annee noel anniversaire fetes demain
    avance end sur type toi re retour chance""".split()
)
# Words that are a courtesy only together.
_AGREED = re.compile(
    r"\b(?:d'accord|c'est (?:note|clair|bon)|pas mal|de rien|je (?:t'|vous )aime"
    r"|(?:tres|c'est) bien|a vous aussi|bien sur|ca marche)\b|^a (?:demain|plus(?: tard)?)$"
)
_QUESTION_WORDS = frozenset(
    """qui que qu' quoi ou quand comment pourquoi combien quel quelle quels quelles lequel
    laquelle""".split()
)
_ABOUT_ME = re.compile(
    r"(?:qui es tu|(?:tu|t') ?es qui|qui etes vous|vous etes qui|(?:comment )?(?:tu t'appelles|"
    r"t'appelles tu|vous appelez vous|vous vous appelez)(?: comment)?|quel est (?:ton|votre) nom|"
    r"qui (?:t'a|vous a) (?:cree|fait|programme|invente)s?|(?:que|qu'est ce que) (?:peux tu|tu peux"
    r"|pouvez vous|vous pouvez|sais tu|tu sais|savez vous|vous savez) faire|a quoi (?:sers tu|tu"
    r" sers|servez vous)|comment (?:tu (?:marches|fonctionnes)|vous fonctionnez|fonctionnes tu"
    r"|fonctionnez vous)|(?:est ce que )?(?:es tu|tu es|etes vous|vous etes) (?:un robot|une ia"
    r"|humaine?|un humain|une machine|une intelligence artificielle)|(?:aide|aidez)(?: moi)?|help|"
    r"(?:tu peux|peux tu|pouvez vous|vous pouvez|pourriez vous) (?:m'aider|me rendre un service)|"
    r"(?:j'ai|j'aurais|je voudrais (?:te |vous )?poser|puis je (?:te |vous )?poser) (?:une"
    r"|plusieurs|quelques) questions?(?: a (?:te|vous) poser)?|"
    r"(?:(?:raconte|racontez|dis|dites) moi|(?:peux tu|pouvez vous) me raconter)"
    r" une (?:blague|histoire)|je peux (?:te |vous )?poser une question|il y a quelqu'un)"
    r"(?: exactement| pour moi| s'il (?:te|vous) plait)?"
)
_INSULTED = re.compile(
    r"quel(?:le)? (?:con|conne|idiote?|imbecile|abrutie?)|tu (?:ne )?sers a rien"
    r"|vous (?:ne )?servez a rien|casse toi|fils de pute|ferme la|degage|va te faire \w+"
)
_HOW_ARE_YOU = re.compile(
    r"(?:comment (?:ca |tu |vous )?(?:va|vas|allez)(?: (?:tu|vous))?|[cs]a va"
    r"|(?:tu vas|vous allez) bien|quoi de neuf)(?: (?:bien|toi|vous|aujourd'hui))?|tu m'aimes"
)
_HOW_IT_WORKS = re.compile(r"comment (?:ca|cela) (?:marche|fonctionne)")
_OPENING = re.compile(r"(?:(?:bonjour|bonsoir|salut|coucou|hello|hey|bjr|slt)(?: (?=\w))?)+")

# Words that are common in a language and not words of French (folded).
_FOREIGN = tuple(
    frozenset(words.split())
    for words in (
        """the who what when where why how which was were did does is are has have had of and in
        for with from about his her their this that these those you your do can would it my i""",
        """el los las quien cuando donde como cual cuanto cuantos fue era es son por para con del
        una uno murio nacio y esta estan hay mi hora""",
        """der die das wer wann wo warum wie welche welcher ist sind war wurde hat haben und von mit
        fur ein eine nicht es ich im den""",
        """il lo gli chi quando dove perche come quale quanto quanti era sono ha della dello delle
        nel nella con una uno morto nato e di ti mi si chiami""",
        """o os quem quando onde como qual quanto foi era um uma nao em do da dos das por para com
        morreu nasceu""",
        "wie wat waar wanneer waarom hoe welke was is het een van en zijn werd voor met niet heeft",
    )
)
# Rows of French and English keyboards.
_KEYBOARD = "azertyuiop qsdfghjklm wxcvbn qwertyuiop asdfghjkl zxcvbnm"
_LONGEST = 200  # characters; a longer message is no courtesy


def courtesy_reply(message: str, in_conversation: bool = False) -> str | None:
    """What to say to a message that asks nothing of the documents; ``None`` for a question.

    « Comment ça marche ? » asks about the product at first, and about the topic of a conversation.
    """
    words = re.findall(r"\w+(?:'(?=\w))?", fold(message[: 4 * _LONGEST]))
    if not any(character.isalnum() for character in message):
        return _NO_WORDS
    text = " ".join(words).replace("' ", "'")
    if len(text) <= _LONGEST:
        without_greeting = _OPENING.sub("", text, count=1) if _OPENING.match(text) else text
        if _INSULTED.fullmatch(text):
            return _INSULT
        for asked in (text, without_greeting):
            if _ABOUT_ME.fullmatch(asked) or (
                not in_conversation and _HOW_IT_WORKS.fullmatch(asked)
            ):
                return _HELP
            if _HOW_ARE_YOU.fullmatch(asked):
                return _GREETING
        said = _AGREED.sub("ok", text).replace("'", " ").split()
        if not _QUESTION_WORDS & set(said) and all(map(_is_courteous, said)):
            for courteous, reply in _COURTESIES:
                if courteous & set(said):
                    return reply
    if all(map(_is_gibberish, words)):
        return _NO_WORDS
    if _is_foreign(words) or message.lstrip().startswith(("¿", "¡")):
        return _LANGUAGE
    return None


def _is_courteous(word: str) -> bool:
    return word in _BESIDE or any(word in courteous for courteous, _ in _COURTESIES)


def _is_gibberish(word: str) -> bool:
    """« azertyuiop », « qsdqsd », « zzzzz », « dfgkjh »; not « rgpd », « NEP », « 1917 »."""
    if word.isdigit() or len(word) < 4:
        return word in {"bla", "blah"}
    if re.fullmatch(r"(\w)\1{3,}|(\w{2,3})\2{2,}\w?", word):
        return True
    unit = re.sub(r"^(\w{3,4})\1+$", r"\1", word)
    if (len(unit) >= 5 or unit != word) and any(unit in row for row in _KEYBOARD.split()):
        return True
    return len(word) >= 6 and word.isascii() and not re.search(r"[aeiouy0-9]", word)


def _is_foreign(words: list[str]) -> bool:
    """Whether the small words of a message are those of another language.

    Another script is foreign too. Two foreign small words are wanted, and more of them than French
    ones, so that a title or a name in another language inside a French question does no harm.
    """
    letters = [character for word in words for character in word if character.isalpha()]
    if letters and sum(character > "\u024f" for character in letters) > len(letters) / 2:
        return True
    if words[0] in _QUESTION_WORDS - {"que"}:
        return False
    french = sum(word.rstrip("'") in STOP_WORDS for word in words)
    return any(
        sum(word in vocabulary for word in words) >= 2
        and sum(word in vocabulary for word in words) > french
        for vocabulary in _FOREIGN
    )
