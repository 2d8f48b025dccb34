# `make` lists the commands. PYTHON=python3.12 chooses another Python, ARGS="-k keys -x" goes to pytest.
PYTHON ?= python3
BIN := .venv/bin
PIP_QUIET := --quiet --disable-pip-version-check --no-input
# What `make check` pretends to be: a public server, with a key that protects nothing.
PRODUCTION_CHECK = PRODUCTION=1 SITE_URL=https://openrouter.example.com \
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
	CREDENTIALS_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')"
# No index address in the lock files: they hold for whichever mirror one installs from.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url
LEDGER_TESTS := tests/billing/test_ledger_machine.py tests/billing/test_ledger_faults.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check format lock bench bench-ledger bench-pages bench-models bench-answers bench-sockets chaos chaos-ledger chaos-servers clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run-installed ## Start everything on http://localhost:8000 (PORT=...); Ctrl-C stops it
	@exec $(BIN)/python -m openrouter_site.supervisor --with-parent

test: .venv/test-installed ## Run the tests; ARGS="..." goes to pytest
	@$(BIN)/python -m pytest $(ARGS)

check: .venv/test-installed ## Lint, types, layers, templates, migrations, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@if [ -d templates ]; then set -x; $(BIN)/djlint templates --lint --check --quiet; fi
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(PRODUCTION_CHECK) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: .venv/test-installed ## Format Python and templates
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@if [ -d templates ]; then set -x; $(BIN)/djlint templates --reformat --quiet; fi

lock: ## Pin and hash requirements*.in into requirements*.txt (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed to write the lock files: pip install uv" >&2; exit 1; }
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

bench-ledger: .venv/run-installed ## Measure holds and settlements alone (--database postgresql://...)
	@$(BIN)/python bench/ledger.py $(ARGS)

bench-pages: .venv/run-installed ## Measure what pages read, with 1,000,000 generations (--database postgresql://...)
	@$(BIN)/python bench/pages.py $(ARGS)

bench-models: .venv/run-installed ## Measure the list of models, with 2,000 models
	@$(BIN)/python bench/models_page.py $(ARGS)

bench-answers: .venv/test-installed ## Measure how smoothly answers are drawn, in Chromium
	@$(BIN)/python bench/answer_rendering.py $(ARGS)

bench-sockets: .venv/run-installed ## Hold 200 pages of the Playground with three streaming panes each
	@$(BIN)/python bench/playground_sockets.py $(ARGS)

bench: .venv/run-installed ## Measure this gateway against a bare mock provider (better with wrk and gcc)
	@$(BIN)/python bench/run.py $(ARGS)

chaos: chaos-ledger chaos-servers ## All faults at full size, about an hour

# On SQLite, then on a PostgreSQL of its own.
chaos-ledger: .venv/test-installed ## LEDGER_STEPS random operations against a model; crowds, clocks
	@CHAOS=1 LEDGER_STEPS=$${LEDGER_STEPS:-100000} $(BIN)/python -m pytest -s $(LEDGER_TESTS) $(ARGS)
	@CHAOS=1 LEDGER_STEPS=$${LEDGER_STEPS:-100000} $(BIN)/python tests/chaos/chaos_postgresql.py \
		$(BIN)/python -m pytest -s $(LEDGER_TESTS) $(ARGS)

chaos-servers: .venv/test-installed ## Kills (CHAOS_KILLS=200), aborts and outages under load
	@CHAOS=1 CHAOS_KILLS=$${CHAOS_KILLS:-200} $(BIN)/python -m pytest -s tests/chaos $(ARGS)

clean: ## Remove what the tools left behind; never var/, where the data is
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Make .venv unless there is one that works: a copied or half-made one is made anew.
define make_venv
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed:" \
		"install Python 3.11 or newer, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed and $(PYTHON) is older:" \
		"name another one with PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing:" \
		"install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Making a virtual environment in .venv ..."; $(PYTHON) -m venv --clear .venv; }
endef

# One stamp for each list of packages: nothing is installed while the list is unchanged.
.venv/run-installed: requirements.txt
	$(make_venv)
	@echo "Installing what the product runs on (once, about half a minute) ..."
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements.txt
	@touch $@

.venv/test-installed: requirements-dev.txt
	$(make_venv)
	@echo "Installing what the checks and tests need (once, about a minute) ..."
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements-dev.txt
	@touch $@
