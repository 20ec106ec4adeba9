# Run while installing, when the prefix is known: writes attn/notebook/installed.hpp, which lets a notebook find
# everything by including one header. Set before: template, output, include_dir and library_dir (below the prefix),
# package_folders (of xtensor and nlohmann-json), compiler_folders (searched by every compiler: they must keep their
# place in its order).
set(library_folder "${CMAKE_INSTALL_PREFIX}/${library_dir}")
set(folders "${CMAKE_INSTALL_PREFIX}/${include_dir}" ${package_folders})
list(REMOVE_DUPLICATES folders)
list(REMOVE_ITEM folders ${compiler_folders})
set(cling_pragmas "")
set(quoted_folders "")
foreach(folder IN LISTS folders)
  list(APPEND cling_pragmas "#pragma cling add_include_path(\"${folder}\")")
  list(APPEND quoted_folders "\"${folder}\"")
endforeach()
list(APPEND cling_pragmas "#pragma cling add_library_path(\"${library_folder}\")")
list(JOIN cling_pragmas "\n" cling_pragmas)
list(JOIN quoted_folders ", " quoted_folders)
configure_file(${template} ${output} @ONLY)
file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/${include_dir}/attn/notebook" TYPE FILE FILES ${output})
