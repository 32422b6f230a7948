# `make demo` and `make test` need Python 3.11 or later (with venv), make and git; they set up the rest themselves.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.set-up

.PHONY: setup demo test lint bench chaos lock

setup: $(SETUP)

$(SETUP): uv.lock pyproject.toml tools/setup.py $(shell git ls-files dashboards/console/web 2>/dev/null)
	@$(PYTHON) tools/setup.py

demo: setup
	@$(BIN)/python -m demo $(if $(WARD),--ward $(WARD)) $(ARGS)

test: setup
	@$(BIN)/python tools/peers.py test
	@$(BIN)/python -m pytest $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/house.py
	cd dashboards/console/web && PATH=$(CURDIR)/$(BIN):$$PATH npm run --silent lint

bench: setup
	@$(BIN)/python tools/peers.py bench
	@$(BIN)/python -m bench $(ARGS)

lock:
	$(BIN)/python tools/lock.py
