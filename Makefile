# Each target builds .venv by itself when it is missing. Needs Python 3.11 or later, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUNS := $(VENV)/.runs
# Twice the cores of a small machine: many tests wait.
JOBS ?= 4

.DEFAULT_GOAL := help
.PHONY: soak soak-places help demo run test test-failed test-newest-textual test-real test-real-quick test-real-vllm test-docker test-fleet test-day versions check coverage bench score corpus fuzz snapshots screenshots film readme wheel clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 21

# What running needs, then what developing adds: a visitor waits for the first only.
$(RUNS): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("stormdeck needs Python 3.11 or later, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@echo "building $(VENV) (once, about half a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(READY): $(RUNS)
	@echo "adding the tools for tests and checks to $(VENV) (once, about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

demo: $(RUNS) ## the panel on the built-in stack
	@$(BIN)/stormdeck demo

run: $(RUNS) ## the panel on what this machine has
	@$(BIN)/stormdeck

# The tests start many programs: what one of them has compiled is kept for the others, whatever the shell says.
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY) ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-failed: $(READY) ## what failed in the last run, once more, one after the other
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 3

# In an environment of its own: the pinned versions of .venv stay.
NEWEST := .venv-newest
test-newest-textual: export PYTHONDONTWRITEBYTECODE =
test-newest-textual: ## all tests but the pictures, with the newest Textual 8.x instead of the pinned one
	@grep -viE '^(textual|rich)==' constraints.txt > constraints-newest.tmp
	@$(PYTHON) -m venv $(NEWEST)
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-newest.tmp --editable . --group dev
	@$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'textual>=8,<9'
	@rm constraints-newest.tmp
	$(NEWEST)/bin/python -m pytest -n $(JOBS) --dist worksteal --ignore tests/looks

# tests/budget counts what a program imports, and coverage is imported into each.
coverage: export PYTHONDONTWRITEBYTECODE =
coverage: $(READY) ## all tests once, and how much of the code they run: fails below the gates
	@rm -rf .coverage && mkdir .coverage
	$(BIN)/coverage run -m pytest -q -n $(JOBS) --dist worksteal --ignore tests/budget
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --include='*/stormdeck/model/*' --precision=2 --fail-under=100

check: $(READY) ## ruff, mypy --strict, the import directions, and that the tests of real programs can be collected
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/mypy --config-file tests/real/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_layers.py
	$(BIN)/python -m pytest -qqq --collect-only tests/real
	$(BIN)/python -m pytest -qqq --collect-only tests/docker

test-real: $(READY) ## tests against the real LiteLLM and Claude Code, installed into a cache; minutes, ONLY=1.110.2 for one version
	$(BIN)/python -m pytest tests/real -m "not vllm and not day" --results $(if $(ONLY),-k "$(ONLY)")

test-real-quick: $(READY) ## the same with one version of each
	$(BIN)/python -m pytest tests/real -m quick

test-real-vllm: $(READY) ## tests against a real vLLM on the CPU: 3 GB of disk and of memory
	$(BIN)/python -m pytest tests/real -m vllm --results $(if $(ONLY),-k "$(ONLY)")

test-docker: export WRITE_TABLE = 1
test-docker: $(READY) ## tests beside a real dockerd and podman, as root; writes tests/docker/TABLE.md
	$(BIN)/python -m pytest tests/docker

test-fleet: $(READY) ## the fleet and the alerting rules in a real Prometheus, skipped with the reason without it
	$(BIN)/python -m pytest tests/fleet

test-day: $(READY) ## a working day beside the panel, with the real client and LiteLLM: twenty minutes
	$(BIN)/python -m pytest tests/real -m day --results

versions: $(READY) ## put what the last runs left into docs/versions.md, tables and the recorded chain
	@$(BIN)/python tests/real/table.py
	@$(BIN)/python tests/real/clients/ledger.py
	@$(BIN)/python tests/real/chain/keep.py

bench: $(READY) ## stormdeck beside its peers: forty minutes, ONLY=idle for one question, QUICK=1 for a short look
	@PYTHONPATH=tests/budget $(BIN)/python -m bench $(if $(QUICK),--quick) $(ONLY)
	@$(BIN)/python tests/documents/fill.py

score: $(READY) ## how well storms are found in labelled recordings of real clients
	@$(BIN)/python tests/score/score.py

FOLDER ?= tests/data
corpus: $(READY) ## what check says about other people's files in FOLDER: codes by share, CODE=PROXY804 names the files
	@$(BIN)/python tests/score/corpus.py $(FOLDER) $(if $(CODE),--code $(CODE))

MINUTES ?= 2
soak: $(READY) ## the panel on a busy stack with faults, for MINUTES: flat, exact, nothing left behind
	@cd tests && PYTHONPATH=budget ../$(BIN)/python -m soak $(MINUTES)

soak-places: $(READY) ## the same for logs in a real container and a real journal, as root; writes tests/docker/SOAK.md
	@$(BIN)/python tests/docker/soak_places.py $(MINUTES)

fuzz: $(READY) ## every parser with a million mutated texts, an hour or more: SECONDS=60 for a short look, ONLY=meter for some
	@$(BIN)/python tests/fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(CASES),--cases $(CASES)) $(if $(ONLY),--only $(ONLY))

snapshots: $(READY) ## accept the panel's new looks, after looking at them
	$(BIN)/python -m pytest -n $(JOBS) tests/looks --snapshot-update

screenshots: $(READY) ## draw screenshots/*.svg again
	$(BIN)/python tests/looks/screenshots.py

film: $(READY) ## record the demo anew in tmux, and draw the README's moving picture of it; a minute
	$(BIN)/python tests/looks/film/record.py

readme: $(READY) ## generate the tables of docs (versions, bench) and docs/rules
	@$(BIN)/python tests/documents/fill.py

wheel: $(READY) ## build dist/*.whl
	$(BIN)/python -m build --wheel

clean: ## remove what was built
	rm -rf $(VENV) $(NEWEST) dist .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis snapshot_report.html
