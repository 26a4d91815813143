# Two commands do everything on a fresh machine: `make chat` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# The version that the tests ran on. The CPU build is asked for first; without an index that has
# it, the build of the default index is taken (on Linux that one brings CUDA, several gigabytes).
TORCH ?= 2.13.0
PORT ?= 7860
# Processes that share the tests, a file at a time; each takes some 500 MB and now and then a Chromium.
WORKERS ?= 2
AXE ?= 4.14.1
BIN := $(VENV)/bin

.PHONY: chat index test check catalogues data baseline pictures browser clean

# Without a document in corpus/ there is no index to make yet: the page invites to drop some.
chat: $(VENV)/.installed
	if [ -n "$$(ls corpus 2>/dev/null)" ]; then $(BIN)/qa index corpus --index index; fi
	$(BIN)/qa serve --index index --port $(PORT) --allow-upload

# Does nothing but look when the index already says what corpus/ says.
index: $(VENV)/.installed
	$(BIN)/qa index corpus --index index

test: $(VENV)/.installed-dev $(VENV)/axe.min.js browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# The only way to change tests/baseline.json: our figures on our own questions, reviewed as a diff.
baseline: $(VENV)/.installed-dev
	$(BIN)/python tests/baseline.py

# Which data sets of training and measuring are there, and where each comes from.
DATA ?= data
data:
	$(PYTHON) benchmarks/data_sources.py $(DATA)

# What is said to users, in src/qa/locale: after a change of a .po file.
catalogues: $(VENV)/.installed-dev
	for language in en fr; do $(BIN)/pybabel compile --domain qa --directory src/qa/locale \
	  --locale $$language; done

# The pictures of the README, made again after the pages have changed.
pictures: $(VENV)/.installed-dev browser
	$(BIN)/python benchmarks/pictures.py

$(VENV)/.torch:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "torch==$(TORCH)+cpu" || $(BIN)/pip install "torch==$(TORCH)"
	touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --editable ".[eval,mcp,models,wiki]"
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

# axe-core looks at every page for what a reader without eyes or mouse could not use: from npm, or
# else (there is no npm, or no registry) from the Python package that carries it.
$(VENV)/axe.min.js: $(VENV)/.installed-dev
	@cd $(VENV) && { npm pack --silent axe-core@$(AXE) >/dev/null 2>&1 && \
	  tar -xzmf axe-core-$(AXE).tgz --strip-components=1 package/axe.min.js; } || \
	  { bin/pip install --quiet --no-deps --target axe axe-playwright-python && \
	  mv axe/axe_playwright_python/axe.min.js .; } || \
	  echo "axe-core could not be had: its test will be skipped." >&2
	@rm -rf $(VENV)/axe $(VENV)/axe-core-$(AXE).tgz

# The web tests drive a real Chromium: it is installed here where that is possible.
browser:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq chromium chromium-driver; } || \
	  { echo "The web tests need chromium and chromedriver: install them, then run make test." >&2; exit 1; }

clean:
	rm -rf $(VENV) build index/gen-* index/.staging-* index/.embedded* index/CURRENT index/LOCK
