"""The facts that pages include as `built/facts/<name>.md`: numbers and tables, never typed in.

These are computed when the site is built; those that take the trained network or a training are files of the
figures stage, docs/generated/facts/<name>.md.
"""

from collections.abc import Callable, Mapping
from functools import partial

from lessons.site.facts import gradient_checks, speed
from lessons.site.facts.faults import faults
from lessons.site.facts.parameters import training_recipe
from lessons.site.facts.results import (
    validation_and_test,
)

Fact = Callable[[], str]

FACTS: Mapping[str, Fact] = {
    "faults": faults,
    **{
        f"gradient-check-{page}": partial(gradient_checks.gradient_check, page)
        for page in gradient_checks.CHECKS
    },
    "gradient-check-activations": gradient_checks.activations,
    "gradient-check-softmax-cross-entropy": gradient_checks.softmax_cross_entropy,
    "speed-batch-normalisation": speed.batch_normalisation,
    "speed-dense": speed.dense,
    "speed-pooling": speed.pooling,
    "training-recipe": training_recipe,
    "validation-and-test": validation_and_test,
}
"""What writes each fact's Markdown, by name."""
