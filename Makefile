# Two commands do everything: `make demo` and `make test`. Nothing beside Python 3.11+ with its
# venv module, make and a package index is needed; `make offline` does without the index.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
STAMP  := $(VENV)/.installed
DEMO   ?= heroes-demo
T      ?=
JOBS   ?= 2
SOURCES := $(wildcard heroes_forensics tests fixtures benchmarks docs .ci)

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types contracts fix fixtures docs bench bench-sets bench-near bench-media bench-custody peers conformance faults \
	offline constraints clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Python 3.11 or newer is needed; name one with PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
		|| { echo "error: no virtual environment: install python3-venv" >&2; exit 2; }
	@# Wheels only, so that no compiler is needed; dtfabric is published as (pure Python) source.
	@$(BIN)/python .ci/pins.py select setuptools > $(VENV)/first.txt
	@$(BIN)/python .ci/pins.py select dtfabric > $(VENV)/second.txt
	$(PIP) --only-binary :all: --require-hashes -r $(VENV)/first.txt
	$(PIP) --no-deps --no-build-isolation --require-hashes -r $(VENV)/second.txt
	$(PIP) --only-binary :all: --require-hashes -r constraints.txt
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	@# What a scan imports once it is fenced in could never be kept compiled.
	@$(BIN)/python -m compileall -q heroes_forensics
	@touch $@

demo: $(STAMP) ## Scan the bundled evidence against the bundled sets; report and verify
	@test ! -f $(DEMO)/case/case.db || rm -rf $(DEMO) # the one of the last time, and nothing else
	$(BIN)/heroes demo $(DEMO)

test: $(STAMP) ## Run the tests; T=... selects files, ids or pytest options
	$(BIN)/python -m pytest -q $(if $(T),$(T),-n $(JOBS) --dist worksteal -m "not slow")

check: lint types contracts test ## Everything that has to hold before a commit

lint: $(STAMP) ## Style and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: $(STAMP) ## Types, strictly
	$(BIN)/mypy

contracts: $(STAMP) ## Who may import whom
	$(BIN)/lint-imports

fix: $(STAMP) ## Repair style and format where a machine can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

fixtures: $(STAMP) ## Build the demo evidence again (needs ntfs-3g and e2fsprogs)
	$(BIN)/python fixtures/build.py

docs: $(STAMP) ## Write docs/cli.md again from the help texts
	$(BIN)/python docs/cli.py

bench: $(STAMP) peers ## Measure, as ratios in one run; T=--full does everything
	$(BIN)/python benchmarks/scan.py $(T)

bench-sets: $(STAMP) peers ## Measure look-ups and imports of hash sets; T=--full takes 100 million
	$(BIN)/python benchmarks/hashsets.py $(T)

bench-near: $(STAMP) peers ## Measure how near values are found; T=--full takes ten million
	$(BIN)/python benchmarks/near.py $(T)

bench-media: $(STAMP) peers ## Measure what values of pictures cost beside decoding
	$(BIN)/python benchmarks/media.py $(T)

bench-custody: $(STAMP) ## Measure what the record costs a scan; T=--full takes a million files
	PYTHONPATH=tests $(BIN)/python benchmarks/custody_cost.py $(T)

peers: ## Programs to compare with, in environments of their own
	@benchmarks/peers-setup.sh

conformance: $(STAMP) ## Compare with what independent tools found in real images
	PYTHONPATH=tests $(BIN)/python -m conformance $(T)

faults: $(STAMP) ## The long suites: faults, real wheels, thousands of examples
	$(BIN)/python -m pytest -q --hypothesis-profile=long -m slow -n $(JOBS) --dist loadfile $(T)

offline: $(STAMP) ## One archive of wheels that installs without network
	$(BIN)/python .ci/offline.py

constraints: ## Pin every package again (make constraints UPGRADE=--upgrade for newer ones)
	test -x build/pin/bin/pip-compile || { $(PYTHON) -m venv build/pin \
		&& build/pin/bin/python -m pip install --quiet pip-tools; }
	build/pin/bin/python .ci/pins.py compile $(UPGRADE)

clean: ## Remove what was made here, the environment included
	rm -rf $(VENV) build dist $(DEMO) heroes-offline-*.tar .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
