import copy

from cnn.tables import Table

TABLE = Table.of([("layer", "output"), ("<Mine>", "3"), ("Dense", "10")])


def test_a_table_is_text_that_shows_as_it_is_printed() -> None:
    assert repr(TABLE) == str(TABLE) == f"{TABLE}" == "layer   output\n<Mine>       3\nDense       10"


def test_a_notebook_shows_a_table_with_what_is_in_its_cells() -> None:
    assert TABLE._repr_html_() == (
        "<table><thead><tr><th>layer</th><th>output</th></tr></thead><tbody>"
        "<tr><td>&lt;Mine&gt;</td><td>3</td></tr><tr><td>Dense</td><td>10</td></tr></tbody></table>"
    )


def test_a_copy_of_a_table_is_a_table() -> None:
    again = copy.deepcopy(TABLE)
    assert again == TABLE
    assert again._repr_html_() == TABLE._repr_html_()
