# `make demo` and `make test` set up whatever they need first.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-daw lint docs fuzz bench lock clean

# Passed on to tools/setup.sh when given: make setup PYTHON=python3.12, make setup SYSTEM=no
export PYTHON SYSTEM

help: ## list what make can do here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing: system packages (apt), .venv, pinned Python packages
	@tools/setup.sh

demo: setup ## run a song through the full signal path: make demo, or make demo SONG=my.flac
	@.venv/bin/sideman demo $(if $(SONG),"$(SONG)")

test: setup ## every check and test: ruff, mypy, import floors, pytest (ARGS="-k latency" to choose)
	@.venv/bin/python tools/check.py $(ARGS)

test-daw: setup ## install Ardour and Xvfb (apt) where they are missing, and run the tests with Ardour
	@{ command -v ardour7-lua && command -v Xvfb; } >/dev/null || \
	    $(if $(filter 0,$(shell id -u)),,sudo) apt-get install --yes --no-install-recommends ardour xvfb
	@.venv/bin/python -m pytest -n 0 -m daw tests/daw_live $(ARGS)

lint: setup ## the checks alone, without pytest
	@.venv/bin/python tools/check.py --no-tests

docs: setup ## build the pages and the reference as HTML in build/docs; warnings are errors
	@.venv/bin/python -m sphinx --quiet --fail-on-warning --keep-going --conf-dir docs --doctree-dir build/doctrees . build/docs
	@echo 'open build/docs/docs/README.html'

fuzz: setup ## fuzz the readers of files and datagrams, ten minutes each (TARGET=midi SECONDS=60; Linux, macOS)
	@.venv/bin/python -c 'import atheris' 2>/dev/null || .venv/bin/python -m pip --disable-pip-version-check install \
	    --quiet --constraint constraints.txt --no-build-isolation --editable '.[fuzz]'
	@.venv/bin/python -m tests.fuzz $(TARGET) --seconds $(or $(SECONDS),600)

bench: setup ## measure the audio callback at each period, native against Python
	@.venv/bin/sideman bench callback

lock: ## write both constraints.txt anew with the newest versions that pyproject.toml allows
	@tools/lock.sh

clean: ## remove what was built, measured and cached (.venv stays; remove it by hand)
	@rm -rf build dist demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find bench bridge chains demo engines export mappings presets tui tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
