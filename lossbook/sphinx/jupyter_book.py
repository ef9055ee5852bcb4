"""Jupyter Book's command, started in half the time: ``python -m lossbook.sphinx.jupyter_book build ...``."""

import gc
import sys


def main() -> None:
    """Run the command."""
    # The grammar of addresses that jsonschema would compile takes seconds, and no setting here is checked by it.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    # Doctrees are millions of objects that live to the end: looking through them for garbage takes half the time.
    gc.disable()
    from jupyter_book.cli.main import main as jupyter_book

    jupyter_book()


if __name__ == "__main__":
    main()
