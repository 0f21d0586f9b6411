# Each target builds .venv by itself when it is missing. Needs Python 3.11 or later, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo run test check score snapshots screenshots wheel clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("stormdeck needs Python 3.11 or later, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@echo "building $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

demo: $(READY) ## the panel on the built-in stack
	@$(BIN)/stormdeck demo

run: $(READY) ## the panel on what this machine has
	@$(BIN)/stormdeck

test: $(READY) ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check: $(READY) ## ruff, mypy --strict, and the import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

score: $(READY) ## how well storms are found in labelled recordings of real clients
	@$(BIN)/python tests/score/score.py

snapshots: $(READY) ## accept the panel's new looks, after looking at them
	$(BIN)/python -m pytest -n $(JOBS) tests/looks --snapshot-update

screenshots: $(READY) ## draw screenshots/*.svg again
	$(BIN)/python tests/looks/screenshots.py

wheel: $(READY) ## build dist/*.whl
	$(BIN)/python -m build --wheel

clean: ## remove what was built
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis snapshot_report.html
