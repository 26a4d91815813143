"""Every sentence of the evaluation page, in French: its own, and those of a report."""

from __future__ import annotations

from qa.evaluation.markup import Language
from qa.web.texts import typeset

TAB = "Évaluation"
INTRODUCTION = typeset(
    "Des questions dont on connaît la réponse mesurent la recherche, les réponses et les refus. "
    "Plus un intervalle est large, moins le jeu permet de conclure."
)
NO_FOLDER = typeset(
    "Aucun dossier de jeux de test n’est ouvert ici. Pour évaluer ou juger depuis cette page, "
    "relancez avec {serve} ; depuis un terminal, {evaluate} évalue et garde son rapport ici."
)
EMPTY_FOLDER = typeset(
    "Le dossier {folder} ne contient pas de jeu de test. Placez-y un dossier avec queries.jsonl et "
    "qrels/test.tsv, ou un fichier de questions ou de conversations (docs/evaluation.md)."
)
SETS = "Jeux de test"
COLUMN_SET, COLUMN_KIND, COLUMN_ACTIONS = "Jeu", "Mesure", "Actions"
KINDS = {"search": "recherche", "answers": "réponses et refus", "conversations": "conversations"}
EVALUATE, JUDGE, STOP = "Évaluer", "Juger", "Arrêter"
EVALUATE_NAME, JUDGE_NAME = typeset("Évaluer {name}"), typeset("Juger {name}")

STEPS = {
    "read": "Lecture des documents",
    "embed": "Calcul des vecteurs",
    "words": "Index des mots",
    "search": "Questions",
}
STARTING = "Préparation"
RUNNING = typeset("Évaluation de {name} en cours.")
PROGRESS = typeset("{step} : {done}")
PROGRESS_OF = typeset("{step} : {done} sur {total}")
BUSY = typeset("L’évaluation de {name} est en cours. Une seule peut l’être à la fois.")
DONE = typeset("L’évaluation de {name} est terminée.")
STOPPED = typeset("L’évaluation de {name} a été arrêtée ; le dernier rapport reste.")
FAILED = typeset("L’évaluation de {name} a échoué : {error}")
UNEXPECTED = typeset("L’évaluation de {name} a échoué. La cause est dans le terminal du serveur.")
GONE = typeset("Ce jeu de test n’est plus là. Rouvrez l’onglet.")
NOT_KEPT = typeset("Le rapport n’a pas pu être gardé : {error}")

NO_REPORT = typeset("Aucune évaluation n’a encore été faite sur cet index.")
MEASURED = typeset("Mesuré le {day} à {time}, sur l’index en service.")
MEASURED_BEFORE = typeset(
    "Mesuré le {day} à {time}, sur une version précédente de l’index : évaluez de nouveau."
)
MEASURED_OWN = typeset("Mesuré le {day} à {time}, sur les documents du jeu de test lui-même.")

POOLING = typeset("Recherche des passages à juger")
JUDGED = typeset("{judged} sur {total} passages jugés")
JUDGING = typeset("Juger {name}")
QUESTION = typeset("Question :")
GRADES = ((2, "Répond"), (1, "Sur le sujet"), (0, "Hors sujet"))
GRADE = typeset("Ce passage répond-il à la question ?")
KEYS = typeset(
    "Au clavier : 2, 1 ou 0 pour juger, S pour laisser à plus tard, U pour reprendre le dernier "
    "jugement."
)
LATER, UNDO, CLOSE = "Plus tard", "Reprendre le dernier", "Fermer"
ALL_JUDGED = typeset("Tout est jugé : évaluez maintenant ce jeu.")
LEFT_FOR_LATER = typeset("{count} laissés pour plus tard : rouvrez pour les juger.")
OPEN_SOURCE = "Lire dans le document"

# Kinds of questions, as this project's own test sets name them.
_KINDS = (
    "person: personne, place: lieu, time: date, number: nombre, reason: raison, manner: manière, "
    "other: autre, keywords: mots-clés, yes-no: oui ou non, no-accents: sans accents, typo: faute "
    "de frappe, false-premise: prémisse fausse, near-topic: sujet proche, off-topic: hors sujet, "
    "pronoun: pronom, ellipsis: ellipse, chain of three: suite de trois, missing-topic: sujet tu, "
    "topic-shift: changement de sujet, possessive: possessif, return: retour"
)

REPORT = Language(
    "fr",
    dict(pair.split(": ") for pair in _KINDS.split(", "))
    | {
        text: typeset(french)
        for text, french in {
            "hybrid": "hybride",
            "dense": "sens",
            "lexical": "mots",
            "low": "faible",
            "normal": "normale",
            "high": "forte",
            "raw": "telle quelle",
            "history": "avec l’historique",
            "resolved": "récrite",
            "first": "première question",
            "follow-up": "question de suite",
            "self-contained": "question autonome",
            "shift": "changement de sujet",
            "new subject": "question d’une autre conversation",
            "nDCG@5": "nDCG@5",
            "R@5": "R@5",
            "evidence cited": "preuve citée",
            "evidence cited or withheld": "preuve citée ou retenue",
            "refused": "questions sans réponse refusées",
            "no value": "sans valeur",
            "{title}: values": "{title} : valeurs",
            ": {names}": " : {names}",
            "Note:": "À savoir :",
            "Index, statistics and versions": "Index, statistiques et versions",
            "Search: {name}": "Recherche : {name}",
            "Models: {name}": "Modèles : {name}",
            "Answers: {name}": "Réponses : {name}",
            "Conversations: {name}": "Conversations : {name}",
            "{questions} questions, {documents} documents, model {model}.": (
                "{questions} questions, {documents} documents, modèle {model}."
            ),
            "{questions} questions, {documents} documents, model {model}, caution {caution}.": (
                "{questions} questions, {documents} documents, modèle {model}, prudence {caution}."
            ),
            "{count} conversations, {turns} turns, {method} search, caution {caution}, {documents} "
            "documents, model {model}.": (
                "{count} conversations, {turns} questions, recherche {method}, prudence {caution}, "
                "{documents} documents, modèle {model}."
            ),
            "value x 100 (bars: 95 % intervals)": "valeur × 100 (barres : intervalles à 95 %)",
            "share x 100 (bars: 95 % intervals)": "part × 100 (barres : intervalles à 95 %)",
            "Measures by method": "Mesures par méthode",
            "Recall at depth": "Rappel selon la profondeur",
            "documents looked at": "documents regardés",
            "recall x 100": "rappel × 100",
            "documents": "documents",
            "Search time": "Temps de recherche",
            "ms a question": "ms par question",
            "method": "méthode",
            "Paired comparisons (p corrected for the systems compared, Holm)": (
                "Comparaisons appariées (p corrigé pour les systèmes comparés, Holm)"
            ),
            "{measure}: {a} - {b}": "{measure} : {a} − {b}",
            "difference": "différence",
            "p (randomisation)": "p (permutations)",
            "p (t)": "p (t)",
            "better": "mieux",
            "worse": "moins bien",
            "equal": "égal",
            "{measure} by question: {a} - {b}": "{measure} par question : {a} − {b}",
            "{measure}: difference x 100": "{measure} : différence × 100",
            "{measure} by model": "{measure} par modèle",
            "question": "question",
            "Only questions that differ are in the table.": (
                "Seules les questions qui diffèrent sont dans le tableau."
            ),
            "answerable: some quote holds the answer": "avec réponse : une citation la contient",
            "answerable: the first quote does": "avec réponse : la première citation la contient",
            "answered: some quote holds the answer": "répondues : une citation est juste",
            "citations on evidence": "citations appuyées par une preuve",
            "nothing refused: some quote would": "sans refus : une citation la contiendrait",
            "nothing refused: the first quote would": "sans refus : la première la contiendrait",
            "answerable, answered": "avec réponse, répondues",
            "unanswerable, answered": "sans réponse, répondues",
            "unanswerable, {kind}, answered": "sans réponse, {kind}, répondues",
            "some quote holds the answer, {kind}": "une citation contient la réponse, {kind}",
            "some quote holds the answer, style {kind}": (
                "une citation contient la réponse, style {kind}"
            ),
            "Answers, citations and refusals": "Réponses, citations et refus",
            "Some quote holds the answer, by kind of question": (
                "Une citation contient la réponse, par genre de question"
            ),
            "Risk and coverage": "Risque et couverture",
            "coverage x 100: share of questions answered, the surest first": (
                "couverture × 100 : part des questions répondues, les plus sûres d’abord"
            ),
            "risk x 100": "risque × 100",
            "coverage x 100": "couverture × 100",
            "confidence": "confiance",
            "Area under the curve: {risk} (less is better). Area under the ROC curve of the "
            "confidence: {auroc}.": (
                "Aire sous la courbe : {risk} (moins vaut mieux). Aire sous la courbe ROC de la "
                "confiance : {auroc}."
            ),
            "Area under the ROC curve, {kind}: {auroc}.": (
                "Aire sous la courbe ROC, {kind} : {auroc}."
            ),
            "{quotes} quotes an answer, of {length} characters (median).": (
                "{quotes} citations par réponse, de {length} caractères (médiane)."
            ),
            "value": "valeur",
            "count": "compte",
            "{count} of {total}": "{count} sur {total}",
            "phenomenon: {name}": "phénomène : {name}",
            "{measure} as typed, with the history and resolved": (
                "{measure} : question telle quelle, avec l’historique, récrite"
            ),
            "turns": "questions",
            "changed": "récrites",
            "gap recovered": "écart rattrapé",
            "harm": "perte",
            "questions without judgements were left out": (
                "questions sans jugement, laissées de côté"
            ),
            "questions without a relevant document score zero": (
                "questions sans document pertinent, comptées zéro"
            ),
            "relevant documents are not in the index, nothing can find them": (
                "documents pertinents absents de l’index, que rien ne peut trouver"
            ),
            "documents were skipped by the reader": "documents laissés de côté à la lecture",
            "questions have a document or evidence that is not in the index": (
                "questions dont le document ou la preuve n’est pas dans l’index"
            ),
            "turns without gold were asked and not measured": (
                "questions sans résultat attendu, posées et non mesurées"
            ),
            "gold entries are not in the index": "résultats attendus absents de l’index",
        }.items()
    },
    ",",
)
