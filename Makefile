# What a person or a machine does with this repository. Every target works from a fresh clone on Debian 12.
.PHONY: setup test demo bench build check clean test-soak test-vm

setup: # install what is missing
	@scripts/setup

test: setup # all checks and all tests
	@scripts/test

demo: setup # the main job on a real Debian system
	@scripts/demo

bench: setup # speed, sizes and memory beside tar, restic and borg; ARGS=--help says what can be chosen
	@scripts/setup --bench
	@npm run --silent build
	@npm run --silent bench -- $(ARGS)

build: setup # in dist: compiled code, the release archive for hosts without Node, the Debian package
	@npm run --silent build
	@scripts/release

check: setup # types, lint, format, borders, dead code, unit tests
	@scripts/check

test-vm: setup # every start of an emulated computer
	@REHOME_ALL_STARTS=1 scripts/test test/integration/disk-boot.slow.test.ts test/integration/disk-stack.slow.test.ts \
	  test/integration/appliance.slow.test.ts test/integration/clone-disk-boot.slow.test.ts

test-soak: setup # the long tests
	@scripts/test --soak

clean:
	rm -rf dist .test-cache
