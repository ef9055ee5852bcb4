"""Strangers' text on a terminal or a page: names of folders are learners' work, too."""


def printable(text: str) -> str:
    """Return text without characters that would command a terminal or that cannot be written."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
