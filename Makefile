# Two commands do everything on a fresh machine: `make chat` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# The version that the tests ran on. The CPU build is asked for first; without an index that has
# it, the build of the default index is taken (on Linux that one brings CUDA, several gigabytes).
TORCH ?= 2.13.0
PORT ?= 7860
BIN := $(VENV)/bin

.PHONY: chat index test check baseline browser clean

chat: index
	$(BIN)/qa serve --index index --port $(PORT)

# Does nothing but look when the index already says what corpus/ says.
index: $(VENV)/.installed
	$(BIN)/qa index corpus --index index

test: $(VENV)/.installed-dev browser
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# The only way to change tests/baseline.json: our figures on our own questions, reviewed as a diff.
baseline: $(VENV)/.installed-dev
	$(BIN)/python tests/baseline.py

$(VENV)/.torch:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "torch==$(TORCH)+cpu" || $(BIN)/pip install "torch==$(TORCH)"
	touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

# The web tests drive a real Chromium: it is installed here where that is possible.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq chromium chromium-driver; } || \
	  { echo "The web tests need chromium and chromedriver: install them, then run make test." >&2; exit 1; }

clean:
	rm -rf $(VENV) build index/gen-* index/.staging-* index/.embedded index/CURRENT index/LOCK
