# `make demo` and `make test` need Python 3.11 or later (with venv), make and git; they set up the rest themselves.
PYTHON ?= python3
BIN := .venv/bin
# Most tests wait for something, so three workers keep two cores busy; a file's tests stay together and in order.
WORKERS ?= 3
WEB := dashboards/console/web
SOURCES := uv.lock pyproject.toml tools/setup.py $(shell git ls-files $(WEB) telemetry/texts dashboards/console/words 2>/dev/null)

.PHONY: setup demo test lint bench chaos lock wire

setup: .venv/.set-up

.venv/.set-up: $(SOURCES)
	@$(PYTHON) tools/setup.py

.venv/.set-up-dev: $(SOURCES)
	@$(PYTHON) tools/setup.py --dev

demo: setup
	@$(BIN)/python -m demo $(if $(WARD),--ward $(WARD)) $(ARGS)

test: .venv/.set-up-dev
	@$(BIN)/python tools/peers.py test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

lint: .venv/.set-up-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/house.py
	cd $(WEB) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent lint

bench: .venv/.set-up-dev
	@$(BIN)/python tools/peers.py bench
	@$(BIN)/python -m bench $(ARGS)

chaos: .venv/.set-up-dev
	@$(BIN)/python tools/peers.py chaos
	@$(BIN)/python -m chaos $(ARGS)

# For those who change the dependencies or the wire format.
lock:
	$(BIN)/python tools/lock.py

wire:
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. telemetry/wire.proto
