"""The facts that pages include as `built/facts/<name>.md`: numbers and tables, never typed in.

These are computed when the site is built; those that take the trained network or a training are files of the
figures stage, docs/generated/facts/<name>.md.
"""

from collections.abc import Callable, Mapping
from functools import partial

from lessons.site.facts import gradient_checks, speed
from lessons.site.facts.architecture import architecture, parameter_counts
from lessons.site.facts.parameters import parameters, recipes, training_recipe
from lessons.site.facts.results import (
    confusions,
    evaluation,
    hardest,
    studies,
)
from lessons.site.facts.stages import dag, datasets

Fact = Callable[[], str]

FACTS: Mapping[str, Fact] = {
    "architecture": architecture,
    "confusions": confusions,
    "dag": dag,
    "datasets": datasets,
    "evaluation": evaluation,
    **{
        f"gradient-check-{page}": partial(gradient_checks.gradient_check, page)
        for page in gradient_checks.CHECKS
    },
    "gradient-check-network": gradient_checks.network,
    "hardest": hardest,
    "parameter-counts": parameter_counts,
    "parameters": parameters,
    "recipes": recipes,
    "speed-batch-normalisation": speed.batch_normalisation,
    "studies": studies,
}
"""What writes each fact's Markdown, by name."""
