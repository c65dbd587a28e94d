# Each target sets up what it needs in .venv/; installing again when nothing changed takes no time.
.PHONY: install demo serve-demo run up test suite test-fast check bench docs lock sbom audit

bin := .venv/bin

# Empty means that Python keeps what it compiles, also where the environment forbids that: the tests start many
# processes, and compiling again what a process imports takes each of them 3 to 12 seconds.
export PYTHONDONTWRITEBYTECODE :=

install:
	@tools/install

demo: install
	@$(bin)/papertide demo

# The web product on the sample corpus, in a folder that is kept between starts; an unfinished one is made again.
serve-demo: install
	@[ -d .demo-data/digests ] || { rm -rf .demo-data && $(bin)/papertide demo --out .demo-data; }
	@$(bin)/papertide --data-dir .demo-data up

run: install
	@$(bin)/papertide run

up: install
	@$(bin)/papertide up

# The checks run beside the tests, which leave a quarter of two cores idle.
test: install
	@$(MAKE) --no-print-directory --jobs=2 check suite

# A worker for each core, each with one thread: threads that share cores wait for each other. tests/conftest.py puts
# the files in their order.
workers := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
suite: install
	@OMP_NUM_THREADS=1 $(bin)/python -m pytest $(workers)

# Without what is marked slow: the embedding model, a browser, PostgreSQL, long simulations.
test-fast: install
	@OMP_NUM_THREADS=1 $(bin)/python -m pytest $(workers) -m 'not slow'

check: install
	@$(bin)/ruff format --check .
	@$(bin)/ruff check .
	@$(bin)/mypy
	@$(bin)/lint-imports
	@$(bin)/python -m tools.check_english

bench: install
	@$(bin)/python -m benchmarks.pipeline

docs: install
	@$(bin)/python -m tools.reference

lock: install
	@$(bin)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-package torch --generate-hashes \
		--all-extras --custom-compile-command 'make lock' pyproject.toml -o requirements.lock
	@$(bin)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-package torch --generate-hashes \
		--extra mcp --extra postgresql --constraint requirements.lock --custom-compile-command 'make lock' \
		pyproject.toml -o deploy/requirements.lock

# torch is pinned outside the lock, so it is added here.
sbom: install
	@mkdir -p dist
	@{ cat requirements.lock; grep -o 'torch==[0-9.]*' pyproject.toml; } | $(bin)/cyclonedx-py requirements --output-reproducible \
		--pyproject pyproject.toml --output-file dist/papertide.cdx.json - 2>/dev/null
	@echo "dist/papertide.cdx.json lists every package that Papertide is built from"

audit: install
	@$(bin)/python -m tools.audit_lock
