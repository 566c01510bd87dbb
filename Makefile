# `make repro` and `make test` need Python 3.11 or newer, git and make; the rest is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
# The stages are run as `python -m pipeline.<stage>`, by the Python of .venv.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help repro test test-slow bench docs serve site-files lint format lock schema clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.created: Makefile
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": use make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.pipeline: .venv/.created requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

.venv/.development: .venv/.docs requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

repro: .venv/.pipeline  ## Run the whole pipeline: fetch, preprocess, train, evaluate, figures
	$(BIN)/python -m pipeline.common.params
	$(BIN)/dvc repro

test: .venv/.development  ## Run the tests that do not take long (under four minutes on two cores)
	$(BIN)/python -m pytest -m 'not slow'

test-slow: .venv/.development  ## Run the long tests too
	$(BIN)/python -m pytest

.venv/.bench: .venv/.pipeline requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@touch $@

bench: .venv/.bench  ## Measure cnn and PyTorch side by side (on a machine with nothing else to do)
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.page

.venv/.docs: .venv/.pipeline requirements-docs.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	@touch $@

# What the pages show comes from the figures stage; what it needs is there, or is made first.
site-files: .venv/.docs
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

lock: .venv/.development  ## Renew the lock files from pyproject.toml
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra pipeline --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra test --extra lint --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_OPTIONS) --extra docs --constraint requirements.lock --constraint requirements-dev.lock --output-file requirements-docs.lock pyproject.toml
	$(BIN)/uv pip compile $(filter-out --universal,$(LOCK_OPTIONS)) --python-platform windows --extra bench --constraint requirements.lock --output-file requirements-bench.lock pyproject.toml

# One version of each package for every Python and system: the same NumPy gives the same bits. PyTorch's needs
# are those where it computes on the processor only; elsewhere it names its further packages by version itself.
LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links

schema: .venv/.pipeline  ## Renew params.schema.json from the parameters' types
	$(BIN)/python -m pipeline.common.params --write-schema

clean:  ## Remove all that git ignores: .venv, data, models, DVC's cache and every experiment's results
	git clean -fdX
