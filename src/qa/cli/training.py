"""The command ``train``: makes the shipped model, step by step, or continues where it stopped."""

from __future__ import annotations

import argparse
import sys


def train(options: argparse.Namespace) -> int:
    """Run the steps that are not done yet; prints the folder of the finished model."""
    from qa.extras import needs

    with needs("train"):
        from qa.training.recipe import TrainingSettings
        from qa.training.recipe import train as run

    settings = TrainingSettings(
        data=options.data,
        work=options.work,
        questions=options.questions,
        base=options.base,
        sample=options.sample,
        minutes=options.minutes,
        steps=options.steps,
        device=options.device,
    )
    print(run(settings, lambda line: print(line, file=sys.stderr, flush=True)))
    return 0
