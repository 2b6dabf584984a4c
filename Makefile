# Two commands matter: `make run` and `make test`. Nothing is needed before them but Python 3.11 or later and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK := .venv-spark
THIRD_PARTY := $(abspath ../shared/data)
export KHO_TEST_DATA ?= $(if $(wildcard $(THIRD_PARTY)/SOURCES.md),$(THIRD_PARTY))
SAMPLE := data-sample

.PHONY: setup run test check docs faults chaos bench spark-test clean constraints

setup: $(READY)

# Made aside and marked ready last: an interrupted set-up is simply done again.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

# The sample holds faults on purpose, so exit code 1 (done, with blocking findings) is what a good run ends in.
run: setup
	@$(BIN)/kho --data $(SAMPLE) init --sample
	@$(BIN)/kho --data $(SAMPLE) run seeds/sample/inbox; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 1 ]

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Some 5,000 figures with faults of known kinds, and two clean years, through both gates; a table per kind.
faults: setup
	$(BIN)/python -m tests.faultset

# 200 runs killed at random instants, at least 20 inside each stage, by a seed; and backups taken while a run works.
chaos: setup
	$(BIN)/python -m tests.chaos
	$(BIN)/python -m tests.chaos.saved

# Everything that has a bar, beside what cannot be left out and what an office would write: tables, and JSON in
# bench-results/. `make bench NAMES="sample intake"` runs some of them; all of them take an hour on two processors.
bench: setup
	$(BIN)/python -m tests.benchmarks $(NAMES)

# The environment of Spark is one of its own; it needs Java 17.
$(SPARK)/.ready: constraints-spark.txt
	$(PYTHON) -m venv $(SPARK)
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check -r constraints-spark.txt
	touch $(SPARK)/.ready

# The sample's marts built on DuckDB and on a Spark cluster of two workers, one of which is killed in the second build;
# SPARK_FACTS=20000000 SPARK_MEMORY=4g builds made-up figures instead.
spark-test: setup $(SPARK)/.ready
	@rm -rf $(SPARK)/sample
	@$(BIN)/kho --data $(SPARK)/sample init --sample
	@$(BIN)/kho --data $(SPARK)/sample run --no-report seeds/sample/inbox; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 1 ]
	$(BIN)/python -m tests.spark --environment $(SPARK) --memory $(or $(SPARK_MEMORY),1g) \
	  $(if $(SPARK_FACTS),--facts $(SPARK_FACTS),--inputs $(SPARK)/sample/build/inputs --fill) $(SPARK_OPTIONS)

# dbt's own pages about models, columns, tests and exports, in one file that needs no server and no network.
docs: setup
	@KHO_INPUTS=inputs KHO_BUILD_WORK=:memory: KHO_BUILD_FILE=:memory: $(BIN)/dbt --quiet \
	  --no-send-anonymous-usage-stats docs generate --static --empty-catalog --select resource_type:exposure \
	  --project-dir dbt --profiles-dir dbt --target-path target/docs --log-path dbt/logs
	@echo dbt/target/docs/static_index.html

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint dbt/models dbt/tests

clean:
	rm -rf $(VENV) $(SPARK) $(SAMPLE) bench-results dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache *.egg-info

# The pinned set; the duckdb pin keeps release files readable by the clients that analysts have.
constraints: setup
	$(BIN)/python -m pip install --quiet uv
	echo 'duckdb==1.5.5' | $(BIN)/uv pip compile pyproject.toml --extra dev --universal --only-binary :all: \
	  --no-annotate --no-header --no-emit-index-url --upgrade -c - -o constraints.txt
