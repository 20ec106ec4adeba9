#!/bin/sh
# Installs what the build needs, with apt, when something is missing:
#
#     scripts/install-packages.sh          to build and run the tools
#     scripts/install-packages.sh tests    to run the tests too
#     scripts/install-packages.sh bench    to run the benchmarks
#
# Does nothing, and asks for no privileges, when everything is there.
set -eu

packages='g++ cmake ninja-build pkg-config git libxtensor-dev libxtensor-blas-dev libopenblas-dev
          libcli11-dev libfmt-dev nlohmann-json3-dev libzip-dev doctest-dev python3'
# What single tests need: pages in a browser, notebooks in a C++ interpreter, drawn pictures; and peers of the
# benchmarks. Where the distribution has no such package, that test is skipped, and that peer is not in the table.
optional=
case ${1:-} in
  tests)
    packages="$packages python3-numpy libmpfr-dev"
    optional='chromium chromium-driver python3-selenium fonts-noto-cjk clang-tools-19 gnuplot-nox'
    ;;
  bench)
    packages="$packages python3-numpy libbenchmark-dev"
    optional='python3-torch libdnnl-dev nodejs npm'  # peers; those that are not there do not take part
    ;;
esac

oldest_cmake=3.24

fail() {
  echo "install-packages: $*" >&2
  exit 1
}

# A program counts wherever it comes from; headers and libraries count when their package is installed.
is_present() {
  case $1 in
    g++ | cmake | git | python3 | npm) command -v "$1" >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    ninja-build) command -v ninja >/dev/null ;;
    pkg-config) command -v pkg-config >/dev/null ;;
    *) [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
  esac
}

# The header-only packages may be absent where there is no apt: CMake then downloads them.
check_without_apt() {
  absent=
  for program in c++ cmake git pkg-config python3; do
    command -v "$program" >/dev/null || absent="$absent $program"
  done
  if [ -n "$absent" ]; then
    fail "this system has no apt-get; please install:$absent, and the development files of OpenBLAS" \
         "(with LAPACK) and libzip"
  fi
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"  # nobody is there to type a password
  fi
}

# The packages that are missing here and that the distribution has.
available() {
  for package; do
    if ! is_present "$package" && apt-cache show "$package" >/dev/null 2>&1; then echo "$package"; fi
  done
}

install() {
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "neither root nor sudo; please have an administrator run: apt-get install $*"
  fi
  echo "Installing: $*"
  set -- env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o DPkg::Lock::Timeout=300 \
         install --no-install-recommends "$@"
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update || echo "install-packages: the package lists are not fresh" >&2
  as_root "$@" || fail "apt-get could not install what is missing; its message is above"
}

check_cmake() {
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
  oldest=$(printf '%s\n%s\n' "$oldest_cmake" "$version" | sort -V | head -n 1)
  if [ "$oldest" != "$oldest_cmake" ]; then
    fail "cmake $oldest_cmake or newer is needed, found $version" \
         "(Debian 12 and Ubuntu 23.04 have a newer one; elsewhere: python3 -m pip install cmake)"
  fi
}

if command -v apt-get >/dev/null; then
  missing=
  for package in $packages; do
    is_present "$package" || missing="$missing $package"
  done
  # shellcheck disable=SC2086  # a list of words
  if [ -n "$missing" ]; then install $missing; fi
  # shellcheck disable=SC2086
  extra=$(available $optional)
  # shellcheck disable=SC2086
  if [ -n "$extra" ] && ! (install $extra); then
    echo "install-packages: going on without these; what needs them is left out" >&2
  fi
else
  check_without_apt
fi
check_cmake
