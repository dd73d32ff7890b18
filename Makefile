# Presence: `make help` lists the commands.

PORT ?= $(or $(PRESENCE_PORT),7860)
VENV ?= .venv
PYTEST_ARGS ?=
SECONDS_EACH ?= 600
HARDWARE ?= cpu
WORKERS ?= 2

PY := $(VENV)/bin/python
PYTEST = HF_HUB_OFFLINE=1 GRADIO_ANALYTICS_ENABLED=False OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} \
	$(PY) -m pytest -n 2 --dist loadfile
# The stamps carry a checksum of the requirements: changed requirements are installed, touched or
# freshly checked out ones are not installed again.
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.txt | cksum | cut -d ' ' -f 1)
RAY_STAMP := $(VENV)/.ray-$(shell cat requirements.txt requirements-audit.txt requirements-ray.txt | cksum | cut -d ' ' -f 1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements.txt requirements-audit.txt requirements-dev.txt | cksum | cut -d ' ' -f 1)

# Threads that wait for each other; it must be set before NumPy and torch are imported.
export OMP_WAIT_POLICY ?= PASSIVE
export OPENBLAS_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo cluster test test-all lint format fuzz corpus dependencies dev-cert deploy clean distclean help named-space browser
.NOTPARALLEL:
.DEFAULT_GOAL := help

demo: $(RUN_STAMP)  ## Start the page (PORT=7860, HOST=127.0.0.1) and print its address
	@PYTHONUNBUFFERED=1 PRESENCE_PORT='$(PORT)' $(if $(filter command,$(origin HOST)),PRESENCE_HOST='$(HOST)') exec $(PY) app.py

cluster: $(RAY_STAMP)  ## Start workers on this machine that render for PRESENCE_WORKERS=ray (WORKERS=2)
	@PYTHONUNBUFFERED=1 exec $(PY) -m scripts.cluster --workers '$(WORKERS)'

test: $(DEV_STAMP) browser lint  ## Check format, lint, floors and types, then run the tests
	@echo "Testing with `$(PY) --version`."
	$(PYTEST) -m 'not long' $(PYTEST_ARGS)

test-all: $(DEV_STAMP) browser lint  ## The same with the long tests: kills, fuzzing, training, PostgreSQL
	@echo "Testing with `$(PY) --version`."
	$(PYTEST) $(PYTEST_ARGS)
	@echo 'What we depend on (a report; make dependencies asks for known weaknesses, too):'
	@-$(PY) -m scripts.dependencies --offline

lint: $(DEV_STAMP)  ## Check format, lint, floors and types
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(VENV)/bin/lint-imports --no-logo
	$(PY) -m mypy

format: $(DEV_STAMP)  ## Format, and mend what the linter can mend
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

fuzz: $(DEV_STAMP)  ## Attack the photo loader and the looks with made-up input (SECONDS_EACH=600)
	$(PY) -m tests.hostile.fuzz loader --seconds $(SECONDS_EACH) --findings var/fuzz
	$(PY) -m tests.hostile.fuzz looks --seconds $(SECONDS_EACH) --findings var/fuzz

corpus: $(DEV_STAMP)  ## Try everything hostile that we know of, and write the table to var/
	HF_HUB_OFFLINE=1 $(PY) -m tests.hostile --out var/corpus.md

dependencies: $(DEV_STAMP)  ## Report on what we depend on: pins, licences, known weaknesses
	$(PY) -m scripts.dependencies --files

dev-cert: $(RUN_STAMP)  ## Make a certificate to try Content Credentials with, in var/
	@$(PY) scripts/dev_cert.py var

deploy: named-space $(RUN_STAMP)  ## Put the last commit on a Hugging Face Space (SPACE=owner/name, HARDWARE=cpu or zero)
	@$(PY) -m scripts.deploy '$(SPACE)' --hardware '$(HARDWARE)'

clean:  ## Remove caches
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## Remove caches and the environment
	rm -rf '$(VENV)'

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

$(RUN_STAMP):
	@$(make-venv)
	@echo 'Installing what Presence runs on (the first time takes some minutes).'
	@$(PY) -m pip install -r requirements.txt
	@$(need-opencv-libraries)
	@rm -f $(VENV)/.run-* && touch $@

$(RAY_STAMP): $(RUN_STAMP)
	@echo 'Installing Ray.'
	@$(PY) -m pip install -r requirements.txt -r requirements-ray.txt
	@rm -f $(VENV)/.ray-* && touch $@

$(DEV_STAMP):
	@$(make-venv)
	@echo 'Installing what Presence runs on and is tested with (the first time takes some minutes).'
	@$(PY) -m pip install -r requirements-dev.txt
	@$(need-opencv-libraries)
	@rm -f $(VENV)/.run-* $(VENV)/.dev-* && touch $(RUN_STAMP) $@

named-space:
	@test -n '$(SPACE)' || { echo 'Say which Space: make deploy SPACE=owner/name' >&2; exit 2; }

browser:
	@test -x /usr/bin/chromium || { \
		packages=chromium; without='the browser tests are skipped'; $(install-packages); }

# An environment of ours is kept if it is whole, mended if it is broken, and never taken over if it
# is made with another Python than those that Presence runs on.
define make-venv
fits='import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))'; \
if $(PY) -c '' 2>/dev/null && ! $(PY) -c "$$fits"; then \
	echo "$(VENV) holds `$(PY) --version`, and Presence needs Python 3.11 or 3.12: remove $(VENV), or choose another folder with make VENV=..." >&2; exit 1; \
fi; \
$(PY) -c 'import sys, pip; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || { \
	for python in python3.11 python3.12 python3 none; do \
		$$python -c "$$fits" 2>/dev/null && break; \
	done; \
	if [ $$python = none ]; then \
		echo "Presence needs Python 3.11 or 3.12. Neither is here, and python3 is `python3 --version 2>/dev/null || echo absent`. Install one of them, then run make again." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with `$$python --version`."; \
	$$python -m venv --clear '$(VENV)' || { \
		echo "Python's venv did not work. On Debian and Ubuntu it is a package of its own: apt-get install $$python-venv" >&2; exit 1; \
	}; \
}
endef

define need-opencv-libraries
$(PY) -c 'import cv2' 2>/dev/null || { \
	packages=`tr '\n' ' ' <packages.txt`; without='OpenCV cannot start'; $(install-packages); \
	$(PY) -c 'import cv2'; \
}
endef

# Debian's packages, where we may install them; else one line saying what goes without them.
define install-packages
sudo=; \
if ! command -v apt-get >/dev/null 2>&1; then may=no; \
elif [ "`id -u`" = 0 ]; then may=yes; \
elif sudo -n true 2>/dev/null; then may=yes; sudo='sudo -n'; \
else may=no; fi; \
if [ $$may = yes ]; then \
	echo "Installing $$packages with apt-get."; \
	{ $$sudo apt-get -qq update; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		-o DPkg::Lock::Timeout=120 $$packages >/dev/null; } \
	|| echo "Could not install $$packages: $$without."; \
else \
	echo "Without $$packages (Debian's names): $$without."; \
fi
endef
