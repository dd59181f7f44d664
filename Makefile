# The two commands of the README, and what maintainers need. Each sets up what it uses.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILED := build/compiled

.PHONY: help demo test check docs bench figures fuzz compiled clean

help: ## Show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

$(VENV)/.installed: pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Antiphon needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "python3 cannot make environments here; on Debian: apt-get install python3-venv"; exit 2; }
	@echo "installing into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[cli]'
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@echo "installing what the tests need into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed ## Run the main job: a broker, workers, clients, and what happened
	@$(BIN)/antiphon demo

test: $(VENV)/.test ## Run the tests
	@tools/system-packages
	@tools/node-packages
	$(BIN)/python -m pytest -q

check: $(VENV)/.dev ## Format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src tests tools setup.py $(wildcard benchmarks fuzz examples)
	$(BIN)/python -m pytest -q tests/architecture

$(VENV)/.docs: $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs ## Build the documentation into build/docs
	$(BIN)/sphinx-build --fail-on-warning --quiet --builder html docs build/docs
	@echo "open build/docs/index.html"

SOURCES := $(shell find src tools -name '*.py' -o -name '*.txt')

$(COMPILED)/.installed: $(SOURCES) pyproject.toml setup.py
	@tools/system-packages
	@rm -rf build && mkdir -p $(COMPILED)
	@$(PYTHON) -m venv $(COMPILED)/venv
	ANTIPHON_MYPYC=1 $(COMPILED)/venv/bin/pip wheel --quiet --disable-pip-version-check \
		--no-deps --wheel-dir $(COMPILED)/wheel .
	$(COMPILED)/venv/bin/pip install --quiet --disable-pip-version-check \
		"$$(ls $(COMPILED)/wheel/*.whl)[cli,test]"
	@touch $@

compiled: $(COMPILED)/.installed ## Build with mypyc and run the tests on that
	@tools/node-packages
	$(COMPILED)/venv/bin/python -c 'import antiphon; assert antiphon.build_info().compiled'
	$(COMPILED)/venv/bin/python -m pytest -q

bench: $(COMPILED)/.installed ## Measure against the peers, side by side
	$(COMPILED)/venv/bin/antiphon bench

figures: $(COMPILED)/.installed ## Measure everything anew and rewrite the tables of README and docs
	$(COMPILED)/venv/bin/antiphon bench --rounds 7 --json benchmarks/results.json
	$(COMPILED)/venv/bin/python tools/write_figures.py

FUZZ_SECONDS ?= 60

$(VENV)/.fuzz: $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@touch $@

fuzz: $(VENV)/.fuzz ## Feed every parser for FUZZ_SECONDS each
	@for target in $$(ls fuzz/corpus); do echo "== $$target"; \
		$(BIN)/python -m fuzz $$target --seconds $(FUZZ_SECONDS) || exit 1; done

clean: ## Remove what was built
	rm -rf $(VENV) build dist src/*.egg-info tests/interop/node/node_modules
