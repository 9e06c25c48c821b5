# The two commands to know: make demo, make test.
#
#   PG=15           PostgreSQL major version          PG_CONFIG=...      another installation
#   REGRESS=...  ISOLATION=...  INTEGRATION=...       some tests of a suite by name

PG ?= 15
PG_CONFIG ?= /usr/lib/postgresql/$(PG)/bin/pg_config
export PG PG_CONFIG REGRESS ISOLATION INTEGRATION

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
DIST = target/customer_ai-$(VERSION)

.PHONY: all setup install installcheck unit demo test fmt lint bench bench-cancel quality dist

all: setup
	DESTDIR=target/package tools/install

setup:
	@tools/setup

install: setup
	tools/install

installcheck:
	@tools/test $(or $(if $(REGRESS),regress) $(if $(ISOLATION),isolation) $(if $(INTEGRATION),integration),regress parallel isolation integration readme)

unit:
	@tools/test unit

# With pg_cron where it is there, to show a schedule.
CRON = $(if $(wildcard $(shell $(PG_CONFIG) --pkglibdir)/pg_cron.so),-c shared_preload_libraries=pg_cron -c cron.database_name=postgres \
	-c cron.use_background_workers=on)
demo: install
	@tools/cluster $(CRON) psql -X -q -f demo/demo.sql

test: setup
	@tools/test lint unit reference install regress parallel isolation integration readme

fmt:
	cargo fmt --all

lint:
	@tools/test lint

bench: install
	@bench/run
	@bench/learners

bench-cancel: install
	@bench/cancel

quality: install
	@quality/run

dist:
	mkdir -p $(DIST)
	sed 's/@VERSION@/$(VERSION)/' META.json.in > $(DIST)/META.json
	git archive --prefix=customer_ai-$(VERSION)/ --add-file=$(DIST)/META.json -o $(DIST).zip HEAD
