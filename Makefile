# `make repro` and `make test` need Python 3.11 or newer, git and make; the rest is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
# The stages are run as `python -m pipeline.<stage>`, by the Python of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv installs within seconds what takes pip minutes. The lock files name every package, so it need not look for what
# else is needed: `--no-deps`.
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps

.DEFAULT_GOAL := help
.PHONY: help repro test test-slow bench docs serve site-files lint format lock schema clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.pipeline: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": use make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) "$$(grep '^uv==' requirements-dev.lock)"
	$(INSTALL) -r requirements.lock --editable .
	@touch $@

.venv/.docs: .venv/.pipeline requirements-docs.lock
	$(INSTALL) -r requirements-docs.lock
	@touch $@

.venv/.development: .venv/.docs requirements-dev.lock
	$(INSTALL) -r requirements-dev.lock
	@touch $@

# Where PyTorch uses the graphics processor, it needs further packages, which the lock file does not name. pip takes
# them from where its configuration says, which uv does not read.
.venv/.bench: .venv/.pipeline requirements-bench.lock
	$(PIP) -r requirements-bench.lock
	@touch $@

# A zip of the repository has no .git. DVC, which asks for it, can be told to work without.
.git: | .venv/.pipeline
	$(BIN)/dvc config --local core.no_scm true
	@echo 'This folder is no clone, so DVC works without git: clone the repository if you want to run experiments (dvc exp).'

repro: .venv/.pipeline .git  ## Run the whole pipeline: fetch, preprocess, train, evaluate, figures
	$(BIN)/python -m lessons.params
	$(BIN)/dvc repro

test: .venv/.development  ## Run the tests that do not take long (about three minutes on two cores)
	$(BIN)/python -m pytest -m 'not slow'

test-slow: .venv/.development  ## Run all tests, the long ones too
	$(BIN)/python -m pytest

bench: .venv/.bench  ## Measure cnn and PyTorch side by side (on a machine with nothing else to do)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.page

# The stage `figures` makes what the pages show; DVC runs the stages before it if they have not been run.
site-files: .venv/.docs .git
	$(BIN)/dvc repro figures
	$(BIN)/python -m lessons.build

docs: site-files  ## Build the site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

serve: site-files  ## Show the site at http://127.0.0.1:8000 and renew it when a page changes
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --livereload

lint: .venv/.development  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.development  ## Put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# One version of each package for every Python and system: the same NumPy gives the same bits. The versions stay
# as they are, unless pyproject.toml asks for others: `make lock UPGRADE=--upgrade` takes the newest ones.
# PyTorch's packages are those that it needs on Windows, where it uses the main processor only.
UPGRADE ?=
LOCK := $(BIN)/uv pip compile $(UPGRADE) --quiet --python-version 3.11 --fork-strategy fewest \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links pyproject.toml

lock: .venv/.development  ## Renew the lock files from pyproject.toml
	$(LOCK) --universal --group pipeline --output-file requirements.lock
	$(LOCK) --universal --group test --group lint --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --universal --group docs --constraint requirements.lock --constraint requirements-dev.lock --output-file requirements-docs.lock
	$(LOCK) --python-platform windows --group bench --constraint requirements.lock --output-file requirements-bench.lock

schema: .venv/.pipeline  ## Renew params.schema.json from the parameters' types
	$(BIN)/python -m lessons.params --write-schema

clean:  ## Remove all that git ignores, except pictures/: .venv, data, models, DVC's cache and all results in it
	git clean -fdX -e '!/pictures/**'
