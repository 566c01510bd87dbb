import numpy as np
import pytest

from lessons.kit.source import find_piece
from lessons.kit.traces import Grid, Step, cell, product, track, written
from pipeline.common.errors import PipelineError

PATH = "cnn.layers.flatten.Flatten.backward_pass"
STATEMENT = "dx = dy.reshape(cache)"


def test_a_statement_that_is_not_in_the_source_is_refused() -> None:
    code = find_piece("cnn.layers.dense.Dense.forward_pass")
    with pytest.raises(PipelineError) as refusal:
        code.line_of("y = x @ weight")
    assert str(refusal.value) == (
        f"The function at line {code.line} of cnn/layers/dense.py has the statement `y = x @ weight` "
        "0 times, expected once: name a statement as the source has it now."
    )
    assert code.text.splitlines()[code.line_of("y = x@weight+bias")] == "    y = x @ weight + bias"


def test_terms_that_give_something_else_than_cnn_returned_are_refused() -> None:
    x, y = Grid("x", "input", np.array([3.0])), Grid("y", "output", np.array([10.0]), hidden=True)
    step = Step(STATEMENT, y, (0,), product(cell(x, 0), cell(x, 0)), "the square")
    with pytest.raises(PipelineError) as refusal:
        track("A square", PATH, [x, y], [step])
    assert str(refusal.value) == (
        "A square: the terms of y give 9.0, cnn returned 10.0: mend the trace, whose arithmetic is no longer "
        f"that of {PATH}."
    )


@pytest.mark.parametrize(("indices", "filled"), [([0], "[0]"), ([0, 1, 1], "[0, 1, 1]")])
def test_steps_that_do_not_fill_every_cell_once_are_refused(indices: list[int], filled: str) -> None:
    x, y = Grid("x", "input", np.array([3.0, 4.0])), Grid("y", "output", np.array([3.0, 4.0]), hidden=True)
    steps = [Step(STATEMENT, y, (index,), cell(x, index), "as it is") for index in indices]
    with pytest.raises(PipelineError) as refusal:
        track("A copy", PATH, [x, y], steps)
    assert str(refusal.value) == (
        f"A copy: the steps fill the cells {filled} of y, expected each of 2 once: mend the trace."
    )


@pytest.mark.parametrize(
    ("value", "text"), [(-0.25, "−0.25"), (137.0, "137"), (2 / 3, "0.6667"), (-1e-9, "0"), (1e5, "100000")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert written(value) == text
