import re

import numpy as np

from lessons.network import numbers
from tests.lessons.shown import SHOWN

VALUES = SHOWN["network"].values


def cells(table: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", table)


def test_the_step_on_the_page_is_the_one_that_the_way_back_works_out() -> None:
    forward, backward, update = VALUES["forward"], VALUES["backward"], VALUES["update"]
    assert cells(forward[3]) == ["4", "0", "4", "1"]
    assert cells(forward[4]) == ["3", "3"]
    assert cells(backward[2]) == ["−0.25", "0.25", "0.25", "−0.5"]
    assert cells(update[1]) == ["−2", "2", "0", "0", "−2", "2", "−0.5", "0.5"]
    assert cells(update[2]) == ["0.7", "−0.2", "0", "0.5", "0.2", "0.3", "1.05", "−0.05"]
    assert (VALUES["loss"], VALUES["new_loss"], VALUES["new_probability"]) == ("0.69", "0.03", "0.97")


def test_the_largest_number_of_a_table_has_the_full_tint_and_what_is_negative_a_colour_of_its_own() -> None:
    table = numbers("w", "gradient", np.array([[-4.0, 1.0], [0.0, 2.0]]), ["a", "b"])
    assert '<td class="negative" style="--strength: 1.00">−4</td>' in table
    assert '<td style="--strength: 0.40">1</td>' in table
    assert table.count('<th scope="row">') == 2
