"""Exercises inside a page: Python and NumPy in the reader's browser, torch's answers as data.

| module | where it runs | what it does |
|---|---|---|
| `twins` | author's side | which exercises stand in pages, with their NumPy solutions and hints |
| `solutions` | both | those solutions that `page.functions` does not hold |
| `data` | author's side | cases, torch's answers and the answers of each named mistake, as JSON |
| `page.functions` | reader's side | NumPy versions of lossbook's functions, ``import lossbook`` in the page |
| `page.checker` | reader's side | runs a reader's code, compares it with the data, names the mistake |

The modules in `page` are shipped as they are, so they import NumPy and the standard library alone.
"""
