# `make run` and `make test` need Python 3.11 with pip, and nothing else.

PYTHON ?= python3
PORT ?= 8000
# Of tests: one more than a small machine has cores, as they often wait.
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
# Named by their content, so that a second run installs nothing.
SITE := $(VENV)/site-$(shell cat requirements.txt | cksum | cut -d' ' -f1)
DEV := $(VENV)/dev-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
PIP_COMPILE := $(BIN)/pip-compile -q --strip-extras --no-header --no-emit-index-url --no-emit-find-links
# A site as it would be deployed, for Django's own check of it.
DEPLOYED := DEBUG=0 SECRET_KEY=$$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n') ALLOWED_HOSTS=tiketi.example \
	SITE_ADDRESS=https://tiketi.example TRUSTED_PROXIES=10.0.0.0/24 EMAIL_URL=smtp+tls://mail.tiketi.example:587 \
	PAYMENT_PROVIDERS=stand-in=tests.events.stand_in.StandIn SELLER_NAME=TIKETI SELLER_REPRESENTATIVE=Kim \
	SELLER_REGISTRATION=124-81-00998 SELLER_MAIL_ORDER=2026-0001 SELLER_ADDRESS=Seoul SELLER_PHONE=02-123-4567 \
	SELLER_EMAIL=help@tiketi.example

export PORT

.PHONY: help run prepare test test-faults bench screenshots lint types lock release small

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

run: $(SITE) ## the whole site on http://127.0.0.1:8000 (PORT=8080 for another); Ctrl-C ends it
	@exec $(BIN)/python -I tiketi/tether.py $(BIN)/python -m tiketi.stack

prepare: $(SITE) ## tables and demo data only, for running the Procfile by other means
	@$(BIN)/python -m tiketi.stack prepare

test: $(DEV) ## every test but the long faults, in random order
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/faults

test-faults: $(DEV) ## what must hold when things break
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/faults

bench: $(DEV) ## the waiting room against its peers; writes benchmarks/results/
	$(BIN)/python -m benchmarks

screenshots: $(DEV) ## the pictures of the documents, made anew in Chromium; some minutes
	$(BIN)/python -m tests.browser.screenshots

lint: $(DEV) ## style, import contracts, migrations, Django's deployment checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING

types: $(DEV) ## mypy --strict
	$(BIN)/mypy

release: $(DEV) ## this commit as one file for servers, in dist/
	@$(BIN)/python deploy/release.py dist

small: $(DEV) ## the scripts of the waiting pages, made small; after a change to one of them
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.waitingroom.small

lock: $(DEV) ## pin what requirements*.in ask for
	$(PIP_COMPILE) -o requirements.txt requirements.in
	$(PIP_COMPILE) --allow-unsafe -o requirements-dev.txt requirements-dev.in

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'TIKETI needs Python 3.11 or newer: make run PYTHON=/path/to/it'; exit 1; }
	@# Debian keeps ensurepip in a package of its own; its pip can fill an environment from outside.
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(SITE): | $(BIN)/python
	@echo 'Installing what the site needs ...'
	@$(call install,-r requirements.txt)
	@touch $@

$(DEV): $(SITE)
	@echo 'Installing what tests and checks need ...'
	@$(call install,-r requirements.txt -r requirements-dev.txt)
	@touch $@

install = if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
	else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; $$pip install -q --disable-pip-version-check $(1)
