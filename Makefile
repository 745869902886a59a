PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check fix bench architecture clean

demo: $(VENV)/.demo  ## index the bundled sample, recommend, say where the page is
	$(BIN)/thatlook demo --out demo
	@echo "Open demo/index.html in a browser."

test: $(VENV)/.test  ## run all tests
	$(BIN)/python -m pytest

check: $(VENV)/.test  ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.test  ## mend formatting and what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The others need data, wrk or many minutes: their first lines say how to run them.
BENCHMARKS := bench_recommend bench_batching bench_feeds bench_ranking bench_scans bench_search

bench: $(VENV)/.test  ## run the benchmarks that need nothing but this repository
	@for name in $(BENCHMARKS); do \
	  echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

architecture: $(VENV)/.test  ## draw the rooms and their imports into ARCHITECTURE.md
	$(BIN)/python scripts/draw_architecture.py

clean:
	rm -rf $(VENV) demo

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || (echo "thatlook needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[all,dev]'
	@touch $@ $(VENV)/.demo
