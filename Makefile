# Everything happens in .venv; nothing has to be installed before but Python 3.11+ and make.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && { echo $$p; exit; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
SITE := _build/html
# Several processes run side by side; threads inside each would only get into each other's way.
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help book test chapter mutants serve lab notebooks lint bench clean

# Tests of one chapter: make test CHAPTER=convolution
CHAPTER :=
ONLY = $(if $(CHAPTER),--chapter $(CHAPTER))

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | \
		awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found on PATH." >&2; exit 1; }
	@echo "==> making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.book: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "==> installing what the book needs (about a minute)"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-dev.txt requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "==> installing what the book and its tests need (about a minute)"
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/.book $@

book: $(VENV)/.book  ## execute what changed, build the site and say where it is
	@echo "==> building the site"
	@$(BIN)/jupyter-book build .
	@echo "==> done: open file://$(CURDIR)/$(SITE)/index.html"

test: $(VENV)/.test  ## build the site, then run all tests: units, notebooks, site in a browser
	@echo "==> building the site"
	@$(BIN)/jupyter-book build .
	@echo "==> testing"
	@$(BIN)/python -m pytest --nbval -n 3 --dist loadfile --no-loadscope-reorder $(ONLY) tests notebooks

chapter: $(VENV)/.book  ## lay out a new chapter: make chapter N=15 NAME=convolution
	@$(BIN)/python book/_tools/new_chapter.py "$(N)" "$(NAME)"

mutants: $(VENV)/.test  ## how many wrong versions of the mathematics its tests notice
	@$(BIN)/python book/_tools/mutate.py $(MODULES)

serve: book  ## serve the site on http://localhost:8000
	@$(BIN)/python -m http.server --bind localhost --directory $(SITE) 8000

lab: $(VENV)/.book  ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab notebooks

notebooks: $(VENV)/.book  ## re-execute the notebooks and write them in the committed form
	@$(BIN)/python book/_tools/notebooks.py

lint: $(VENV)/.test  ## check style and the notebooks' form
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python book/_tools/notebooks.py --check

bench: $(VENV)/.test  ## measure: sliders, typesetting, redrawing (see benchmarks/)
	@for file in benchmarks/bench_*.py; do echo "==> $$file"; $(BIN)/python $$file || exit 1; done

clean:  ## remove the site and the caches, keep .venv
	@rm -rf _build .pytest_cache .hypothesis .ruff_cache
