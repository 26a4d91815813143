"""The closed word lists of the follow-up rules, all folded (lower case, no accents).

Nouns and verbs are compared by stem, so that one entry stands for its inflections.
"""

from __future__ import annotations

from functools import cache, lru_cache

from qa.french import words

# --- Grammar --------------------------------------------------------------------------------------

SUBJECT_PRONOUNS = {
    "il": ("m", False), "elle": ("f", False), "ils": ("m", True), "elles": ("f", True),
}  # fmt: skip
INVERTED = frozenset({"-il", "-elle", "-ils", "-elles"})
OTHER_INVERTED = frozenset({"-on", "-je", "-tu", "-nous", "-vous", "-ce"})
ORDINALS = frozenset(
    """
    premier premiere second seconde deuxieme troisieme quatrieme cinquieme dernier derniere
    prochain prochaine suivant suivante precedent precedente
    """.split()
)
# « la première femme »: the noun comes after.
LEADING_ADJECTIVES = ORDINALS | frozenset(
    """
    premiers premieres grand grande nouvelle nouveau jeune vieux vieille petit petite ancien
    ancienne principal principale principaux principales celebre autre autres meilleur meilleure
    haute haut belle beau vrai vraie
    """.split()
)
# Article by determiner; an indefinite or first-person one is kept as it was said.
DEFINITE = {"le": "le", "la": "la", "l'": "l'", "les": "les"}
CONTRACTED = {"du": "le", "des": "les", "au": "le", "aux": "les"}
OTHER_DETERMINERS = frozenset(
    "un une mon ma mes notre nos votre vos ce cet cette ces son sa ses leur leurs".split()
)
MASCULINE = frozenset("le un du au ce cet mon son quel quels".split())
FEMININE = frozenset("la une cette ma sa quelle quelles".split())
PLURAL = frozenset("les des aux ces mes nos vos ses leurs quels quelles".split())
POSSESSIVES = {"son": "le", "sa": "la", "ses": "les", "leur": "l", "leurs": "les"}
DEMONSTRATIVE_DETERMINERS = frozenset("ce cet cette ces".split())
DEMONSTRATIVE_PRONOUNS = {
    "celui-ci": ("m", False), "celui-la": ("m", False), "celle-ci": ("f", False),
    "celle-la": ("f", False), "ceux-ci": ("m", True), "ceux-la": ("m", True),
    "celles-ci": ("f", True), "celles-la": ("f", True),
}  # fmt: skip
CLITICS = frozenset("ne n' se s' me m' te t' nous vous le la les l' lui leur y en".split())
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
HAVING = frozenset("a ont avait avaient eut eurent aura aurait ait avoir".split())
BEING = frozenset("est sont etait etaient fut furent sera seront serait ete".split())

# Forms that no suffix rule can tell from a noun.
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

# --- What stands alone ----------------------------------------------------------------------------

MODALS = frozenset(
    """
    peut peuvent doit doivent veut veulent va vont fait fit faut voulut pouvait voulait devait
    fallait pourrait
    """.split()
)
# With « il fait »: the weather.
WEATHER = frozenset(
    """
    temps froid chaud beau mauvais bon jour nuit sombre temperature temperatures degres meteo
    frais doux humide clair gris
    """.split()
)
IMPERSONAL_VERBS = frozenset(
    """
    faut fallait fallut faudra faudrait agit agissait agira vaut pleut pleuvait pleuvra neige
    neigeait neigera suffit convient semble importe advient paraitrait
    """.split()
)
IMPERSONAL_ADJECTIVES = frozenset(
    """
    possible impossible vrai faux necessaire obligatoire interdit permis prevu autorise utile
    important difficile facile arrive question dangereux legal illegal preferable normal probable
    conseille recommande
    """.split()
)

# --- Openings and pleasantries --------------------------------------------------------------------

OPENINGS = frozenset((
    "et", "mais", "alors", "donc", "sinon", "ensuite", "du coup", "au fait", "d'accord", "ok",
    "okay", "merci", "merci beaucoup", "bien", "tres bien", "super", "parfait", "ah", "oh", "euh",
    "bon", "ben", "eh bien", "oui", "non", "interessant", "genial", "je vois", "entendu", "puis",
    "autre question", "et aussi", "aussi", "encore une question", "bonjour", "salut", "compris",
    "s'il te plait", "s'il vous plait", "et sinon", "et puis", "et alors", "enfin", "or",
))  # fmt: skip
RETURNS = (
    "revenons a", "revenons en a", "revenons-en a", "pour revenir a", "je reviens a", "retour a",
    "concernant", "quant a", "a propos de", "au sujet de", "en ce qui concerne", "s'agissant de",
    "pour ce qui est de", "parlons de", "reparlons de", "parlons maintenant de",
    "pour en revenir a", "passons a", "pour",
)  # fmt: skip

# --- Nouns by kind --------------------------------------------------------------------------------

PERSON_NOUNS = frozenset(
    """
    homme femme pere mere fils fille frere soeur epouse epoux mari enfant oncle tante cousin roi
    reine empereur imperatrice president presidente ministre chef general marechal ecrivain auteur
    poete peintre musicien compositeur inventeur savant physicien chimiste mathematicien philosophe
    revolutionnaire dirigeant dirigeante fondateur fondatrice assassin militant personnage personne
    acteur actrice chanteur chanteuse artiste architecte navigateur explorateur medecin avocat
    professeur eleve disciple maitre heros pape eveque saint tsar prince princesse duc duchesse
    comte militaire soldat marin ouvrier paysan secretaire leader politicien romancier romanciere
    scientifique journaliste sculpteur realisateur cineaste gouverneur entraineur librettiste
    historien directeur directrice maire juge danseur joueur champion coureur pilote capitaine
    amiral colonel commandant lieutenant ambassadeur inventrice compositrice realisatrice autrice
    biologiste astronome botaniste naturaliste economiste sociologue psychologue chirurgien
    infirmiere ingenieur astronaute cosmonaute cardinal abbe moine pharaon sultan calife chancelier
    depute senateur sorcier detective inspecteur coiffeur cuisinier boulanger photographe
    dessinateur scenariste dramaturge
    """.split()
)
EVENT_NOUNS = frozenset(
    """
    revolte revolution bataille guerre insurrection greve crise siege coup assassinat attentat mort
    naissance massacre liquidation collectivisation dekoulakisation purge famine proces congres
    conference election manifestation emeute conflit invasion campagne expedition croisade traite
    accord armistice paix alliance pacte reforme incendie seisme catastrophe accident eruption
    epidemie exil mutinerie soulevement commune putsch repression offensive debarquement naufrage
    evenement mouvement combat assaut attaque bombardement affaire fete construction fondation
    creation decouverte independance abolition abdication
    """.split()
)
PLACE_NOUNS = frozenset(
    """
    ville village pays region capitale ile fleuve riviere montagne mer lac port quartier rue place
    continent departement province etat royaume empire commune vallee desert foret maison palais
    chateau musee eglise cathedrale gare aeroport pont tour lieu endroit
    """.split()
)
# A general noun and what it can stand for: kinds ("event") or nouns.
_GENERAL = {
    "event": """conflit evenement affrontement combat soulevement""",
    "event thing": """mouvement""",
    "place": """ville pays region village ile endroit capitale continent etat commune""",
    "event place": """lieu""",
    "person": """homme femme personnage personne ecrivain auteur dirigeant peintre revolutionnaire
    artiste savant""",
    "thing": """roman livre oeuvre film tableau ouvrage organisation parti institution entreprise
    societe projet journal loi maladie animal concept notion theorie phenomene principe
    systeme appareil objet opera piece chanson poeme album serie jeu logiciel outil
    produit avion navire""",
    "place thing": """monument batiment edifice volcan montagne fleuve chateau musee""",
    "action": """demarche demande formalite""",
    "action thing": """procedure""",
    "action event": """operation""",
}
GENERAL_NOUNS: dict[str, set[str]] = {
    noun: set(kinds.split()) for kinds, nouns in _GENERAL.items() for noun in nouns.split()
} | {
    "insurrection": {"emeute", "mutinerie", "revolte", "revolution"},
    "rebellion": {"emeute", "insurrection", "mutinerie", "revolte"},
    "revolte": {"emeute", "insurrection", "mutinerie", "rebellion", "soulevement"},
    "guerre": {"conflit"},
    "accord": {"armistice", "pacte", "traite"},
    "texte": {"constitution", "decret", "loi", "thing", "traite"},
    "document": {"carte", "loi", "passeport", "permis", "traite"},
}
PLACES = frozenset(
    """
    france russie allemagne italie espagne angleterre chine japon inde mexique turquie norvege
    pologne suisse belgique autriche hongrie europe asie afrique amerique urss canada quebec
    portugal grece suede finlande danemark irlande ecosse egypte maroc algerie tunisie bresil
    argentine chili perou ukraine roumanie bulgarie serbie croatie australie siberie bretagne
    normandie paris londres berlin moscou rome madrid vienne mexico lyon marseille bordeaux
    toulouse nantes lille strasbourg petrograd leningrad cronstadt kronstadt bruxelles geneve
    new-york washington pekin tokyo istanbul oceanie etats-unis pays-bas royaume-uni
    """.split()
)
# « en Turquie », « en URSS », but « à Rome », « au Mexique »
EN_PLACES = frozenset(
    place for place in PLACES if place.endswith("e") or place == "urss"
) - frozenset("mexique rome vienne lille geneve".split())
FEMALE_NAMES = frozenset(
    """
    marie jeanne louise rosa anne catherine elisabeth marguerite simone olympe charlotte clara
    alexandra nadejda natalia natalya inessa emma victoria cleopatre josephine sophie julie claire
    helene camille george colette edith frida emilie madeleine therese isabelle antoinette eugenie
    hannah virginia jane ada lucie alice agatha angela margaret eva diana cecile caroline valentina
    anna maria nina vera larissa flora francoise genevieve brigitte ingrid greta coco sarah
    juliette christine eleonore agnes blanche berthe suzanne
    """.split()
)
# Of a first name before a last one.
FEMALE_ENDINGS = ("a", "elle", "ele", "ine", "ette", "enne", "ie", "otte", "ude", "anne")
MALE_ENDINGS = ("o", "er", "or", "rd", "rt", "ld", "us", "ail", "itch")
MALE_NAMES = frozenset(
    """
    leon vladimir joseph karl friedrich louis charles henri jean jacques pierre paul victor
    napoleon nicolas alexandre albert georges emile honore gustave marcel blaise rene claude
    antoine francois philippe robert maximilien ernest jules auguste guillaume david michel isaac
    galileo galilee leonard vincent pablo salvador wolfgang johann ludwig frederic richard giuseppe
    benito adolf winston franklin john george thomas abraham martin nelson fidel ernesto mao lev
    sergei grigori ivan boris mikhail felix andre ramon simon christophe ferdinand marco vasco
    denis jean-jacques jean-paul jean-baptiste etienne jeremie elie nikita ilia luca joshua sacha
    mustafa attila ambroise bernard
    """.split()
) - {"george"}  # fmt: skip

# Vowel-initial nouns whose article says nothing of their gender; suffixes decide for the rest.
FEMININE_NOUNS = frozenset(
    """
    armee usine ecole oeuvre ile union assemblee epoque annee industrie epidemie abbaye academie
    amende aide affaire internationale offensive emeute equipe encyclopedie etoile espece energie
    eau economie histoire idee image imprimerie
    """.split()
)
FEMININE_SUFFIXES = (
    "tion",
    "sion",
    "ite",
    "ure",
    "ette",
    "ence",
    "ance",
    "esse",
    "ise",
    "ude",
    "trice",
    "euse",
)

# --- Words that name no subject of their own ------------------------------------------------------

# Nouns that are someone's or something's: « les conséquences » of what?
RELATIONAL_NOUNS = frozenset(
    """
    cause consequence resultat bilan effet origine but objectif raison motif motivation contexte
    date annee jour mois siecle lieu duree debut fin issue deroulement etape phase victime mort
    blesse perte survivant prisonnier participant protagoniste acteur chef commandant dirigeant
    leader president fondateur auteur createur inventeur signataire vainqueur vaincu gagnant
    perdant adversaire ennemi allie membre effectif nombre chiffre revendication demande programme
    mesure decision contenu article clause disposition population habitant superficie capitale
    langue monnaie climat altitude hauteur longueur largeur taille poids profondeur distance prix
    cout tarif montant delai document piece justificatif formulaire condition demarche procedure
    formalite exception sanction amende risque recours avantage inconvenient difference limite
    plafond bareme taux age nom prenom surnom pseudonyme metier profession fonction poste role
    titre grade parent pere mere femme epouse mari epoux fils fille frere soeur enfant famille
    nationalite religion formation etude diplome oeuvre livre ouvrage roman theme personnage sujet
    style influence importance signification sens definition symbole caracteristique particularite
    propriete composition structure fonctionnement principe methode technique usage utilisation
    symptome traitement remede prevention diagnostic histoire vie enfance jeunesse carriere
    naissance reaction attitude position opinion idee theorie critique suite successeur
    predecesseur heritage heritier budget siege adresse horaire contact telephone responsable
    organisateur statut forme couleur embleme drapeau hymne devise specialite activite construction
    architecte materiau etage visiteur exemple type categorie sorte detail information source
    preuve temoin personne gens fait chose moment endroit heure rendez-vous validite renouvellement
    remboursement frais interet surface point score finale musique densite element partie pays
    ville lien epave equipage passager coupable belligerant assassin meurtrier complice rival
    retard oubli erreur litige vol refus absence urgence region camp armee troupe soldat arme
    insurge mutin marin force public accueil ligne internet mairie prefecture service tribunal
    organisme beneficiaire droit obligation
    """.split()
)
# Of these, those of events and those of persons.
OF_EVENTS = frozenset(
    """
    consequence bilan victime mort morte perte vainqueur vaincu participant cause deroulement issue
    blesse prisonnier revendication reprime combattant camp insurge mutin personne gens eclate
    gagne declenche commence termine
    """.split()
)
OF_PERSONS = frozenset(
    """
    profession nationalite femme epouse mari enfant parent pere mere age metier enfance jeunesse
    carriere surnom prenom famille frere soeur fils fille naissance etudes
    """.split()
)
# Verbs and other words that any subject can have.
GENERIC_WORDS = frozenset(
    """
    controler commander diriger mener conduire durer commencer debuter finir terminer cesser
    eclater arriver passer derouler participer gagner perdre vaincre remporter signer ratifier
    negocier appeler nommer situer trouver mesurer peser couter payer fournir demander falloir
    obtenir faire avoir etre pouvoir devoir vouloir savoir dire aller venir mettre prendre donner
    tenir mourir naitre vivre habiter tuer assassiner blesser arreter emprisonner condamner
    executer reprimer organiser lancer provoquer declencher causer expliquer soutenir opposer
    refuser accepter fonder creer inventer decouvrir construire batir ecrire peindre composer
    publier resulter aboutir reussir echouer changer devenir servir utiliser fonctionner marcher
    signifier representer symboliser contenir comprendre prevoir permettre exister subsister rester
    contacter adresser joindre prevenir deposer envoyer remplir beneficier concerner toucher
    recevoir rembourser contester annuler modifier renouveler refaire eviter soigner guerir traiter
    attraper visiter voir lieu place eu eue eus mort ne elu finalement exactement precisement
    vraiment bien mieux alors ensuite aujourd'hui premier premiere dernier derniere principal grand
    nouveau nouvelle different necessaire obligatoire gratuit possible important celebre connu
    total actuel maximum minimum long longue longtemps haut vieux ancien politique autrement
    desormais vieille marquer jouer sinon concretement parle moi plait plus moins assez trop
    beaucoup environ temps cas face mal rapport ca dessus la-bas dedans d'abord faut fallait fallut
    faudra dois puis peux
    """.split()
)
# Of these, the ones that take the topic as their object: « Qui commandait la révolte ? ».
TRANSITIVE_VERBS = frozenset(
    """
    controler commander diriger mener gagner perdre remporter signer ratifier negocier provoquer
    declencher causer reprimer organiser lancer fonder creer inventer decouvrir construire batir
    ecrire peindre composer publier soutenir expliquer assassiner tuer
    """.split()
)
# Verbs whose « y » is a thing: « Qui s'y opposait ? »
VERBS_WITH_A = frozenset(
    "participer opposer assister renoncer repondre resister appartenir adherer succeder".split()
)
# Verbs whose object is someone: « Qui l'a tué ? ».
OBJECT_PERSON_VERBS = frozenset(
    """
    tuer assassiner arreter exiler epouser emprisonner condamner accuser executer eleve couronner
    nommer elu trahir rencontrer expulser deporter bannit enterrer succeder remplacer accompagner
    aider preceder influencer inspirer convaincre conseiller elever
    """.split()
)
# Verbs that only someone can be the subject of (or the victim), and those of things and events.
PERSON_VERBS = frozenset(
    """
    naitre ne nee nes nees mort morte morts mourir mourut marier marie mariee exiler exile exilee
    tuer tue tuee assassiner assassine assassinee epouser epouse ecrire ecrit ecrivit etudier
    etudie vivre vecu vecut vivait habiter emprisonner emprisonne arrete arretee deporter deporte
    deportee travailler gouverner peindre peint composer divorcer enterrer enterre enterree inhumer
    inhume grandir grandi rencontrer rencontre fuir fui quitter quitte croire penser pensait pense
    dire dit declarer appeler surnommer surnomme fils fille pere mere femme mari epoux enfant
    enfants couronne couronnee elu elue frere soeur parents famille profession metier enfance
    jeunesse carriere nationalite age surnom prenom biographie reposer repose reposent jouer joue
    jouait joua ecrits etudes veuf veuve neveu regne regna regnait combattre combattit battu
    retraite condamner condamne condamnee liberer libere liberee jugee gracie graciee fusille
    fusillee execute executee guillotine guillotinee pendu pendue decapite decapitee baptise
    baptisee
    """.split()
)
THING_VERBS = frozenset(
    """
    lieu commencer commencee signer signee fonder fondee creer creee construire construit batir
    terminer terminee durer eclater proclamer proclamee abolir ratifier ratifie ratifiee adopter
    adoptee inaugurer inauguree publier publie publiee declencher deroule deroulee situer situee
    organise organisee reprime reprimee dissoute dissous coute compte ecrite peinte entre vigueur
    voter votee promulguer raconter representer montrer decrit decrire evoquer paraitre parut sortir
    sorti sortit
    """.split()
)
VISITED = frozenset(
    """
    sculpture tableau peinture film manuscrit archive maison tombe tombeau statue musee atelier
    biographie vie oeuvre livre
    """.split()
)


@cache
def stem(form: str) -> str:
    """The stem of one word ("révoltes" -> "revolt"); the word itself when it has none."""
    analysed = words(form)
    return analysed[-1].stem if analysed else form


@lru_cache(maxsize=64)
def stems(entries: frozenset[str]) -> frozenset[str]:
    """The stems of a word list."""
    return frozenset(stem(entry) for entry in entries)


def among(form: str, entries: frozenset[str]) -> bool:
    """Whether a word is in a list, in any inflection: among("commandait", GENERIC_WORDS)."""
    if form in entries or stem(form) in stems(entries):
        return True
    # Without its accents, a participle has another stem than its verb: "utilisee", "utilise".
    participle = form.rstrip("s").rstrip("e")
    return len(participle) > 3 and form != participle and stem(participle + "er") in stems(entries)


def is_noun_of(form: str, entries: frozenset[str]) -> bool:
    """Whether a noun is in a list, singular or plural: "consequences" in RELATIONAL_NOUNS.

    Not by stem: « le traité » is no form of "traiter", nor « le parti » of "partie".
    """
    return form in entries or (form[-1:] in "sx" and form[:-1] in entries)
