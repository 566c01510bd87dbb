import numpy as np

from lessons.loss import answers


def test_answers_are_counted_and_their_loss_is_shared_out() -> None:
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]], np.float32)
    right, wrong, total = answers(probabilities, np.array([0, 0, 0], np.uint8)).splitlines()[2:]
    assert right == "| right | 2 | 62.5% | 62.5% | 0.4904 | 41% |"
    assert wrong == "| wrong | 1 | 75.0% | 25.0% | 1.3863 | 59% |"
    assert total.startswith("| all | 3 | 66.7% | 50.0% | 0.7890 | 100% |")
