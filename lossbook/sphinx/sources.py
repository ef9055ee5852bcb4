"""The pages with the source of modules: which of them are older than their module is seen without an import.

Sphinx imports each module for that, and torch with them: seconds, when only the text of one chapter has changed.
"""

from sphinx.application import Sphinx
from sphinx.ext import viewcode

from lossbook.sphinx.paths import PROJECT

_as_sphinx_does = viewcode.get_module_filename


def file_of(app: Sphinx, modname: str) -> str | None:
    """Return the file of a module: of this project's by its name, of any other as Sphinx finds it."""
    base = PROJECT.joinpath(*modname.split("."))
    own = (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file())
    return next(map(str, own), None) or _as_sphinx_does(app, modname)


def setup(app: Sphinx) -> None:
    """Take the place of Sphinx's function."""
    app.setup_extension("sphinx.ext.viewcode")
    viewcode.get_module_filename = file_of
