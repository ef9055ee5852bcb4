"""Listings in chapters: the code as it is, without the docstrings that the prose repeats."""

from lossbook.teaching import source


def documented(x):
    """Say something.

    Over several lines.
    """
    return x  # why


def plain(x):
    label = """no docstring"""

    return x, label


def wide(first: dict[str, tuple[int, int]], second: list[int], third: str = "a") -> list[str]:
    return [third]


class Documented:
    """A class.

    Args:
        x: anything.
    """

    def __init__(self, x):
        self.x = x

    def method(self):
        """Return it."""
        return self.x


def listing(*definitions):
    text = source(*definitions).data
    assert text.startswith("```python\n")
    assert text.endswith("\n```")
    return text.removeprefix("```python\n").removesuffix("\n```")


def test_docstring_of_a_function_goes_and_the_rest_stays():
    assert listing(documented) == "def documented(x):\n    return x  # why"
    assert listing(plain).splitlines()[1:] == ['    label = """no docstring"""', "", "    return x, label"]


def test_docstrings_of_a_class_and_its_methods_go():
    assert listing(Documented).splitlines() == [
        "class Documented:",
        "    def __init__(self, x):",
        "        self.x = x",
        "",
        "    def method(self):",
        "        return self.x",
    ]


def test_listings_follow_each_other():
    assert listing(plain, documented) == listing(plain) + "\n\n" + listing(documented)


def test_a_signature_wider_than_the_page_has_a_parameter_in_a_line():
    text = listing(wide)
    assert text.splitlines() == [
        "def wide(",
        "    first: dict[str, tuple[int, int]],",
        "    second: list[int],",
        '    third: str = "a",',
        ") -> list[str]:",
        "    return [third]",
    ]
    compile(text, "listing", "exec")
