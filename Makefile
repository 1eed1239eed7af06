# What can be done with Countersign's sources. `make run` is the place to begin.
.POSIX:
.PHONY: help run build test conformance bench lint fault fuzz deps clean-demo

help:
	@echo "make run          build, start a demonstration server, send it requests, prove them; leaves the server running"
	@echo "make test         the unit tests"
	@echo "make conformance  real clients and independent verifiers against the built program"
	@echo "make fault        kills, injected I/O errors, lost unsynced writes"
	@echo "make bench        one table: ours against the peers"
	@echo "make fuzz         every parser of outside bytes, FUZZ_SECONDS each (600)"
	@echo "make lint         swift format, strict"
	@echo "make build        the release program: .build/release/countersign"
	@echo "make deps         what the build needs from apt"

run: deps
	@Scripts/run.sh

deps:
	@Scripts/deps.sh build

build: deps
	@Scripts/build.sh countersign

test: deps
	@Scripts/test.sh

conformance: build
	@Scripts/deps.sh conformance
	@conformance/all.sh

fault: build
	@COUNTERSIGN_BIN=$(CURDIR)/.build/release/countersign Tests/Faults/run.sh

bench: deps
	@Benchmarks/run.sh

fuzz: deps
	@Fuzz/run.sh

lint:
	swift format lint --strict --parallel --recursive Sources Tests Benchmarks Fuzz

clean-demo:
	@Scripts/run.sh --remove
