import cnn
from lessons.flatten import row_and_parameters
from tests.lessons.shown import TRACES
from tests.lessons.small import small


def test_a_step_tells_to_which_index_a_number_goes() -> None:
    (case,) = TRACES["traces/flatten.json"]["cases"]
    (forward,) = case["forward"]
    assert forward["steps"][6]["text"] == "y[0, 6] = 110: x[1, 1, 0] goes to index (1 · 2 + 1) · 2 + 0 = 6."


def test_the_table_counts_the_parameters_of_the_next_dense_layer() -> None:
    model = small([cnn.Conv2D(2, 3), cnn.Flatten(), cnn.ReLU(), cnn.Dense(3), cnn.Dense(2)])
    assert row_and_parameters(model).splitlines()[2:] == ["| 4×4×2 | 32 | 99 | 78% |"]
