# Isthmus. `make run` needs nothing but the tools that tools/toolchain.sh names; everything else is fetched and locked.
SHELL := /bin/sh
PYTHON ?= $(shell sh tools/toolchain.sh python)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
DATA ?= data
INSIDE := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

RUST := Cargo.toml Cargo.lock $(shell find crates -name '*.rs' -o -name Cargo.toml -o -name '*.py')
PAGES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
WEB := $(wildcard web/package.json)

.PHONY: help run build test acceptance check bench servers sim fuzz
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: build  ## build what changed, then run the broker on http://127.0.0.1:8080
	@exec $(BIN)/isthmus serve --data $(DATA)

build: $(STAMPS)/engine $(STAMPS)/command $(if $(WEB),$(STAMPS)/web)  ## environment, engine and terminal, each only if something changed

test: build $(STAMPS)/dev  ## all tests: Rust, terminal, Python
	@$(MAKE) --no-print-directory $(STAMPS)/bench || echo "== SKIPPED: the peers of the benchmarks cannot be installed here"
	@BIN=$(BIN) sh tools/test.sh

acceptance: build $(STAMPS)/dev  ## FIX sessions with QuickFIX's engine on the other side (it builds for about 10 minutes the first time)
	@$(MAKE) --no-print-directory $(STAMPS)/acceptance || echo "== SKIPPED: QuickFIX's Python engine cannot be built here"
	@ISTHMUS_FIX_ORDERS=100000 $(BIN)/python -m pytest tests/acceptance

check: $(STAMPS)/dev $(if $(WEB),$(STAMPS)/web)  ## formatting, linters, types, layers, house rules; FORMAT=1 formats first
	@$(if $(FORMAT),$(BIN)/ruff check --select I --fix --quiet . && $(BIN)/ruff format --quiet . && cargo fmt)
	@BIN=$(BIN) sh tools/check.sh

bench: build $(STAMPS)/bench  ## speed of the engine and of the wires beside peers and probes
	@$(BIN)/isthmus bench engine
	@$(BIN)/isthmus bench wire

servers:  ## Debian: install what tests of the terminal and of the books need (a browser, PostgreSQL)
	@sh tools/servers.sh

sim: build  ## the simulator: SEED=n tells one seed; without it 10,000 seeds, 200 of them with the Python tier
	@$(BIN)/isthmus sim $(if $(SEED),--seed $(SEED) --cold 1 --verbose,--seeds 10000 --cold 200)

fuzz: $(STAMPS)/tools  ## fuzz each target of the core for FUZZ_SECONDS (60); MUTANTS=k/n: a shard of its mutants instead
	@PYTHON=$(BIN)/python sh tools/fuzz.sh

$(STAMPS)/tools: tools/toolchain.sh
	@sh tools/toolchain.sh
	@echo "== Python environment"
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: requirements.lock | $(STAMPS)/tools
	@echo "== locked packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/packages
	@echo "== locked packages of tests and checks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@

$(STAMPS)/acceptance: requirements-acceptance.lock $(STAMPS)/packages
	@echo "== QuickFIX's Python engine"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-acceptance.lock
	@touch $@

$(STAMPS)/bench: requirements-bench.lock bench/nautilus/requirements.lock bench/exchange_core/pom.xml $(STAMPS)/packages
	@echo "== locked packages of the benchmarks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.lock
	@cargo build --quiet --release --locked --package isthmus-bench --package isthmus-port
	@PYTHON=$(BIN)/python sh bench/nautilus/build.sh || echo "== SKIPPED: NautilusTrader cannot be installed here"
	@sh bench/exchange_core/build.sh || echo "== SKIPPED: exchange-core cannot be built here"
	@touch $@

$(STAMPS)/engine: $(RUST) $(STAMPS)/packages
	@echo "== engine (Rust, release; the first time takes some minutes)"
	@$(INSIDE) maturin develop --release --locked --skip-install
	@touch $@

$(STAMPS)/command: pyproject.toml | $(STAMPS)/engine
	@echo "== command line"
	@$(INSIDE) python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/web: $(PAGES) | $(STAMPS)/tools
	@echo "== terminal (TypeScript)"
	@cd web && npm ci --no-fund --no-audit --loglevel=error && npm run build
	@touch $@
