# make demo   plans the bundled example and prints its cost report
# make test   lint, types and the whole suite; then the portable part of it on a newer Python where there is one
# PYTHON=...  the Python to make .venv with; 3.11 or newer

PYTHON ?= $(shell .ci/find-python 3.11 3.12 3.13 3.14)
NEWER_PYTHON ?= $(shell .ci/find-python 3.12 3.13)
BIN := .venv/bin
NEWER := .venv-newer
INPUTS := pyproject.toml requirements.lock Makefile
DEMO := build/demo

# One thread a process: the planner and the tests run processes side by side.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint types suite portable clean

demo: .venv/runtime.stamp
	@mkdir -p $(DEMO)
	$(BIN)/planner plan examples/quickstart/scenario.yaml -o $(DEMO)/plan.json
	$(BIN)/planner report $(DEMO)/plan.json --format table
	@$(BIN)/planner report $(DEMO)/plan.json --html $(DEMO)/report.html

test: lint types suite portable

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	$(BIN)/mypy

suite: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2

portable:
ifeq ($(NEWER_PYTHON),)
	@echo "no Python 3.12 or 3.13 with venv here: the portable tests on a newer Python are skipped"
else
	@$(MAKE) --no-print-directory $(NEWER)/dev.stamp
	timeout 180 $(NEWER)/bin/python -m pytest -n 2 -m portable -p no:cacheprovider
endif

# The demo needs the runtime dependencies only; the tests need the development extra too.
.venv/runtime.stamp: $(INPUTS)
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer with venv was found; set PYTHON=/path/to/python"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c requirements.lock -e .
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp
	$(BIN)/python -m pip install -q -c requirements.lock -e '.[dev]'
	@touch $@

# Compiled when it is first imported: the portable tests import little of it.
$(NEWER)/dev.stamp: $(INPUTS)
	test -x $(NEWER)/bin/python || $(NEWER_PYTHON) -m venv $(NEWER)
	$(NEWER)/bin/python -m pip install -q --no-compile -c requirements.lock -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv .venv-newer build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
