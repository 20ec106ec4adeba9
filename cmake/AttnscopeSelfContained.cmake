# How the tools link fmt and the C++ library: inside them, where that is possible. Finding and relocating those two takes
# a quarter of the time of a short run. fmt comes first: a shared one brings the shared C++ library along.
#
# The library that unwinds the stack stays shared: an exception that a module throws has to find the frames of the tool
# that catches it.
include(CheckCXXSourceCompiles)
option(ATTNSCOPE_SELF_CONTAINED_TOOLS "Link fmt and the C++ library into the tools, which start sooner" ON)

set(link_options -static-libstdc++ -shared-libgcc)
set(CMAKE_REQUIRED_LINK_OPTIONS ${link_options})
check_cxx_source_compiles("#include <string>\nint main(int n, char** words) { return std::string(words[n - 1]).empty(); }"
  ATTNSCOPE_CAN_HOLD_CXX_LIBRARY)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

add_library(attnscope_runtime INTERFACE)
get_target_property(fmt_type fmt::fmt TYPE)
set(can_hold_fmt ON)
if(NOT fmt_type STREQUAL STATIC_LIBRARY AND NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(can_hold_fmt OFF)
endif()
if(NOT ATTNSCOPE_SELF_CONTAINED_TOOLS OR NOT ATTNSCOPE_CAN_HOLD_CXX_LIBRARY OR NOT can_hold_fmt OR ATTNSCOPE_SANITIZE)
  target_link_libraries(attnscope_runtime INTERFACE fmt::fmt)
  return()
endif()

target_link_options(attnscope_runtime INTERFACE ${link_options})
if(fmt_type STREQUAL STATIC_LIBRARY)
  target_link_libraries(attnscope_runtime INTERFACE fmt::fmt)
  return()
endif()
# The headers hold the whole of fmt; one file is compiled with all of their functions, used there or not.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/fmt_inside.cpp "#include <fmt/format.h>\n")
add_library(attnscope_fmt STATIC ${CMAKE_CURRENT_BINARY_DIR}/fmt_inside.cpp)
target_compile_features(attnscope_fmt PRIVATE cxx_std_17)
target_compile_definitions(attnscope_fmt PRIVATE FMT_HEADER_ONLY)
target_compile_options(attnscope_fmt PRIVATE -fkeep-inline-functions)
target_include_directories(attnscope_fmt SYSTEM PUBLIC $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(attnscope_fmt INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
target_link_libraries(attnscope_runtime INTERFACE attnscope_fmt)
