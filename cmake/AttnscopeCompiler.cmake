# One interface target that every target of this project links: the language, the warnings, and the
# floating-point rules the printed numbers depend on.
add_library(attnscope_compiler INTERFACE)
target_compile_features(attnscope_compiler INTERFACE cxx_std_17)
target_compile_options(attnscope_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  # A multiplication and an addition stay two roundings on every CPU, so that the sum printed term by
  # term is the sum that was computed.
  -ffp-contract=off
  $<$<BOOL:${ATTNSCOPE_WARNINGS_AS_ERRORS}>:-Werror>)

if(ATTNSCOPE_SANITIZE)
  target_compile_options(attnscope_compiler INTERFACE
    -fsanitize=${ATTNSCOPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(attnscope_compiler INTERFACE -fsanitize=${ATTNSCOPE_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
