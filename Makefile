# A fresh clone needs a supported Python and make; the first target run makes .venv and installs into it.
# Another Python than the one on PATH: make install PYTHON=python3.12

.PHONY: help install pages check test test-full demo bench lab recorder-cost lab-families lab-twins lab-packages lock
.DELETE_ON_ERROR:

# Tests and commands start Python by the hundred; without its compiled files each start would read all sources anew.
unexport PYTHONDONTWRITEBYTECODE

# Each test stands alone, so every core may run some; more than four only wait for browsers and disks.
SHARED_OUT = --numprocesses=logical --maxprocesses=4

help:
	@echo "make install    make .venv and install the locked packages and the project"
	@echo "make pages      build the recorder and the pages, if their sources have changed"
	@echo "make demo       score the sample sessions and print what was seen"
	@echo "make check      ruff, mypy --strict, and the order of the floors"
	@echo "make test       the tests, in some minutes"
	@echo "make test-full  the tests and their long forms"
	@echo "make bench      each speed beside its limit and its peers, on this machine"
	@echo "make lab        record the sample sessions again (needs Chromium, Node.js and npm)"
	@echo "make recorder-cost  measure what the recorder costs a page, beside two others (needs Chromium, Node.js and npm)"
	@echo "make lab-families  record people and automation families, a minute and more of each, into made/families"
	@echo "make lab-twins     record struggles and their calm twins into made/twins"
	@echo "make lock       compile requirements.txt again (needs uv; UPGRADE=--upgrade for newer versions)"

install: .venv/installed

.venv/installed: pyproject.toml requirements.txt
	@python=$$(sh scripts/find_python.sh) && "$$python" scripts/install.py
	@touch $@

pages: install
	@.venv/bin/python service/web/build.py

check: install pages
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --quiet --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python service/web/build.py --check

test: install pages
	.venv/bin/python scripts/compile.py
	.venv/bin/python -m pytest --hypothesis-profile=ci --durations=20 $(SHARED_OUT)

test-full: install pages
	.venv/bin/python scripts/compile.py
	.venv/bin/python -m pytest --hypothesis-profile=full --durations=20 -m "" $(SHARED_OUT)

demo: install pages
	@.venv/bin/watchworthy demo

bench: install pages
	@.venv/bin/watchworthy bench

lab: install lab-packages
	.venv/bin/python tests/lab/run.py

recorder-cost: install pages tests/lab/cost/node_modules/.package-lock.json
	.venv/bin/python tests/lab/cost/measure.py --page docs/recorder.md

lab-twins: install lab-packages
	.venv/bin/python tests/lab/run.py --twins --out made/twins --each 8 --jobs 4

lab-families: install lab-packages tests/lab/families/packages/.installed tests/lab/families/puppeteer/node_modules/.package-lock.json
	@command -v chromedriver >/dev/null || { echo "Selenium needs chromedriver: apt-get install chromium-driver" >&2; exit 1; }
	.venv/bin/python tests/lab/run.py --families --out made/families --jobs 3 --width 2

tests/lab/families/packages/.installed: tests/lab/families/packages.txt
	.venv/bin/python -m pip install --quiet --target tests/lab/families/packages --upgrade -r $<
	@touch $@

tests/lab/families/puppeteer/node_modules/.package-lock.json: tests/lab/families/puppeteer/package-lock.json
	cd tests/lab/families/puppeteer && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

lab-packages: tests/lab/node_modules/.package-lock.json tests/service/recorder/node_modules/.package-lock.json

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@command -v npm >/dev/null || { echo "The lab needs Node.js and npm: apt-get install nodejs npm" >&2; exit 1; }
	cd tests/$* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --custom-compile-command "make lock" --group dev --all-extras $(UPGRADE) --output-file requirements.txt pyproject.toml
