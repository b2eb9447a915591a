# Tocsin. Everything sets itself up: Python 3.11 or newer and make are all that is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKS := requirements/uv.txt requirements/build.txt requirements/dev.txt

.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench lock docs secrets clean

help: ## say what there is
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with the tocsin command

$(STAMP): pyproject.toml $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Tocsin needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes $(addprefix -r ,$(LOCKS))
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@# From Python 3.13 on the query parser builds its tables, with warnings, when first used: do it now.
	@$(BIN)/python -W ignore -c 'import luqum.parser' 2>/dev/null
	@touch $@

run: setup ## the demo evening, embedded, on this machine
	$(BIN)/tocsin up --demo

test: setup ## every test
	$(BIN)/python -m pytest $(ARGS)

lint: setup ## style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## speed and memory, as figures
	$(BIN)/python -m bench $(ARGS)

docs: setup ## redraw import graph and dashboard; list settings, commands, rule keys
	$(BIN)/python -m docs.import_graph
	$(BIN)/python -m docs.settings_page
	$(BIN)/python -m docs.commands_page
	$(BIN)/python -m docs.rule_schema_page
	$(BIN)/python -m docs.scaling_tables
	$(BIN)/python -m deploy.dashboard

secrets: ## passwords and certificates of the docker stack, into deploy/secrets/
	deploy/secrets.sh

lock: setup ## renew the locked versions and hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml -o requirements/runtime.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra dev -c requirements/runtime.txt pyproject.toml -o requirements/dev.txt

clean: ## remove what was built; state in ./var stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
