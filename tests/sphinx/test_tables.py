"""Tables on a phone: each cell knows its column."""

from lossbook.sphinx.paths import HTML
from lossbook.sphinx.tables import label_cells

HEAD = "<thead><tr><th><p>loss</p></th><th><p>its <code>target</code></p></th>{more}</tr></thead>"


def table(*rows: str, more: str = "<th><p>shape</p></th>", kind: str = "table") -> str:
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<table class="{kind}" id="t">{HEAD.format(more=more)}<tbody>{body}</tbody></table>'


def test_each_cell_but_the_first_has_the_name_of_its_column() -> None:
    labelled = label_cells(table("<td><p>BCE</p></td>\n<td><p>float</p></td>\n<td></td>"))
    assert '<td><p>BCE</p></td>\n<td data-column="its target"><p>float</p></td>' in labelled
    assert '<td data-column="shape"></td>' in labelled
    assert labelled.startswith('<table class="table lb-rows" id="t">')


def test_tables_that_fit_and_tables_of_cells_stay_as_they_are() -> None:
    for text in (
        table("<td>BCE</td><td>float</td>", more=""),
        table("<td>1</td><td>2</td><td>3</td>", kind="dataframe"),
        '<table class="table"><tbody><tr><td>1</td><td>2</td><td>3</td></tr></tbody></table>',
    ):
        assert label_cells(text + "<p>More.</p>") == text + "<p>More.</p>"


def test_long_names_break_between_their_parts_and_short_ones_do_not() -> None:
    long = ("cross_entropy_with_integer_labels", "SparseCategoricalCrossentropy(from_logits=True)")
    names = (*long, "log_loss(p, y)")
    cells = "".join(f'<td><code class="c"><span class="pre">{name}</span></code></td>' for name in names)
    for labelled in (label_cells(table(cells)), label_cells(table(cells, more=""))):
        assert "cross_<wbr>entropy_<wbr>with_<wbr>integer_<wbr>labels" in labelled
        assert "Sparse<wbr>Categorical<wbr>Crossentropy(<wbr>from_logits=True)" in labelled
        assert "log_loss(p, y)" in labelled
        assert labelled.count("lb-long") == 2


def test_a_long_name_breaks_before_its_arguments_and_inside() -> None:
    code = '<code class="c"><span class="pre">binary_cross_entropy_with_logits(logits,</span></code>'
    labelled = label_cells(table(f"<td>{code}</td><td>2</td>", more=""))
    assert "binary_<wbr>cross_<wbr>entropy_<wbr>with_<wbr>logits(<wbr>logits," in labelled


def test_no_wide_table_of_the_book_is_left_out() -> None:
    page = (HTML / "reference" / "notation.html").read_text(encoding="utf-8")
    assert page.count("<table") > page.count('<table class="table lb-rows"') > 2
    assert page.count("data-column=") > 40
