"""What a learner wrote or put out runs nowhere: not in the feedback page, not in formgrader, not in the terminal."""

import io
import json
import time
from html.parser import HTMLParser

import nbformat
import pytest
from attack_bench import SIGMOID, SMALL_PLAN, SOFTMAX, code, notebook
from nbconvert import HTMLExporter
from rich.console import Console

from lossbook.autograde.feedback import MANY_TAGS, CleanFeedback
from lossbook.autograde.summary import _table

EVIL = [
    "<script>evil()</script>",
    "<ScRiPt src=//evil></sCrIpT>",
    "<img src=x onerror=evil()>",
    "<svg/onload=evil()>",
    "<svg><script>evil()</script></svg>",
    "<math><mtext></p><script>evil()</script>",
    "<iframe src='javascript:evil()'></iframe>",
    "<iframe srcdoc='<script>evil()</script>'></iframe>",
    "<object data='javascript:evil()'></object>",
    "<embed src='javascript:evil()'>",
    "<a href='javascript:evil()'>x</a>",
    "<a href=' java\tscript:evil()'>x</a>",
    "<a href='data:text/html,<script>evil()</script>'>x</a>",
    "<form action='javascript:evil()'><button>x</button></form>",
    "<style>@import 'https://evil'</style>",
    "<link rel=stylesheet href='https://evil'>",
    "<meta http-equiv=refresh content='0;url=javascript:evil()'>",
    "<base href='https://evil/'>",
    "<div onmouseover=evil()>x</div>",
    "<details open ontoggle=evil()>x</details>",
    "<body onload=evil()>",
    "<!--><script>evil()</script-->",
    "</pre></div><script>evil()</script>",
    "<<script>evil()//<</script>",
    "<noscript><p title='</noscript><img src=x onerror=evil()>'>",
    "[x](javascript:evil())",
    "[x](<javascript:evil()>)",
    "[x]: javascript:evil()\n\n[x]",
    "![x](javascript:evil())",
    "[x](&#106;avascript:evil())",
    "[x](data:text/html;base64,PHNjcmlwdD5ldmlsKCk8L3NjcmlwdD4=)",
    "<javascript:evil()>",
    "$\\href{javascript:evil()}{x}$",
    "$\\style{background:url(//evil)}{x}$",
    "$\\bbox[background-image:url(//evil)]{x}$",
    "$\\csname href\\endcsname{//evil}{x}$",
    "```\n</code></pre><script>evil()</script>\n```",
    "`</code><script>evil()</script>`",
    '![x](a.png "onerror=evil()")',
]


class Page(HTMLParser):
    """Collects what could run in a page, but for what nbconvert's template itself brings."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.script = False

    def handle_starttag(self, tag, attributes):
        self.script = tag in ("script", "style")
        if tag in ("iframe", "object", "embed", "form", "base", "applet", "frame", "foreignobject"):
            self.found.append(tag)
        for name, value in attributes:
            address = "".join((value or "").split()).lower()
            if (
                name.startswith("on")
                or name in ("srcdoc", "formaction", "xlink:href")
                or (
                    name in ("href", "src", "action")
                    and address.startswith(("javascript:", "vbscript:", "data:text"))
                )
                or ("evil" in address and tag != "a" and name in ("href", "src", "style", "content"))
            ):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        if self.script and "evil" in data:
            self.found.append(data)


def live(html: str) -> list[str]:
    page = Page()
    page.feed(html)
    page.close()
    return page.found


def exported(document: dict, feedback: bool) -> str:
    """A page as nbgrader's feedback makes it, or as formgrader shows it: without our preprocessor."""
    work = nbformat.from_dict({**document, "metadata": {}})
    if feedback:
        work, _ = CleanFeedback(enabled=True)(work, {})
    return HTMLExporter(template_name="basic").from_notebook_node(work)[0]


def everywhere(evil: str) -> dict:
    """A notebook with an attack in each place where a learner can put text."""
    text = json.dumps(evil)
    cells = (
        f"print({text})",
        f"import sys\nprint({text}, file=sys.stderr)",
        f"from IPython.display import HTML, Markdown, Latex, Javascript, SVG, display\n"
        f"display(HTML({text}))\ndisplay(Markdown({text}))\ndisplay(Latex({text}))\ndisplay(Javascript({text}))",
        f"display({{'image/png': {text}, 'text/plain': {text}, 'application/javascript': {text}, 'image/svg+xml': {text}}}, raw=True)",
        f"class A:\n    def _repr_html_(self):\n        return {text}\n    def __repr__(self):\n        return {text}\nA()",
        f"raise ValueError({text})",
        f"type({text}, (Exception,), {{}})\nraise type({text}, (Exception,), {{}})({text})",
    )
    answer = (
        f"def softmax(x, dim):\n    print({text})\n    import warnings\n    warnings.warn({text})\n"
        f"    return {{{text}: type({text}, (), {{}})()}}"
    )
    work = notebook(cells, names=("sigmoid", "softmax"), softmax=answer)
    for kind in ("markdown", "raw"):
        work["cells"].insert(1, {"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": evil})
    work["cells"].insert(1, {"cell_type": "markdown", "metadata": {"nbgrader": {"locked": True}}, "source": evil})
    attached = {"a.png": {"image/png": evil}, evil: {"image/png": "aaaa"}}
    picture = {
        "cell_type": "markdown",
        "metadata": {},
        "source": "![x](attachment:a.png)",
        "attachments": attached,
    }
    work["cells"].insert(1, picture)
    return work


@pytest.mark.parametrize("evil", EVIL)
def test_no_page_runs_what_a_learner_put_out(bench, evil):
    from attack_bench import PAIR_PLAN

    result = bench.mark(everywhere(evil), PAIR_PLAN)
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": 0}
    for feedback in (True, False):
        assert live(exported(result.document, feedback)) == []


@pytest.mark.parametrize("evil", EVIL)
def test_feedback_is_clean_also_for_what_stock_nbgrader_graded(evil):
    """There the outputs come from the learner's kernel as they are."""
    data = dict.fromkeys(
        (
            "text/plain",
            "text/html",
            "text/markdown",
            "text/latex",
            "image/png",
            "image/svg+xml",
            "application/javascript",
        ),
        evil,
    )
    outputs = [
        {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": evil}}},
        {"output_type": "stream", "name": "stdout", "text": evil},
        {"output_type": "error", "ename": evil, "evalue": evil, "traceback": [evil]},
        {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1},
    ]
    locked = {"nbgrader": {"locked": True}}
    attached = {"a.png": {"image/png": evil}, evil: {"image/png": "aaaa"}}
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "first"},
        {**code(evil), "id": "b", "outputs": outputs},
        {"cell_type": "markdown", "id": "c", "metadata": {}, "source": evil},
        {"cell_type": "markdown", "id": "d", "metadata": locked, "source": evil},
        {"cell_type": "raw", "id": "e", "metadata": {"raw_mimetype": "text/html"}, "source": evil},
        {
            "cell_type": "markdown",
            "id": "f",
            "metadata": {},
            "source": "![](attachment:a.png)",
            "attachments": attached,
        },
    ]
    page = exported({"cells": cells, "nbformat": 4, "nbformat_minor": 5}, feedback=True)
    assert live(page) == []


SLOW = {
    "brackets": "[" * 50_000,
    "links that do not end": "[a](" * 12_000,
    "pictures that do not end": "![[" * 16_000,
    "references": "[a]" * 16_000,
    "formulas that do not end": "\\\\(" * 16_000,
    "addresses that do not end": "[a](<" * 10_000,
    "stars": "*a **a " * 7_000,
    "quotes in quotes": "> " * 25_000,
    "headings": "a\n=\n" * 10_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_no_text_makes_a_page_slow(bench, text):
    """One page that takes hours keeps the whole class from its feedback."""
    work = notebook(names=("sigmoid",))
    work["cells"] += [{"cell_type": "markdown", "metadata": {}, "source": text}] * 4
    document = bench.mark_small().document | {"cells": bench.mark(work, SMALL_PLAN).document["cells"]}
    start = time.process_time()
    for feedback in (True, False):
        exported(document, feedback)
    assert time.process_time() - start < 6


def test_much_short_text_makes_no_page_slow():
    cells = [{"cell_type": "markdown", "id": f"a{i}", "metadata": {}, "source": "[" * 9_000} for i in range(100)]
    start = time.process_time()
    page = exported({"cells": cells, "nbformat": 4, "nbformat_minor": 5}, feedback=True)
    assert page.count("[") >= 100 * 9_000, "text was lost"
    assert time.process_time() - start < 60


def test_long_text_is_shown_in_full(bench):
    work = notebook(names=("sigmoid",))
    work["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "word <b>\n" * 3_000})
    result = bench.mark(work, SMALL_PLAN)
    assert exported(result.document, feedback=True).count("word") == 3_000
    assert live(exported(result.document, feedback=True)) == []


@pytest.mark.parametrize("kind", ["raw", "markdown"])
@pytest.mark.parametrize("evil", EVIL[:4])
def test_long_text_runs_no_more_than_short(bench, kind, evil):
    work = notebook(names=("sigmoid",))
    source = evil + "\n\n" + "a" * 20_000 + "\n" + evil
    work["cells"].insert(1, {"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": source})
    result = bench.mark(work, SMALL_PLAN)
    for feedback in (True, False):
        assert live(exported(result.document, feedback)) == []


HEAVY = {
    "styles that do not end": "<style" * 20_000,
    "styles": "<style>a</style>" * 10_000,
    "tags in tags": "<div>" * 20_000,
    "tags that do not end": "<a " * 30_000,
    "comments": "<!--" * 30_000,
}


@pytest.mark.parametrize("markup", HEAVY.values(), ids=HEAVY)
def test_no_output_makes_the_cleaning_slow(markup):
    """Of stock nbgrader: ours keeps no HTML of the learners'."""
    data = {"text/html": markup, "text/plain": "as text"}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    cells = [{**code("1"), "id": "a", "outputs": [output] * 20}]
    start = time.process_time()
    page = exported({"cells": cells, "nbformat": 4, "nbformat_minor": 5}, feedback=True)
    assert time.process_time() - start < 15
    assert "style" not in page.replace("text/css", "")


def test_the_largest_of_our_reports_is_kept_as_it_is():
    from lossbook.exercises import exercise_names, get_exercise
    from lossbook.grader import evaluate

    sizes = [evaluate(name, get_exercise(name).stub)._repr_html_().count("<") for name in exercise_names()]
    wrong = evaluate("softmax", get_exercise("softmax").mistakes[0].function)._repr_html_()
    assert max(*sizes, wrong.count("<")) < MANY_TAGS / 2


def test_a_widget_loads_nothing_into_the_page():
    """Its state names a module, which the page would fetch from a public server and run."""
    kind = "application/vnd.jupyter.widget-state+json"
    state = {"a": {"model_name": "M", "model_module": "evil", "model_module_version": "1.0.0", "state": {}}}
    metadata = {"widgets": {kind: {"state": state, "version_major": 2, "version_minor": 0}}, "title": "<evil>"}
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "a widget"}
    output = {"output_type": "display_data", "data": view, "metadata": {}}
    work = {"cells": [{**code("1"), "id": "a", "outputs": [output]}], "nbformat": 4, "nbformat_minor": 5}
    page, before = (
        HTMLExporter(template_name="classic").from_notebook_node(made)[0]
        for made in (
            CleanFeedback(enabled=True)(nbformat.from_dict({**work, "metadata": metadata}), {})[0],
            nbformat.from_dict({**work, "metadata": metadata}),
        )
    )
    assert "evil" in before
    assert "evil" not in page


@pytest.mark.parametrize("evil", EVIL[:4])
def test_the_parser_of_these_tests_sees_attacks(evil):
    assert live(f"<p>{evil}</p>")


ESCAPES = ["\x1b[2J", "\x1b]0;owned\x07", "\x1b]52;c;aGk=\x07", "\x9b31m", "\r", "\x08", "\u202e", "\x1b[6n"]


@pytest.mark.parametrize("escape", ESCAPES, ids=ascii)
def test_the_terminal_is_not_commanded(escape):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, color_system=None, width=80)
    _table(console, "Look at these yourself", {f"eve{escape}": f"remark {escape} end", "[bold]x": "[link=evil]y"})
    assert escape not in shown.getvalue().replace("\r\n", "\n")
    assert "[bold]x" in shown.getvalue()


@pytest.mark.parametrize("escape", ESCAPES[:4], ids=ascii)
def test_no_remark_carries_what_a_learner_wrote(bench, escape):
    text = json.dumps(f"softmax{escape}")
    cell = (
        "import lossbook.autograde.child as c\nold = c.encode_outcome\n"
        f"c.encode_outcome = lambda o, b: {{**old(o, b), 'forbidden': [{text}]}}"
    )
    result = bench.mark_pair(cell)
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}
    assert escape not in str(result.remarks) + "".join(result.remarks)
