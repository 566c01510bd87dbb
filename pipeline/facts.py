"""The facts that pages include as `built/facts/<name>.md`: numbers and tables, never typed in.

These are computed when the site is built; those that take the trained network or a training are files of the
figures stage, docs/generated/facts/<name>.md.
"""

from collections.abc import Callable, Mapping
from functools import partial

from pipeline import facts_gradients, facts_speed
from pipeline.facts_architecture import architecture, parameter_counts
from pipeline.facts_parameters import parameters, recipes, training_recipe
from pipeline.facts_results import (
    confusions,
    evaluation,
    hardest,
    in_numbers,
    studies,
    validation_and_test,
)
from pipeline.facts_stages import dag, datasets

Fact = Callable[[], str]

FACTS: Mapping[str, Fact] = {
    "architecture": architecture,
    "confusions": confusions,
    "dag": dag,
    "datasets": datasets,
    "evaluation": evaluation,
    **{
        f"gradient-check-{page}": partial(facts_gradients.gradient_check, page)
        for page in facts_gradients.CHECKS
    },
    "gradient-check-activations": facts_gradients.activations,
    "gradient-check-network": facts_gradients.network,
    "gradient-check-softmax-cross-entropy": facts_gradients.softmax_cross_entropy,
    "hardest": hardest,
    "in-numbers": in_numbers,
    "parameter-counts": parameter_counts,
    "parameters": parameters,
    "recipes": recipes,
    "speed-batch-normalisation": facts_speed.batch_normalisation,
    "speed-convolution": facts_speed.convolution,
    "speed-dense": facts_speed.dense,
    "speed-pooling": facts_speed.pooling,
    "studies": studies,
    "training-recipe": training_recipe,
    "validation-and-test": validation_and_test,
}
"""What writes each fact's Markdown, by name."""
