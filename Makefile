PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)-tools

.PHONY: demo test check audit fix bench bench-check beside architecture screenshots dist wheel-demo docs clean

demo: $(VENV)/.demo  ## index the bundled sample, recommend, say where the page is
	$(BIN)/thatlook demo --out demo
	@echo "Open demo/index.html in a browser."

test: $(VENV)/.test  ## run all tests
	$(BIN)/python -m pytest

check: $(VENV)/.test audit  ## formatting, lint, types, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/.test  ## known vulnerabilities of what users install; says so where it cannot ask
	$(BIN)/python scripts/audit.py $(TOOLS)

fix: $(VENV)/.test  ## mend formatting and what lint can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The others need data, wrk or many minutes: their first lines say how to run them.
BENCHMARKS := bench_recommend bench_batching bench_feeds bench_ranking bench_scans bench_search

bench: $(VENV)/.test  ## run the benchmarks that need nothing but this repository
	@for name in $(BENCHMARKS); do \
	  echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

bench-check: $(VENV)/.test  ## compare what things cost with the last release; never part of the tests
	$(BIN)/python benchmarks/bench_check.py

beside:  ## thatlook beside what else one could take, in an environment of its own (PyTorch: gigabytes)
	$(PYTHON) -m venv $(VENV)-beside
	$(VENV)-beside/bin/python -m pip install --quiet --editable . -r benchmarks/beside/requirements.txt
	PYTHONPATH=benchmarks $(VENV)-beside/bin/python -m beside $(BESIDE)

architecture: $(VENV)/.test  ## draw the rooms and their imports into ARCHITECTURE.md
	$(BIN)/python scripts/draw_architecture.py

screenshots: $(VENV)/.test  ## take the pictures of the page anew, into docs/images; needs Chromium
	$(BIN)/python scripts/screenshots.py

docs: $(VENV)/.test  ## the documentation site, into site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dist:  ## the wheel, and beside it the bill of materials of what it brings with its extras
	rm -rf dist $(VENV)-dist
	$(PYTHON) -m venv $(VENV)-dist && $(PYTHON) -m venv $(TOOLS)
	$(VENV)-dist/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	$(VENV)-dist/bin/python -m pip install --quiet "$$(ls dist/*.whl)[serve,crawl,parquet,cluster,eval]"
	$(VENV)-dist/bin/python -m pip uninstall --quiet --yes pip setuptools
	$(TOOLS)/bin/python -m pip install --quiet -r scripts/audit-requirements.txt
	$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --no-validate \
	  --output-reproducible -o "$$(ls dist/*.whl | sed s/-py3.*//).cdx.json" $(VENV)-dist/bin/python
	rm -rf $(VENV)-dist

WHEEL := $(abspath $(VENV))-wheel

wheel-demo:  ## the wheel in an environment of its own; its demo, run outside the clone
	rm -rf $(WHEEL) && $(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(WHEEL)/dist .
	$(WHEEL)/bin/python -m pip install --quiet --disable-pip-version-check $(WHEEL)/dist/*.whl
	cd / && $(WHEEL)/bin/thatlook demo --out $(WHEEL)/demo
	rm -rf $(WHEEL)

clean:
	rm -rf $(VENV) $(TOOLS) $(VENV)-dist $(VENV)-beside $(WHEEL) dist demo site

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
