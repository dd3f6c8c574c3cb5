# `make run` and `make test` need nothing but Python 3.11 on the machine: they bring the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python
PORT ?= 8000
export PORT
# One more than the cores of a small machine: some tests wait for processes that die and come back.
PROCESSES ?= 3

.PHONY: help run test check bench setup setup-dev assets messages format
.DEFAULT_GOAL := help

help:
	@echo "make run       set up and run the portal (PORT=$(PORT)); Ctrl-C stops everything it started"
	@echo "make test      set up and run all tests"
	@echo "make check     style, import contracts, types, migrations, translations, deployment checks"
	@echo "make bench     benchmarks, as ratios"
	@echo "make messages  bring the translation catalogues up to date"
	@echo "make format    format the code"

run: setup
	@exec $(PY) manage.py up --port $(PORT)

test: setup-dev
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || .ci/apt chromium || true
	$(PY) -m pytest -n $(PROCESSES) --dist loadfile

check: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/mypy
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py messages --check
	.ci/production $(PY) manage.py check --deploy --fail-level WARNING

bench: setup-dev
	@status=0; for script in bench/[!_]*.py; do echo "== $$script"; $(PY) "$$script" || status=1; done; exit $$status

messages: setup-dev
	$(PY) manage.py messages

format: setup-dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# --- what the above stand on -------------------------------------------------------------------------------------

setup: .venv/.runtime assets build/messages.stamp

setup-dev: .venv/.dev assets build/messages.stamp

assets: .venv/.runtime
	@$(PY) partyschool/assets.py
	@test -f /usr/share/fonts/truetype/hanazono/HanaMinB.ttf || .ci/apt fonts-hanazono || true

build/messages.stamp: .venv/.runtime $(wildcard locale/*/LC_MESSAGES/*.po)
	@mkdir -p build
	@$(PY) manage.py messages --compile
	@touch $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; .ci/apt python3-venv && $(PYTHON) -m venv .venv; }

.venv/.runtime: requirements.txt requirements-embedded.txt | .venv/bin/pip
	@.ci/install -r requirements.txt
	@$(PY) -m partyschool.embedded missing 2>/dev/null || .ci/install --no-deps -r requirements-embedded.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@.ci/install -r requirements-dev.txt
	@touch $@
