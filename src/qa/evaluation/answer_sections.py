"""What a report says of answers and of conversations."""

from __future__ import annotations

from collections.abc import Mapping

from qa.evaluation.answers import AnswerEvaluation, Share
from qa.evaluation.confidence import Estimate
from qa.evaluation.conversations import ConversationEvaluation
from qa.evaluation.markup import Language, about, figure, heading
from qa.evaluation.plots import intervals_plot, lines_plot
from qa.evaluation.turns import MEASURES, WAYS, Group

_SHOWN_POINTS = 50


def answers_section(found: AnswerEvaluation, language: Language) -> list[str]:
    """Answers, citations, refusals, and how well the confidence tells right from wrong."""
    say = language.say
    shares, groups = (
        {say(template).format(kind=language.name(kind)): share for template, kind, share in rows}
        for rows in (found.shares(), found.groups())
    )
    areas = [
        say("Area under the ROC curve, {kind}: {auroc}.").format(
            kind=language.name(kind), auroc=language.estimate(area)
        )
        for kind, area in found.auroc_by_kind.items()
    ]
    if found.quotes is not None and found.quote_length is not None:
        areas.append(
            say("{quotes} quotes an answer, of {length} characters (median).").format(
                quotes=language.number(found.quotes, ".2f"),
                length=language.number(found.quote_length, ".0f"),
            )
        )
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
        _shares(language, say("Some quote holds the answer, by kind of question"), groups),
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
            " ".join(
                [
                    say(
                        "Area under the curve: {risk} (less is better). Area under the ROC curve "
                        "of the confidence: {auroc}."
                    ).format(
                        risk=language.estimate(found.risk_area),
                        auroc=language.estimate(found.auroc),
                    ),
                    *areas,
                ]
            ),
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
    """Search and answers as typed, with the history and resolved."""
    say = language.say
    every: dict[str, Group] = {
        **{say(place): group for place, group in found.by_place.items()},
        **{
            say("phenomenon: {name}").format(name=language.name(name)): group
            for name, group in found.by_phenomenon.items()
        },
    }
    ways = {way: say(way) for way in WAYS}
    header = ["turns", "changed", *WAYS, "gap recovered", "harm"]
    parts = [
        heading(language, "Conversations: {name}", found.name),
        about(
            language,
            "{count} conversations, {turns} turns, {method} search, caution {caution}, {documents} "
            "documents, model {model}.",
            found.index,
            count=found.conversations,
            turns=len(found.judged),
            method=say(found.method),
            caution=say(found.caution),
        ),
    ]
    for measure in MEASURES:
        groups = {name: group for name, group in every.items() if measure in group.turns}
        if not groups:
            continue
        estimates = {
            name: [group.means[way][measure] for group in groups.values()]
            for way, name in ways.items()
        }
        parts.append(
            figure(
                language,
                say("{measure} as typed, with the history and resolved").format(
                    measure=say(measure)
                ),
                intervals_plot(list(groups), estimates, say("value x 100 (bars: 95 % intervals)")),
                ["x 100", *map(say, header)],
                [
                    [
                        name,
                        str(group.turns[measure]),
                        str(group.changed[measure]),
                        *(language.estimate(group.means[way][measure]) for way in WAYS),
                        language.estimate(group.recovered[measure]),
                        language.estimate(group.harm[measure]),
                    ]
                    for name, group in groups.items()
                ],
            )
        )
    return parts
