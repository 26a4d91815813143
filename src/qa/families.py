"""Word families that stems keep apart: « né » and « naquit », « mort » and « décès ».

They stand for each other where a question is searched and where its answer is chosen. Only words
that questions about facts are made of; the list is ours.
"""

from __future__ import annotations

from functools import cache

from qa.french import words

# Folded forms.
_FAMILIES = (
    "ne nee nes nees nait naquit naitre naissance natif native natal natale",
    "mort morte morts mortes meurt meurent mourut moururent mourir deces decede decedee deceda "
    "suicide suicida succomba",
    "tue tuee tues tuer tua tuerent assassine assassinee assassiner assassina assassinat assassin "
    "assassins meurtre meurtrier",
    "ecrit ecrite ecrits ecrire ecrivit ecrivent auteur auteure redige redigee publie publiee",
    "fonde fondee fonder fonda fondateur fondatrice fondation cree creee creer crea creation",
    "epouse epousa epouser epoux marie mariee marier mariage femme mari",
    "elu elue elus elire election elit",
    "vaincu vaincre vainqueur victoire gagne gagner gagna remporte remporta remporter",
    "defaite perdu perdre perd perdit battu",
    "debut debute debuta commence commenca commencer commencement eclate eclata eclater",
    "fin finit finir fini termine termina terminer acheve acheva",
    "vit vivre vecut vivait habite habitait habiter reside residait resider residence demeure",
    "construit construite construire construction bati batie batir edifie edifice",
    "decouvert decouverte decouvrir decouvrit decouvreur",
    "invente inventee inventer inventa inventeur invention",
    "dirige dirigee diriger dirigeait dirigea dirigeant chef commande commandait commandant",
    "situe situee situer trouve trouver localise localisee",
    "appele appelee appeler appelle nomme nommee nom surnom surnomme denomme",
    "coute couter cout prix tarif montant",
    "peuple peuplee population habitants",
    "exclu exclue exclus exclure exclut exclusion expulse expulsee expulser expulsion",
    "exile exilee exil exiler banni bannir",
    "signe signee signer signa signature",
)
_FAMILY = {form: number for number, forms in enumerate(_FAMILIES) for form in forms.split()}


def family(form: str) -> int | None:
    """The number of the word family of a folded form; ``None`` for most words."""
    return _FAMILY.get(form)


@cache
def family_stems(number: int) -> frozenset[str]:
    """The stems of a family's forms."""
    return frozenset(word.stem for word in words(_FAMILIES[number]))
