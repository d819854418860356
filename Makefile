# `make demo` and `make test` do all the set-up on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DB := build/demo.db
DEMO_SURICATA_DB := build/demo-suricata.db
COMPARE_DB := build/compare.db
CASES ?= 300
ROUNDS ?= 50
JOBS ?= 2

# What the tests use beyond Python, as command:package of Debian. Without root they are not
# installed, and the tests that need them say that they did not run.
TEST_TOOLS := git:git tshark:tshark mvn:maven chromium:chromium chromedriver:chromium-driver \
	echoscu:dcmtk ip:iproute2 openssl:openssl ethtool:ethtool tcpdump:tcpdump busybox:busybox curl:curl \
	strace:strace systemd-analyze:systemd faketime:faketime mkfs.ext4:e2fsprogs

.PHONY: bundle pictures demo demo-live compare demo-suricata test tools lint fmt accuracy advisories bench bench-scale bench-run bench-zeek bench-suricata soak fuzz false-recognition table clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

demo: $(BIN)/wardwatch  ## ingest the example site, print its devices, findings and work list, write report.html
	@mkdir -p build && rm -f $(DEMO_DB) $(DEMO_DB)-wal $(DEMO_DB)-shm
	$(BIN)/python examples/today.py examples/hospital build/hospital
	$(BIN)/wardwatch ingest --db $(DEMO_DB) --site hospital build/hospital
	$(BIN)/wardwatch facts import --db $(DEMO_DB) --site hospital examples/site.yaml
	$(BIN)/wardwatch devices --db $(DEMO_DB)
	$(BIN)/wardwatch feeds import --db $(DEMO_DB) examples/advisories
	$(BIN)/wardwatch findings --db $(DEMO_DB)
	$(BIN)/wardwatch worklist --db $(DEMO_DB) --limit 5
	$(BIN)/wardwatch report --db $(DEMO_DB) -o report.html

demo-live: $(BIN)/wardwatch  ## as root: a device starts to talk in front of a real Zeek, and is in the table
	@mkdir -p build
	$(BIN)/python tests/traces/live_demo.py build

compare: $(BIN)/wardwatch  ## the example site: a list of CVSS >= 7 beside Act and Attend; build/compare.json
	@mkdir -p build && rm -f $(COMPARE_DB) $(COMPARE_DB)-wal $(COMPARE_DB)-shm
	@$(BIN)/python examples/today.py examples/hospital build/hospital
	@$(BIN)/wardwatch ingest --db $(COMPARE_DB) --site hospital build/hospital >build/compare.log
	@$(BIN)/wardwatch facts import --db $(COMPARE_DB) --site hospital examples/site.yaml >>build/compare.log
	@$(BIN)/wardwatch feeds import --db $(COMPARE_DB) examples/advisories >>build/compare.log
	$(BIN)/python tests/bench/compare.py $(COMPARE_DB)

demo-suricata: $(BIN)/wardwatch  ## the same site from Suricata's eve.json alone, and what each sensor found
	@mkdir -p build && rm -f $(DEMO_SURICATA_DB) $(DEMO_SURICATA_DB)-wal $(DEMO_SURICATA_DB)-shm
	$(BIN)/wardwatch ingest --db $(DEMO_SURICATA_DB) --site hospital examples/hospital-suricata
	$(BIN)/wardwatch devices --db $(DEMO_SURICATA_DB)
	$(BIN)/python tests/traces/compare_sensors.py

test: $(BIN)/pytest tools  ## install what the tests need and run them all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n $(JOBS) --dist loadfile

tools:
	@missing=""; for tool in $(TEST_TOOLS); do \
		command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qq install --no-install-recommends -y $$missing >/dev/null || \
			echo "NOT INSTALLED (apt-get failed):$$missing; tests that use them will be skipped"; \
	else \
		echo "NOT INSTALLED (needs root and apt-get):$$missing; tests that use them will be skipped"; \
	fi
	@command -v suricata >/dev/null || DEBIAN_FRONTEND=noninteractive sh tests/suricata/install.sh >/dev/null || \
		echo "NOT INSTALLED (needs root, apt-get and Debian's backports): suricata; its tests will be skipped"

lint: $(BIN)/pytest  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: $(BIN)/pytest  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BIN)/pytest  ## measure ingest beside a bare JSON loop, matching, scoring, publishing, reading; figures also in build/bench.json
	$(BIN)/python tests/bench/ingest.py
	$(BIN)/python tests/bench/matching.py
	$(BIN)/python tests/bench/risk.py
	$(BIN)/python tests/bench/publish.py
	$(BIN)/python tests/bench/reading.py

bench-scale: $(BIN)/pytest  ## take in 100,000 devices with 30 claims each; figures also in build/bench-scale.json
	$(BIN)/python tests/bench/scale.py

bench-run: $(BIN)/pytest tools  ## follow fourteen days of 9,000 devices, compressed; figures also in build/bench-run.json
	$(BIN)/python tests/bench/run.py

bench-zeek: $(BIN)/pytest  ## measure what the scripts cost Zeek; figures also in build/bench-zeek.json
	$(BIN)/python tests/bench/zeek.py

accuracy: $(BIN)/pytest  ## play the labelled benchmark through Zeek and compare; figures also in build/accuracy.json
	PYTHONPATH=tests $(BIN)/python -m accuracy.run

advisories: $(BIN)/pytest  ## import the public advisories, list what waits for a person; build/advisories.json
	$(BIN)/python tests/advisories/measure.py

bench-suricata: $(BIN)/pytest  ## measure what the rules cost Suricata; figures also in build/bench-suricata.json
	$(BIN)/python tests/bench/suricata.py

soak: $(BIN)/pytest tools  ## as root: kill it 50 times, fill its disk, flood it, and more; figures also in build/soak.json
	$(BIN)/python tests/soak/run.py $(ROUNDS)
	WARDWATCH_SOAK=1 WARDWATCH_FAULT_DEVICES=20000 $(BIN)/pytest -q --durations=0 tests/elasticsearch/test_faults.py
	WARDWATCH_SOAK=1 $(BIN)/pytest -q tests/securityonion/test_data_stream.py
	WARDWATCH_SOAK=1 $(BIN)/pytest -q tests/securityonion/test_interrupted.py

fuzz: $(BIN)/pytest  ## damage every capture in CASES ways; figures also in build/fuzz.json
	$(BIN)/python tests/fuzz/zeek.py $(CASES)

false-recognition: $(BIN)/pytest  ## look for medical protocols in unrelated traffic; build/false-recognition.json
	$(BIN)/python tests/bench/false_recognition.py

table: $(BIN)/pytest  ## print each identity that was sent and what Zeek found; build/identity-table.json
	$(BIN)/pytest -q -s tests/zeek/test_identities.py

pictures: demo $(BIN)/pytest  ## make the README's pictures anew, from the example site
	PYTHONPATH=tests $(BIN)/python docs/pictures.py $(DEMO_DB) report.html

bundle: $(BIN)/wardwatch  ## one archive that installs without a network: build/wardwatch-<version>-bundle.tar.gz
	$(BIN)/python bundle/build.py build

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/wardwatch: pyproject.toml hatch_build.py | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(BIN)/pytest: pyproject.toml hatch_build.py | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(BIN)/wardwatch

clean:  ## remove what the targets made
	rm -rf $(VENV) build report.html report-devices
