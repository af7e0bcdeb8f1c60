# Two environments, made on first use: .venv-core holds what `pip install pageglass` brings,
# .venv every extra and the tools besides.
.PHONY: demo test test-all environments lint check fuzz bench lock clean
.DELETE_ON_ERROR:

# Some containers forbid Python to keep what it has compiled; the tests start hundreds of programs,
# each of which would compile all of its packages again: 6.3 s in place of 1.8 for a server's imports.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= python3
BIN := .venv/bin
CORE := .venv-core/bin
DEMO := .cache/demo
UPGRADE := --upgrade
# Twice quiet: pip says nothing but errors. Python compiles what is imported, a small part of it all.
PIP_INSTALL := python -m pip install -qq --no-compile --disable-pip-version-check

demo: .venv-core/ready  ## Ingest the samples, ask three questions, search for a photo
	$(CORE)/pageglass ingest data/samples data/formats data/videos --home $(DEMO)
	$(CORE)/pageglass ask "How many steps do you have to climb to reach the lamp?" --home $(DEMO) --save-page $(DEMO)/answers
	$(CORE)/pageglass ask "Which keeper's daughter gave away her father's telescope?" --home $(DEMO) --save-page $(DEMO)/answers
	$(CORE)/pageglass ask "When does the ferry to the lighthouse leave?" --home $(DEMO) --save-page $(DEMO)/answers
	$(CORE)/pageglass search "a red bicycle by a wall" --images --top 3 --home $(DEMO)

# Three at once, on two cores too: a fifth of the time goes into waiting for programs and servers.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile
test: environments check  ## All that must hold, but for the tests that are marked slow
	$(PYTEST) -m "not slow"

test-all: environments check  ## With the tests that are marked slow
	$(PYTEST)

environments:  # Side by side: most of the time goes into waiting for packages
	@$(MAKE) --no-print-directory --jobs 2 .venv/ready .venv-core/ready

lint: check  ## Style, types, declared dependencies, the direction of imports, sizes of files
	$(BIN)/pytest -q tests/test_layout.py

check: .venv/ready  # What the tests do not check themselves
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/deptry .
	$(BIN)/lint-imports

fuzz: .venv/ready  ## The contract of the server with many random requests
	PAGEGLASS_FUZZ_EXAMPLES=$(or $(EXAMPLES),300) $(BIN)/pytest -q tests/test_contract.py tests/test_schema_budget.py tests/test_neutral_markdown.py

bench: .venv/ready  ## Benchmarks that need no data but the samples
	$(BIN)/python -m benchmarks.cold
	$(BIN)/python -m benchmarks.kill --times 30

.venv-core/ready: requirements/core.txt pyproject.toml
	@echo "Setting up .venv-core: a minute or two and 1.5 GB the first time."
	@$(call environment,.venv-core,requirements/core.txt)

.venv/ready: requirements/dev.txt pyproject.toml
	@echo "Setting up .venv: a few minutes and 7 GB the first time."
	@$(call environment,.venv,requirements/dev.txt)

define environment
$(PYTHON) -m venv $(1) \
	&& $(1)/bin/$(PIP_INSTALL) --require-hashes --requirement $(2) \
	&& $(1)/bin/$(PIP_INSTALL) --no-deps --no-build-isolation --editable . \
	&& touch $@
endef

# The core's versions are those of the whole. "===" keeps pip to the build that was hashed where
# another of the same version is at hand.
COMPILE := .cache/lock/bin/uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes \
	$(UPGRADE) --quiet --no-emit-index-url --no-annotate --no-header
lock:  ## Pin every dependency anew, with hashes; with UPGRADE= only what is new
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/$(PIP_INSTALL) "uv>=0.9"
	$(COMPILE) --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) --group build --constraints requirements/dev.txt --output-file requirements/core.txt
	sed -i -E 's/^(torch)==/\1===/' requirements/dev.txt

clean:  ## Forget the environments, the demo and every cache
	rm -rf .venv .venv-core .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
