# make book, make test: each sets up all it needs. Everything else is listed by: make help
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= python3
INSTALLED := $(VENV)/.installed
NODE_MODULES := node_modules/.package-lock.json

.PHONY: help book pdf serve test lint grade-example has-chromium release constraints clean
.DELETE_ON_ERROR:

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(INSTALLED) $(NODE_MODULES)  ## build the book into _build/html
	$(PY) -m lossbook.sphinx.build

serve: book  ## build the book and show it on loopback (Ctrl+C ends it)
	$(PY) -m lossbook.sphinx.serve

pdf: book  ## print the whole book into _build/book.pdf (needs chromium)
	$(PY) -m lossbook.sphinx.pdf

test: has-chromium $(INSTALLED) book  ## run all tests (the browser tests need chromium)
	$(PY) -m pytest -n 4

has-chromium:
	@$(PYTHON) tools/require.py test

grade-example: $(INSTALLED)  ## grade three made submissions through nbgrader
	$(PY) -m lossbook.autograde.example

release: $(INSTALLED)  ## make exercises/ from solutions/ with nbgrader
	mkdir -p build
	for set in $$(ls solutions); do \
	  PATH="$(CURDIR)/$(VENV)/bin:$$PATH" nbgrader generate_assignment $$set --force \
	    --db "sqlite:///$(CURDIR)/build/release.db" --log-level=WARN || exit 1; \
	done

lint: $(INSTALLED)  ## ruff, mypy and the import layers
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports

# torch goes in first and pinned: a bare "torch" may bring gigabytes of GPU libraries.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) tools/require.py book
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --constraint constraints.txt torch
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@

$(NODE_MODULES): package.json package-lock.json | $(INSTALLED)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error
	touch $@

constraints: $(INSTALLED)  ## write constraints.txt from what is installed
	{ echo "# The exact versions that lossbook is tested with (Python 3.11). Written by: make constraints"; \
	  $(PY) -m pip freeze --exclude-editable --exclude pip --exclude setuptools | sed -E 's/^(torch==[0-9.]+).*/\1/; s/ @ .*//'; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## remove what was built, keep the environment
	rm -rf _build build
