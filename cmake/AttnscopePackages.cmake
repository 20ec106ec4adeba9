# The packages this project stands on: the system's first, downloaded only where the system has none.
include(FetchContent)
find_package(Threads REQUIRED)
set(FETCHCONTENT_TRY_FIND_PACKAGE_MODE OPT_IN)

FetchContent_Declare(fmt
  GIT_REPOSITORY https://github.com/fmtlib/fmt.git GIT_TAG 9.1.0
  FIND_PACKAGE_ARGS)
FetchContent_Declare(CLI11
  GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git GIT_TAG v2.1.2
  FIND_PACKAGE_ARGS)
FetchContent_Declare(nlohmann_json
  GIT_REPOSITORY https://github.com/nlohmann/json.git GIT_TAG v3.11.2
  FIND_PACKAGE_ARGS)
FetchContent_Declare(xtl
  GIT_REPOSITORY https://github.com/xtensor-stack/xtl.git GIT_TAG 0.7.5
  FIND_PACKAGE_ARGS)
FetchContent_Declare(xtensor
  GIT_REPOSITORY https://github.com/xtensor-stack/xtensor.git GIT_TAG 0.24.3
  FIND_PACKAGE_ARGS)
FetchContent_Declare(xtensor-blas
  GIT_REPOSITORY https://github.com/xtensor-stack/xtensor-blas.git GIT_TAG 0.20.0
  FIND_PACKAGE_ARGS)
FetchContent_MakeAvailable(fmt CLI11 nlohmann_json xtl xtensor xtensor-blas)

if(ATTNSCOPE_BUILD_TESTS)
  FetchContent_Declare(doctest
    GIT_REPOSITORY https://github.com/doctest/doctest.git GIT_TAG v2.4.9
    FIND_PACKAGE_ARGS)
  FetchContent_MakeAvailable(doctest)
endif()

# Debian's package files of these two also check for command-line tools that a build does not need,
# so they are found as plain libraries.
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
find_package(BLAS REQUIRED)
find_package(LAPACK REQUIRED)
