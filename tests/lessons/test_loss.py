import numpy as np

from cnn import Softmax, SoftmaxCrossEntropy
from lessons.loss import answers
from tests.lessons.shown import TRACES, grid, played


def test_the_last_steps_leave_exactly_what_cnn_returned() -> None:
    (case,) = TRACES["traces/softmax-cross-entropy.json"]["cases"]
    probabilities, mean = case["forward"]
    outputs = grid(probabilities, "outputs")
    loss, gradient = SoftmaxCrossEntropy()(outputs, grid(mean, "t"))
    filled = played([*case["forward"], *case["backward"]])
    assert filled.keys() == {"p", "loss", "doutputs"}
    np.testing.assert_array_equal(filled["p"], Softmax().forward_pass(outputs)[0])
    np.testing.assert_array_equal(filled["loss"], np.array([loss], np.float32))
    np.testing.assert_array_equal(filled["doutputs"], gradient)


def test_answers_are_counted_and_their_loss_is_shared_out() -> None:
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32)
    right, wrong, total = answers(probabilities, np.array([0, 0, 0], np.uint8)).splitlines()[2:]
    assert right == "| right | 2 | 62.5% | 62.5% | 0.4904 | 41% |"
    assert wrong == "| wrong | 1 | 75.0% | 25.0% | 1.3863 | 59% |"
    assert total.startswith("| all | 3 | 66.7% | 50.0% | 0.7890 | 100% |")
