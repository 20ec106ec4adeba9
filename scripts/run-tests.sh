#!/bin/sh
# Builds and tests every preset named, whatever becomes of the ones before it, and ends with one line
# that sums them up:
#
#     scripts/run-tests.sh release dev
#     …
#     124 passed, 0 failed
#
# A preset that does not configure or build counts as one failure. Exit status 0 only without failures.
# JOBS is the number of processes.
set -u
JOBS=${JOBS:-2}
cd "$(dirname "$0")/.." || exit 1

passed=0
failed=0
skipped=0

# The number that the attribute $2 has in the first line of the JUnit report $1.
count() {
  sed -n '/<testsuite /,/>/p' "$1" | sed -n "s/.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" | head -n 1
}

add_counts() {
  tests=$(count "$1" tests)
  if [ "${tests:-0}" = 0 ]; then
    echo "run-tests: CTest ran no test" >&2
    failed=$((failed + 1))
    return
  fi
  failures=$(count "$1" failures)
  omitted=$(($(count "$1" skipped) + $(count "$1" disabled)))
  passed=$((passed + tests - failures - omitted))
  failed=$((failed + failures))
  skipped=$((skipped + omitted))
}

for preset; do
  report=$PWD/build/$preset/test-report.xml
  rm -f "$report"
  if cmake --preset "$preset" -D ATTNSCOPE_BUILD_TESTS=ON && cmake --build --preset "$preset" --parallel "$JOBS"; then
    ctest --preset "$preset" --parallel "$JOBS" --output-junit "$report" </dev/null
    if [ -f "$report" ]; then
      add_counts "$report"
    else
      echo "run-tests: CTest of preset $preset left no report" >&2
      failed=$((failed + 1))
    fi
  else
    echo "run-tests: preset $preset does not build" >&2
    failed=$((failed + 1))
  fi
done

summary="$passed passed, $failed failed"
if [ "$skipped" -gt 0 ]; then summary="$summary, $skipped skipped"; fi
echo "$summary"
[ "$failed" = 0 ]
