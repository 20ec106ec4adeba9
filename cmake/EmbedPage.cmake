# Puts the style sheets and the script of HTML pages into the library, as EmbedLessons.cmake does with the
# lessons. Included from lib/CMakeLists.txt it declares the build step; run with `cmake -P` it is that step.
if(CMAKE_SCRIPT_MODE_FILE)
  set(code "// Made from lib/attn/render/html by cmake/EmbedPage.cmake.\n#include <attn/render/embedded.hpp>\n\n")
  string(APPEND code "namespace attn::render {\n\n")
  foreach(name IN ITEMS matrix.css page.css page.js)
    file(READ ${PAGE_DIR}/${name} text)
    string(FIND "${text}" ")page\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${name} holds )page\" , which would end its string")
    endif()
    string(REPLACE "." "_" identifier ${name})
    string(APPEND code "const std::string_view embedded_${identifier} = R\"page(${text})page\";\n\n")
  endforeach()
  string(APPEND code "}  // namespace attn::render\n")
  file(WRITE ${OUTPUT} "${code}")
  return()
endif()

set(page_dir ${CMAKE_CURRENT_SOURCE_DIR}/attn/render/html)
set(embedded_page ${CMAKE_CURRENT_BINARY_DIR}/embedded_page.cpp)
set(embed_page_script ${CMAKE_CURRENT_LIST_DIR}/EmbedPage.cmake)
add_custom_command(
  OUTPUT ${embedded_page}
  COMMAND ${CMAKE_COMMAND} -D PAGE_DIR=${page_dir} -D OUTPUT=${embedded_page} -P ${embed_page_script}
  DEPENDS ${page_dir}/matrix.css ${page_dir}/page.css ${page_dir}/page.js ${embed_page_script}
  COMMENT "Embedding the style and the script of pages"
  VERBATIM)
target_sources(attn_objects PRIVATE ${embedded_page})
