# attnscope_find_python_with_numpy(VARIABLE)
#
# Sets VARIABLE to the Python that runs the tests: the first of /usr/bin/python3 and python3 that can
# import NumPy. The system's comes first, because another python3 may precede it on PATH without the
# packages that the distribution installed. Without one the configuration fails.
function(attnscope_find_python_with_numpy variable)
  foreach(candidate /usr/bin/python3 python3)
    execute_process(COMMAND ${candidate} -c "import numpy, sys; print(sys.executable, 'with NumPy', numpy.__version__)"
      RESULT_VARIABLE result OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(result EQUAL 0)
      message(STATUS "Python for the tests: ${found}")
      set(${variable} ${candidate} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "Neither /usr/bin/python3 nor python3 can import NumPy, which the tests of the tools "
    "need. Install it (Debian: apt-get install python3-numpy), or configure with -DATTNSCOPE_BUILD_TESTS=OFF.")
endfunction()

# attnscope_add_python_test(NAME SCRIPT ARGUMENTS...)
#
# A CTest test that runs a Python script. It finds the tool in ATTN_COMPUTE and the tests' own modules.
function(attnscope_add_python_test name script)
  add_test(NAME ${name} COMMAND ${ATTNSCOPE_TEST_PYTHON} ${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
    "ATTN_COMPUTE=$<TARGET_FILE:attn-compute>;MHA_SHAPES=$<TARGET_FILE:mha-shapes>;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/cli;PYTHONDONTWRITEBYTECODE=1")
endfunction()
