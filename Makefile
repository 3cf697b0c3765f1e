# One virtual environment serves every target, the demonstration included. It could do with the
# runtime lock alone, but installing msap_geo itself needs its build backend (hatchling), which pip
# would then fetch unpinned and unhashed; the development lock holds it. requirements.lock is for
# those who install the wheel, and `make wheel` proves it sufficient.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade) pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test check wheel lock clean

help:  ## affiche cette aide
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP)  ## lance l'étude de démonstration (résultats dans maps/)
	@$(BIN)/msap-geo demo

test: $(STAMP)  ## lance les tests avec leur couverture (PYTEST_ARGS="..." pour préciser)
	@sh scripts/ensure_browser.sh
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term $(PYTEST_ARGS)

check: $(STAMP)  ## vérifie style, types et architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: $(STAMP)  ## construit dist/*.whl et l'essaie dans un environnement vide
	@sh scripts/check_wheel.sh $(BIN)/python dist

# The development lock is made under the runtime one: what is tested is what is installed.
lock:  ## refait les verrous après un changement de pyproject.toml (UPGRADE=1 : tout à neuf ; demande uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean:  ## efface environnement, caches et dist/ (garde maps/)
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements-dev.lock pyproject.toml
	@sh scripts/ensure_venv.sh $(PYTHON) $(VENV)
	@echo "Installation des dépendances verrouillées dans $(VENV) (une à quelques minutes)…"
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
