# One virtual environment, filled in two steps: what the demonstration needs (the runtime lock and the
# build backend that installs msap_geo itself), then what the tests and checks add.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
# Another PYTHON is another environment: its version is in the name of what marks the steps as done.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUNTIME := $(VENV)/.runtime-$(VERSION)
DEV := $(VENV)/.dev-$(VERSION)
# What checks the scripts of the page; Node and npm come with the packages of development.
PAGE := scripts/page
SCRIPTS := $(PAGE)/node_modules/.package-lock.json

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start a hundred interpreters: modules are compiled once for them all, whoever asks for none kept.
unexport PYTHONDONTWRITEBYTECODE

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help demo test test-rapide coverage check docs dist bench lock lowest newest clean

help:  ## affiche cette aide
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME)  ## lance l'étude de démonstration (résultats dans maps/)
	@$(BIN)/msap-geo demo

test: $(DEV)  ## lance tous les tests (PYTEST_ARGS="..." pour préciser)
	@sh scripts/ensure_browser.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

coverage: $(DEV)  ## lance tous les tests en comptant les lignes qu'ils voient (plus long d'un quart)
	@sh scripts/ensure_browser.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term $(PYTEST_ARGS)

test-rapide: $(DEV)  ## lance les tests rapides : sans navigateur ni fichiers réels
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser and not corse and not slow" \
		$(PYTEST_ARGS)

check: $(DEV) $(SCRIPTS)  ## vérifie style, types et architecture, de Python et des scripts de la page
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/node $(PAGE)/node_modules/typescript/bin/tsc --project $(PAGE)
	$(BIN)/node $(PAGE)/node_modules/oxlint/bin/oxlint --config $(PAGE)/oxlint.json msap_geo/outputs/page/assets

docs: $(DEV)  ## construit le site de documentation dans site/, sans internet
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "Site : site/index.html"

dist: $(DEV)  ## construit source et roue dans dist/, les contrôle et essaie la roue dans un environnement vide
	@sh scripts/check_dist.sh $(BIN)/python dist

bench: $(DEV)  ## lance les mesures de performance en petit (moins de dix minutes)
	$(BIN)/python benchmarks/all.py

# Each lock is made under the ones before it: what is tested is what is installed.
lock:  ## refait les verrous après un changement de pyproject.toml (UPGRADE=1 : tout à neuf ; demande uv)
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --output-file requirements-build.lock --group build --constraints requirements.lock
	$(LOCK) --output-file requirements-dev.lock pyproject.toml --group dev \
		--constraints requirements.lock --constraints requirements-build.lock

# What the bounds of pyproject.toml promise, beside what the locks pin.
NOT_LOCKED := --deselect tests/house/test_install.py::test_a_lock_holds_all_that_its_packages_require
define tried_with
	$(UV) venv --quiet --clear .venv-$(1)
	$(UV) pip install --quiet --python .venv-$(1) --resolution $(1) --editable . --group dev
	.venv-$(1)/bin/python -m pytest -n 2 --dist loadgroup $(NOT_LOCKED) $(PYTEST_ARGS)
endef

lowest:  ## essaie les dépendances les plus basses que pyproject.toml permet (demande uv)
	$(call tried_with,lowest-direct)

newest:  ## essaie les dépendances les plus neuves (demande uv)
	$(call tried_with,highest)

clean:  ## efface environnement, caches et dist/ (garde maps/)
	rm -rf $(VENV) .venv-* $(PAGE)/node_modules build dist site .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): requirements.lock requirements-build.lock pyproject.toml
	@sh scripts/ensure_venv.sh $(PYTHON) $(VENV)
	@echo "Installation des dépendances verrouillées dans $(VENV) (une minute environ)…"
	@sh scripts/install_locked.sh $(BIN)/python requirements.lock requirements-build.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	@echo "Installation des outils de test dans $(VENV) (une à quelques minutes)…"
	@sh scripts/install_locked.sh $(BIN)/python requirements-dev.lock
	@touch $@

$(SCRIPTS): $(PAGE)/package.json $(PAGE)/package-lock.json | $(DEV)
	@echo "Installation de ce qui vérifie les scripts de la page…"
	@$(BIN)/npm ci --prefix $(PAGE) --silent
	@touch $@
