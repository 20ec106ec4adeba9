# Everyday commands, over CMake's presets (CMakePresets.json). `make help` lists them.
#
# On a Debian or Ubuntu machine with nothing but git and make, `make demo` and `make test` install the
# packages they need first (scripts/install-packages.sh).

PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# For build folders that do not exist yet. Asked when a recipe runs, because the packages step may be
# what installs ninja.
generator = CMAKE_GENERATOR="$${CMAKE_GENERATOR:-$$(command -v ninja >/dev/null && echo Ninja || echo Unix Makefiles)}"

configure = $(generator) cmake --preset $(1)
run_tests = $(generator) JOBS=$(JOBS) scripts/run-tests.sh
cxx_files = git ls-files -- '*.cpp' '*.hpp'

.PHONY: build demo test test-release sanitize bench notebooks install format tidy clean help packages test-packages bench-packages

# Without the tests, which need packages of their own; scripts/run-tests.sh switches them on.
build: packages  ## build the library and the tools (default)
	@$(call configure,release) -D ATTNSCOPE_BUILD_TESTS=OFF
	@cmake --build build/release --parallel $(JOBS) --target programs

demo: build  ## build, then show attn-compute at work
	@PATH="$(CURDIR)/build/release/tools:$$PATH" sh data/demo.sh

test: test-packages  ## every test, in the release build and again under the sanitizers
	@$(run_tests) release dev

test-release: test-packages  ## every test, in the release build only
	@$(run_tests) release

sanitize: test-packages  ## every test under AddressSanitizer and UndefinedBehaviorSanitizer only
	@$(run_tests) dev

bench: bench-packages  ## measure: start-up, output, memory, each beside a peer (build/bench/bench.json)
	@$(call configure,release) -B build/bench -D ATTNSCOPE_BUILD_BENCHMARKS=ON -D ATTNSCOPE_BUILD_TESTS=OFF
	@cmake --build build/bench --parallel $(JOBS) --target bench

notebooks: build test-packages  ## run the notebooks again and store what their cells print
	@python3 tests/notebooks/notebooks.py lib build/release/lib/libattnscope.so

install: build  ## install under PREFIX (/usr/local)
	@cmake --install build/release --prefix "$(PREFIX)"

format:  ## rewrite the C++ files as .clang-format says
	@$(cxx_files) | xargs clang-format -i

tidy: packages  ## run clang-tidy (.clang-tidy) on lib and tools
	@$(call configure,release) -D CMAKE_EXPORT_COMPILE_COMMANDS=ON
	@git ls-files -- 'lib/*.cpp' 'tools/*.cpp' | xargs -P $(JOBS) -n 1 clang-tidy -p build/release --quiet

clean:  ## remove everything that was built
	@rm -rf build

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1  /p' $(MAKEFILE_LIST) | awk -F '  ' '{printf "make %-14s %s\n", $$1, $$2}'

packages:
	@scripts/install-packages.sh

test-packages:
	@scripts/install-packages.sh tests

bench-packages:
	@scripts/install-packages.sh bench
