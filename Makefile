# Everything here runs from a clean clone with Python 3.11, 3.12 or 3.13 and make, nothing else.
# Targets that need Python packages make `.venv` first, from requirements.lock.

VENV := .venv
BIN := $(VENV)/bin
# `make .venv PYTHON=/path/to/python3.12` overrides the search.
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
# A Python that will do: a version the lock was made for, able to make environments with pip in them.
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq --no-input
# Arguments for pytest: `make test ARGS="tests/planning -x"`.
ARGS ?=
# Processes that tests run in; `make test WORKERS=0` runs them in this one.
WORKERS ?= auto

export PIP_REQUIRE_VIRTUALENV := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SPARK := .venv-spark
# Rooms of the warehouse that every engine is asked: what a table of results has as its rows.
MATRIX_TESTS := $(addprefix tests/warehouse/test_,changes.py commits.py dead_runs.py left_behind.py lock.py records.py resting.py state.py)

.PHONY: matrix .venv-spark help demo test test-slow lint fmt docs pages bench bench-scale bench-warehouse bench-row bench-start bench-peers bench-charts lock clean .venv

help: ## What can be made (this text)
	@sed -n 's/^\([a-z.-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

demo: $(VENV)/.stamp ## Three days of a team's work, offline: dbt, plan, apply, ledger, and trouble (about a minute)
	@$(BIN)/python scripts/demo.py

test: $(VENV)/.stamp ## All tests but the slow ones (ARGS="…" goes to pytest)
	@$(BIN)/python -m pytest -q -m "not slow" -n $(WORKERS) --dist worksteal $(ARGS)

test-slow: $(VENV)/.stamp $(VENV)-dagster/.stamp ## Only the slow tests
	@$(BIN)/python -m pytest -q -m slow -n $(WORKERS) --dist worksteal $(ARGS) || test $$? -eq 5  # 5: nothing is marked slow

matrix: $(VENV)/.stamp $(SPARK)/.stamp ## Warehouse by behaviour, as the tests find it: duckdb, postgres, spark
	@mkdir -p build/matrix && rm -f build/matrix/*.xml
	@for warehouse in duckdb postgres; do \
	  QSYNC_TEST_WAREHOUSE=$$warehouse $(BIN)/python -m pytest -q -m "not slow" -n $(WORKERS) \
	    --junit-xml build/matrix/$$warehouse.xml $(MATRIX_TESTS) >build/matrix/$$warehouse.log 2>&1 || true; \
	done
	@QSYNC_TEST_WAREHOUSE=spark $(SPARK)/bin/python -m pytest -q -m "not slow" -n $(WORKERS) \
	  --junit-xml build/matrix/spark.xml $(MATRIX_TESTS) >build/matrix/spark.log 2>&1 || true
	@$(BIN)/python scripts/matrix.py build/matrix

lint: $(VENV)/.stamp ## ruff, mypy --strict and the layers between rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fmt: $(VENV)/.stamp ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: $(VENV)/.stamp ## Build the documentation into docs/_build (any warning fails)
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build
	@echo "docs/_build/index.html"

pages: $(VENV)/.stamp ## Rewrite the pages of docs/ that are made from code
	@$(BIN)/python docs/generated.py

bench: $(VENV)/.stamp ## Measure qsync beside a plain script, then its scale (25 minutes); rewrites docs/benchmarks.md
	@$(BIN)/python -m benchmarks.bench --write docs/benchmarks.md
	@$(MAKE) --no-print-directory bench-scale

bench-scale: $(VENV)/.stamp ## Loads of 1 and 10 million rows on a virtual clock, at the documented limits (15 minutes)
	@$(BIN)/python -m benchmarks.scale --write docs/benchmarks.md

bench-peers: $(VENV)/.stamp build/peers/.locked ## qsync beside dlt, drt and a plain script (15 minutes); ARGS="--rows 5000" for less
	@$(BIN)/python -m benchmarks.peers --write docs/benchmarks.md $(ARGS)

# The peers pin other packages than qsync does, so they get an environment of their own.
build/peers/.locked: benchmarks/peers/requirements.lock | $(VENV)/.stamp
	@rm -rf build/peers && $(BIN)/python -m venv build/peers
	@build/peers/bin/python -m pip --disable-pip-version-check -qq --no-input install \
	  --require-hashes --no-deps -r benchmarks/peers/requirements.lock
	@cp benchmarks/peers/requirements.lock $@
bench-warehouse: $(VENV)/.stamp ## A million rows and ten in DuckDB and PostgreSQL, beside hand-written SQL (25 minutes); ARGS="--resume" goes on
	@$(BIN)/python -m benchmarks.warehouse_scale --write docs/benchmarks.md $(ARGS)

bench-row: $(VENV)/.stamp ## The path of a row, step by step: rows in a second on one core (two minutes)
	@$(BIN)/python -m benchmarks.row_path --write docs/benchmarks.md

bench-start: $(VENV)/.stamp ## Start-up with 5,000 models and 300 syncs: where processor time goes (five minutes)
	@$(BIN)/python -m benchmarks.start --write docs/benchmarks.md

bench-charts: $(VENV)/.stamp ## Redraw the charts of docs/pictures from benchmarks/results
	@$(BIN)/python benchmarks/charts.py

clean: ## Remove everything that make, the tests and the demo made
	@rm -rf $(VENV) $(VENV)-dagster $(SPARK) .demo build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@rm -rf .hypothesis .coverage example_project/target example_project/logs
	@find qsync tests docs scripts benchmarks example_project -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv: $(VENV)/.stamp ## Just the environment: dbt with its DuckDB and PostgreSQL adapters, and qsync
	@:

# The packages. The stamp is written last: an environment without it is half made and is made anew.
# A lock that only looks newer (a fresh checkout, a branch and back) costs nothing.
$(VENV)/.locked: requirements.lock
	@if cmp -s requirements.lock $@ && $(BIN)/python -c '' 2>/dev/null; then touch $@; exit 0; fi; \
	rm -rf $(VENV); \
	for python in $(PYTHONS); do \
	  if "$$python" -c '$(SUITABLE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No suitable Python among: $(PYTHONS)." >&2; \
	  echo "qsync needs 3.11, 3.12 or 3.13 with venv (on Debian: apt-get install python3-venv)," >&2; \
	  echo "or name one: make .venv PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" -V) from requirements.lock"; \
	"$$found" -m venv $(VENV) \
	  && $(PIP) install --require-hashes --no-deps -r requirements.lock \
	  && $(BIN)/python -m pip --disable-pip-version-check check >/dev/null \
	  && cp requirements.lock $@ \
	  || { rm -rf $(VENV); echo "$(VENV) could not be made; nothing is left of it." >&2; exit 1; }

# qsync itself, from this folder: again when its metadata or commands change, which takes a second.
$(VENV)/.stamp: $(VENV)/.locked pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# The environment of the Dagster example: for one slow test, too large for the lock.
$(VENV)-dagster/.stamp: $(VENV)/.stamp tests/orchestration/dagster.lock
	@if cmp -s tests/orchestration/dagster.lock $(VENV)-dagster/.locked; then touch $@; exit 0; fi; \
	echo "Making $(VENV)-dagster from tests/orchestration/dagster.lock"; \
	rm -rf $(VENV)-dagster; \
	$(BIN)/python -m venv $(VENV)-dagster \
	  && $(VENV)-dagster/bin/python -m pip --disable-pip-version-check -qq --no-input install --require-hashes --no-deps -r tests/orchestration/dagster.lock \
	  && $(VENV)-dagster/bin/python -m pip --disable-pip-version-check -qq --no-input install --no-deps --no-build-isolation --no-index --editable . \
	  && cp tests/orchestration/dagster.lock $(VENV)-dagster/.locked && touch $@ \
	  || { rm -rf $(VENV)-dagster; echo "$(VENV)-dagster could not be made; nothing is left of it." >&2; exit 1; }

# Spark without Java (Sail), its client and its adapter: an environment of its own, for tests alone.
$(SPARK)/.stamp: requirements-spark.lock $(VENV)/.locked
	@rm -rf $(SPARK)
	@echo "Making $(SPARK) from requirements-spark.lock"
	@$(BIN)/python -m venv $(SPARK)
	@$(SPARK)/bin/python -m pip --disable-pip-version-check -qq --no-input install --require-hashes --no-deps -r $<
	@$(SPARK)/bin/python -m pip --disable-pip-version-check -qq --no-input install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv-spark: $(SPARK)/.stamp ## Just the environment of the tests on Spark
	@:

# uv is needed for this alone, so it is not in the lock; it comes into an environment of its own.
lock: $(VENV)/.stamp ## Resolve requirements.lock anew from pyproject.toml (UPGRADE=--upgrade for newer ones)
	@test -x build/uv/bin/uv || { $(BIN)/python -m venv build/uv && build/uv/bin/python -m pip -qq install uv; }
	@build/uv/bin/uv pip compile pyproject.toml --output-file requirements.lock --quiet $(UPGRADE) \
	  --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --extra duckdb --extra postgres --extra emulator --extra alerts --group test --group lint --group docs --group build --group pins
	@build/uv/bin/uv pip compile tests/orchestration/dagster.in --output-file tests/orchestration/dagster.lock --quiet \
	  $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-emit-package qsync
	@build/uv/bin/uv pip compile requirements-spark.in --output-file requirements-spark.lock --quiet $(UPGRADE) \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
