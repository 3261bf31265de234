# The commands of the README. Paths stay relative: the checkout may lie in a path with spaces.
PYTHON_IN_VENV := .venv/bin/python
# make up LOGIDATA_PORT=8100 AIRFLOW_WEBSERVER_PORT=8180
export LOGIDATA_PORT
export AIRFLOW_WEBSERVER_PORT

.DEFAULT_GOAL := help
.PHONY: help up down status logs test test-fast test-slow test-live test-airflows packages reliability screenshots lint frontend format bench lock docs

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

up: .venv/.runtime ## install, start everything, run the example, print where to go
	@$(PYTHON_IN_VENV) -m stack up

down: ## stop everything
	@if [ -x $(PYTHON_IN_VENV) ]; then $(PYTHON_IN_VENV) -m stack down; else echo "Nothing runs."; fi

status: .venv/.runtime ## say what runs
	@$(PYTHON_IN_VENV) -m stack status

logs: .venv/.runtime ## the end of every log; PROGRAM=worker follows one
	@$(PYTHON_IN_VENV) -m stack logs $(PROGRAM)

test: test-fast test-slow test-live ## everything: the live tests included

# Two processes, each with a PostgreSQL and Redis of its own.
test-fast: .venv/.development ## the tests that need no running Airflow and take no time
	$(PYTHON_IN_VENV) -m pytest --ignore=tests/live --numprocesses=2 -m "not slow"

test-slow: .venv/.development packages ## other databases, object storage, REST services, kills
	$(PYTHON_IN_VENV) -m pytest --ignore=tests/live --numprocesses=2 -m slow

test-live: .venv/.development packages ## only the tests against the real services
	$(PYTHON_IN_VENV) -m pytest tests/live

OLD_AIRFLOWS := $(patsubst tests/airflow_versions/requirements-%.txt,test-airflow-%,\
	$(wildcard tests/airflow_versions/requirements-*.txt))
.PHONY: $(OLD_AIRFLOWS)
test-airflows: $(OLD_AIRFLOWS) ## the live tests with the older Airflows; test-airflow-2.8.4 is one

$(OLD_AIRFLOWS): test-airflow-%: .venv/.development
	@sh tests/airflow_versions/install.sh $*
	$(PYTHON_IN_VENV) -m pytest tests/live --airflow=$* -m every_airflow

reliability: .venv/.development ## bring every fault about, and write docs/reliability.md
	$(PYTHON_IN_VENV) -m pytest tests/live/faults --write-reliability

screenshots: .venv/.development packages ## photograph every page of the console, into var/screenshots
	$(PYTHON_IN_VENV) -m pytest tests/live/browser --screenshots=var/screenshots

lint: .venv/.development ## ruff, mypy, import-linter, migrations, the console's bundle
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m tests.with_services -m mypy
	PYTHONPATH=dags .venv/bin/lint-imports
	$(PYTHON_IN_VENV) -m tests.with_services manage.py makemigrations --check --dry-run
	@sh frontend/check.sh

frontend: .venv/.development ## build the console's bundle from frontend/
	sh frontend/node.sh ci --silent
	sh frontend/node.sh run build

format: .venv/.development ## let ruff mend and format the code
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(PYTHON_IN_VENV) -m ruff format .

bench: .venv/.bench ## measure, and write docs/benchmarks.md
	$(PYTHON_IN_VENV) -m benchmarks

docs: .venv/.development ## write the generated pages of docs/
	$(PYTHON_IN_VENV) -m etl modules --docs docs/modules

lock: .venv/.development ## compile the requirements from pyproject.toml
	sh stack/lock.sh

packages:
	@sh tests/install_packages.sh

.venv/.runtime: requirements.txt requirements-installer.txt
	@sh stack/install.sh .venv/.runtime requirements.txt

.venv/.development: requirements.txt requirements-dev.txt requirements-installer.txt
	@sh stack/install.sh .venv/.development requirements.txt requirements-dev.txt
	@touch .venv/.runtime

.venv/.bench: requirements.txt requirements-dev.txt requirements-bench.txt requirements-installer.txt
	@sh stack/install.sh .venv/.bench requirements.txt requirements-dev.txt requirements-bench.txt
	@touch .venv/.runtime .venv/.development
