# Everything runs in .venv, made from requirements.txt on first use.
.PHONY: demo test lint bench lock clean
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
DEMO := .cache/demo

demo: .venv/ready  ## Ingest data/samples, ask two questions, search for a photo
	$(BIN)/pageglass ingest data/samples --home $(DEMO)
	$(BIN)/pageglass ask "How many steps do you have to climb to reach the lamp?" --home $(DEMO) --save-page $(DEMO)/answers
	$(BIN)/pageglass ask "Which keeper's daughter gave away her father's telescope?" --home $(DEMO) --save-page $(DEMO)/answers
	$(BIN)/pageglass search "a red bicycle by a wall" --images --top 3 --home $(DEMO)

test: lint  ## Everything that must hold
	$(BIN)/pytest

lint: .venv/ready  ## Style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready  ## Benchmarks that need no data but the samples
	$(BIN)/python -m benchmarks.cold
	$(BIN)/python -m benchmarks.kill --times 30

.venv/ready: requirements.txt pyproject.toml
	@echo "Setting up .venv: a few minutes and about 6 GB the first time."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# "===" keeps pip to the build that was hashed where another of the same version is at hand.
lock:  ## Pin every dependency anew, with hashes
	$(PYTHON) -m venv .cache/lock
	.cache/lock/bin/pip install --quiet "uv>=0.9"
	.cache/lock/bin/uv pip compile pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
		--upgrade --quiet --no-emit-index-url --no-annotate --no-header --output-file requirements.txt
	sed -i -E 's/^(torch)==/\1===/' requirements.txt

clean:  ## Forget the environment, the demo and every cache
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
