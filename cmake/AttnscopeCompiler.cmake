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

# What UndefinedBehaviorSanitizer would say of each operation is a million addresses to fill in whenever a process
# starts, nine tenths of the time of a test. Without its messages a fault ends the process with SIGILL, and the test
# that saw it is named; a debugger, or ATTNSCOPE_SANITIZE_MESSAGES, tells the line.
if(ATTNSCOPE_SANITIZE)
  target_compile_options(attnscope_compiler INTERFACE
    -fsanitize=${ATTNSCOPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<NOT:$<BOOL:${ATTNSCOPE_SANITIZE_MESSAGES}>>:-fsanitize-undefined-trap-on-error>)
  target_link_options(attnscope_compiler INTERFACE -fsanitize=${ATTNSCOPE_SANITIZE})
endif()

# Most of the time of a build goes into reading the same few headers. Either ccache remembers the results,
# or the headers are precompiled; a precompiled header would make ccache's results useless to other folders.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT DEFINED ENV{CCACHE_DISABLE})
  set(ATTNSCOPE_PRECOMPILE OFF)
  if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  endif()
else()
  set(ATTNSCOPE_PRECOMPILE ON)
endif()

# attnscope_precompile(TARGET HEADERS...). Not for CLI11: every file that sees it compiles its static objects.
function(attnscope_precompile target)
  if(ATTNSCOPE_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()
