# make run    set up and start MI Studio        make test   everything that must hold
# make help   the rest
.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev system-deps system-deps-list test stress bench reference tradeoff tables screenshots zoo installer clean

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# What Debian and Ubuntu must have for a Qt window, beyond a bare system.
SYSTEM_DEPS := python3-venv libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libx11-xcb1 \
  libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
  libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1

# Each stamp is newer than pyproject.toml when that installation is up to date.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r name what; do printf '%-18s %s\n' "$$name" "$$what"; done

run: $(RUN)  ## set up what is missing and start MI Studio; ARGS="run --scene federated ..." for the command line
	@$(BIN)/mi-studio $(ARGS)

setup: $(RUN)  ## make .venv and install MI Studio into it

setup-dev: $(DEV)  ## the same with everything that tests, training and the installer need

system-deps:  ## install the system libraries that a window needs (Debian, Ubuntu)
	$(SUDO) apt-get update
	$(SUDO) apt-get install --yes --no-install-recommends $(SYSTEM_DEPS)

system-deps-list:
	@echo $(SYSTEM_DEPS)

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "MI Studio needs Python 3.11 or newer, and none is on the PATH."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python cannot make virtual environments here. Run: $(SUDO) apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# TORCH_INDEX=https://download.pytorch.org/whl/cpu takes torch from there (not yet tried)
$(RUN): pyproject.toml | $(BIN)/python
	$(if $(TORCH_INDEX),$(PIP) install --index-url $(TORCH_INDEX) torch torchvision)
	$(PIP) install --editable .
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	$(if $(TORCH_INDEX),$(PIP) install --index-url $(TORCH_INDEX) torch torchvision)
	$(PIP) install --editable '.[dev]'
	@touch $@ $(RUN)

test: $(DEV)  ## formatting, types, import rules and tests
	@export QT_QPA_PLATFORM=offscreen; failed=; \
	check() { printf '\n== %s\n' "$$*"; "$(BIN)/$$@" || failed="$$failed $$1"; }; \
	check ruff check .; \
	check ruff format --check .; \
	check mypy --strict; \
	check lint-imports; \
	[ -z "$$failed" ] || printf '\n== not passed so far:%s\n' "$$failed"; \
	check pytest -n auto --dist loadfile -m "not stress"; \
	[ -z "$$failed" ]

stress: $(DEV)  ## long and violent tests: random use, quitting at random moments
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -m stress

bench: $(DEV)  ## measure smoothness, speed and leaks on this machine
	@for script in benchmarks/[a-z]*.py; do \
	  printf '\n== %s\n' "$$script"; QT_QPA_PLATFORM=offscreen $(BIN)/python "$$script" || exit 1; done

reference: $(DEV)  ## write docs/reference.md, docs/weights.md and docs/lessons anew from what is shipped
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_lessons.py

tradeoff: $(DEV)  ## run what is missing of the results that the Trade-off page opens with
	@for grid in assets/tradeoff/*.toml; do printf '\n== %s\n' "$$grid"; \
	  $(BIN)/mi-studio sweep "$$grid" --out "$${grid%.toml}.json.gz" || exit 1; done

effects: $(DEV)  ## run what is missing of the table of what stops whom
	$(BIN)/python docs/make_effects.py

tables: reference  ## measure and write the tables in docs anew; TABLES="epsilon ..." for some of them
	$(BIN)/python docs/make_tables.py $(TABLES)

screenshots: $(DEV)  ## take the pictures in docs/screenshots anew
	$(BIN)/python docs/make_screenshots.py

zoo: $(DEV)  ## rebuild pretrained/ (mi-studio train); RECIPES="..." for some of it
	$(BIN)/mi-studio train $(RECIPES)

# The bundle has an environment of its own, because it wants a CPU build of torch: TORCH="torch==2.13.0+cpu".
TORCH ?= torch
BUNDLER := build/installer/bin/python
installer:  ## build dist/MI-Studio with PyInstaller and start it once (see installer/README.md)
	[ -x $(BUNDLER) ] || $(PYTHON) -m venv build/installer
	$(BUNDLER) -m pip install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) '$(TORCH)'
	$(BUNDLER) -m pip install '.[installer]'
	$(BUNDLER) -m pip uninstall --quiet --yes torchvision mi-studio
	$(BUNDLER) -m pip install --quiet --no-deps --editable .
	$(BUNDLER) installer/build.py

clean:  ## remove what building and testing left; .venv stays
	rm -rf build dist out mi-studio-run .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
