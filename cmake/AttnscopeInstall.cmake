# What lets other projects find an installed attnscope: a CMake package and a pkg-config file. Both name
# their folders relative to themselves, so an installed tree can be moved. The libraries, headers and
# tools are installed where they are defined (lib, tools).
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/attnscope)
install(EXPORT attnscopeTargets NAMESPACE attnscope:: DESTINATION ${package_dir})

configure_package_config_file(cmake/attnscopeConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/attnscopeConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/attnscopeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/attnscopeConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/attnscopeConfigVersion.cmake
  DESTINATION ${package_dir})

set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pkgconfig_to_prefix /${pkgconfig_dir} /)
configure_file(cmake/attnscope.pc.in ${CMAKE_CURRENT_BINARY_DIR}/attnscope.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/attnscope.pc DESTINATION ${pkgconfig_dir})

# The folders of the packages that installed headers include. A package that was downloaded is installed into the
# same prefix.
set(package_folders "")
foreach(package IN ITEMS xtensor xtl nlohmann_json::nlohmann_json)
  get_target_property(folders ${package} INTERFACE_INCLUDE_DIRECTORIES)
  list(APPEND package_folders ${folders})
endforeach()
list(FILTER package_folders EXCLUDE REGEX "[$]<|-NOTFOUND$|^$")
install(CODE "
  set(template [[${CMAKE_CURRENT_SOURCE_DIR}/cmake/installed.hpp.in]])
  set(output [[${CMAKE_CURRENT_BINARY_DIR}/installed.hpp]])
  set(include_dir [[${CMAKE_INSTALL_INCLUDEDIR}]])
  set(library_dir [[${CMAKE_INSTALL_LIBDIR}]])
  set(package_folders [[${package_folders}]])
  set(compiler_folders [[${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES}]])
  include([[${CMAKE_CURRENT_SOURCE_DIR}/cmake/InstallNotebookHeader.cmake]])")
