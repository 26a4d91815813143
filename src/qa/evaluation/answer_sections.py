"""What a report says of answers and of conversations."""

from __future__ import annotations

from collections.abc import Mapping

from qa.evaluation.answers import AnswerEvaluation, Share
from qa.evaluation.confidence import Estimate
from qa.evaluation.conversations import MEASURES, WAYS, ConversationEvaluation, Group
from qa.evaluation.markup import Language, about, figure, heading
from qa.evaluation.plots import intervals_plot, lines_plot

_SHOWN_POINTS = 50


def answers_section(found: AnswerEvaluation, language: Language) -> list[str]:
    """Answers, citations, refusals, and how well the confidence tells right from wrong."""
    say = language.say
    shares = {
        say("answerable: some quote holds the answer"): found.accuracy,
        say("answerable: the first quote does"): found.accuracy_first,
        say("answered: some quote holds the answer"): found.accuracy_when_answered,
        say("citations on evidence"): found.citation_precision,
        say("answerable, refused"): found.falsely_refused,
        say("unanswerable, refused"): found.refused,
        **{
            say("unanswerable, {kind}, refused").format(kind=kind): share
            for kind, share in found.refused_by_kind.items()
        },
    }
    kinds = {
        say("answerable, {kind}").format(kind=kind): share
        for kind, share in found.accuracy_by_kind.items()
    }
    points = found.risk_coverage
    step = max(1, len(points) // _SHOWN_POINTS)
    shown = [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]
    return [
        heading(language, "Answers: {name}", found.name),
        about(
            language,
            "{questions} questions, {documents} documents, model {model}, caution {caution}.",
            found.index,
            questions=len(found.judged),
            caution=say(found.caution),
        ),
        _shares(language, say("Answers, citations and refusals"), shares),
        _shares(language, say("Some quote holds the answer, by kind of question"), kinds),
        figure(
            language,
            say("Risk and coverage"),
            lines_plot(
                {"": [(100 * p.coverage, 100 * p.risk) for p in points]},
                (
                    say("coverage x 100: share of questions answered, the surest first"),
                    say("risk x 100"),
                ),
            ),
            [say("coverage x 100"), say("risk x 100"), say("confidence")],
            [
                [
                    language.number(100 * p.coverage),
                    language.number(100 * p.risk),
                    language.number(p.confidence, ".3f"),
                ]
                for p in shown
            ],
            say(
                "Area under the curve: {risk} (less is better). Area under the ROC curve of the "
                "confidence: {auroc}."
            ).format(risk=language.estimate(found.risk_area), auroc=language.estimate(found.auroc)),
        ),
    ]


def _shares(language: Language, title: str, shares: Mapping[str, Share]) -> str:
    say = language.say
    estimates = [Estimate(share.value, share.ci95) for share in shares.values()]
    return figure(
        language,
        title,
        intervals_plot(list(shares), {"": estimates}, say("share x 100 (bars: 95 % intervals)")),
        ["x 100", say("value"), say("count")],
        [
            [
                name,
                language.estimate(estimate),
                say("{count} of {total}").format(count=share.count, total=share.total),
            ]
            for (name, share), estimate in zip(shares.items(), estimates, strict=True)
        ],
    )


def conversations_section(found: ConversationEvaluation, language: Language) -> list[str]:
    """Search as typed, with the history and resolved."""
    say = language.say
    groups: dict[str, Group] = {
        **{say(place): group for place, group in found.by_place.items()},
        **{
            say("phenomenon: {name}").format(name=name): group
            for name, group in found.by_phenomenon.items()
        },
    }
    ways = {way: say(way) for way in WAYS}
    parts = [
        heading(language, "Conversations: {name}", found.name),
        about(
            language,
            "{count} conversations, {turns} turns, {method} search, {documents} documents, model "
            "{model}.",
            found.index,
            count=found.conversations,
            turns=len(found.judged),
            method=say(found.method),
        ),
    ]
    for measure in MEASURES:
        estimates = {
            name: [group.means[way][measure] for group in groups.values()]
            for way, name in ways.items()
        }
        parts.append(
            figure(
                language,
                say("{measure} as typed, with the history and resolved").format(measure=measure),
                intervals_plot(list(groups), estimates, say("value x 100 (bars: 95 % intervals)")),
                [
                    "x 100",
                    say("turns"),
                    say("changed"),
                    *ways.values(),
                    say("gap recovered"),
                    say("harm"),
                ],
                [
                    [
                        name,
                        str(group.turns),
                        str(group.changed),
                        *(language.estimate(group.means[way][measure]) for way in WAYS),
                        language.estimate(group.recovered[measure]),
                        language.estimate(group.harm[measure]),
                    ]
                    for name, group in groups.items()
                ],
            )
        )
    return parts
