# Two commands matter: `make run` and `make test`. Both set up what they need, once; after that neither needs the network.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# An empty PYTHONPATH: what the caller's shell adds must not shadow what the lock pins.
export PYTHONPATH :=
# Nor must it make each of our processes compile everything anew, as some images do.
export PYTHONDONTWRITEBYTECODE :=

# The whole unless said otherwise: make test TESTS="tests/core -k cron", make bench BENCH=--quick
TESTS :=
# what starts no stack and, without its databases on PostgreSQL, no server
FAST := tests/core tests/bonding tests/webhooks tests/actions tests/simulator tests/store
BENCH :=
LINTED := .
TYPED :=

.PHONY: help setup run test check coverage lint types soak bench docs fmt lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/.ready ## make the virtual environment from the hashed lock

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bondbridge needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 " or 0)'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "could not make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

.venv/.ready: .venv/.python pyproject.toml requirements.lock requirements-build.lock
	@echo "setting up .venv (once) ..."
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.dev: .venv/.ready requirements-dev.lock
	@echo "setting up the test tools (once) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Programs that the tests talk to and that only Debian packages. As root they are installed, with nothing started; otherwise the
# tests use what the machine has and skip the rest, each with its reason.
DEBIAN := prometheus-alertmanager pgbouncer

.venv/.debian: .venv/.dev tests/debian-packages
	@tests/debian-packages $(DEBIAN)
	@touch $@

run: .venv/.ready ## run everything until Ctrl-C; against the simulator until a server is configured
	@if [ -n "$$BONDBRIDGE_CONFIG" ] || [ -e bondbridge.yaml ]; then exec $(BIN)/bondbridge up; fi; \
	echo "no management server is configured: showing the demo, against the simulator" >&2; exec $(BIN)/bondbridge demo

test: lint types .venv/.debian ## lint, types, contracts and the whole suite
	$(BIN)/pytest $(TESTS)

check: lint types ## lint, types, contracts and the fast tests, in a minute or so
	$(BIN)/pytest -n 2 -m "not soak and not takes" -k "not postgresql" $(or $(TESTS),$(FAST))

coverage: .venv/.debian ## the suite again, half as fast again, with what it covers
	$(BIN)/pytest --cov=bridge --cov-report=term $(TESTS)

lint: .venv/.dev ## ruff, import-linter and vulture
	$(BIN)/ruff check $(LINTED)
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/lint-imports
	$(BIN)/vulture

types: .venv/.dev ## mypy, strict
	$(BIN)/mypy $(TYPED)

soak: .venv/.debian ## the slow runs: every kill of the durability matrix
	$(BIN)/pytest -m soak --timeout 3600 -p no:cacheprovider $(TESTS)

bench: .venv/.dev ## measure, and print what benchmarks/README.md records
	$(BIN)/python -m benchmarks.run $(BENCH)

docs: .venv/.dev ## make docs/operations.md and docs/events.md from the catalogues
	$(BIN)/python -m bridge.cli.docgen.operations
	$(BIN)/python -m bridge.cli.docgen.events

fmt: .venv/.dev ## format, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev ## renew the hashed lock files
	$(BIN)/uv pip compile -q pyproject.toml --universal --no-strip-extras --generate-hashes --no-header --python-version 3.11 -o requirements.lock
	$(BIN)/uv pip compile -q --group build -c requirements.lock --universal --no-strip-extras --generate-hashes --no-header --python-version 3.11 -o requirements-build.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra dev -c requirements.lock --universal --no-strip-extras --generate-hashes --no-header --python-version 3.11 -o requirements-dev.lock

clean: ## remove what the other targets made (not the demo's state: that is in state/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage htmlcov .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
