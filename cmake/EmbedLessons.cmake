# Puts the lesson files into the library: each becomes a constant string, so that nothing is read at run
# time and nothing is done at start-up. Included from lib/CMakeLists.txt it declares the build step; run
# with `cmake -P` it is that step.
if(CMAKE_SCRIPT_MODE_FILE)
  set(code "// Made from the lesson files by cmake/EmbedLessons.cmake.\n#include <attn/lessons/embedded.hpp>\n\n")
  string(APPEND code "namespace attn::lessons {\n\n")
  foreach(name IN ITEMS en zh mistakes.en mistakes.zh variants.en variants.zh shapes.en shapes.zh)
    file(READ ${LESSONS_DIR}/${name}.txt text)
    string(FIND "${text}" ")lesson\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${name}.txt holds )lesson\" , which would end its string")
    endif()
    string(REPLACE "." "_" identifier ${name})
    string(APPEND code "const std::string_view embedded_${identifier} = R\"lesson(${text})lesson\";\n\n")
  endforeach()
  string(APPEND code "}  // namespace attn::lessons\n")
  file(WRITE ${OUTPUT} "${code}")
  return()
endif()

set(lessons_dir ${CMAKE_CURRENT_SOURCE_DIR}/attn/lessons)
set(embedded_lessons ${CMAKE_CURRENT_BINARY_DIR}/embedded_lessons.cpp)
set(embed_script ${CMAKE_CURRENT_LIST_DIR}/EmbedLessons.cmake)
add_custom_command(
  OUTPUT ${embedded_lessons}
  COMMAND ${CMAKE_COMMAND} -D LESSONS_DIR=${lessons_dir} -D OUTPUT=${embedded_lessons} -P ${embed_script}
  DEPENDS ${lessons_dir}/en.txt ${lessons_dir}/zh.txt ${lessons_dir}/mistakes.en.txt
    ${lessons_dir}/mistakes.zh.txt ${lessons_dir}/variants.en.txt ${lessons_dir}/variants.zh.txt
    ${lessons_dir}/shapes.en.txt ${lessons_dir}/shapes.zh.txt ${embed_script}
  COMMENT "Embedding the lessons"
  VERBATIM)
target_sources(attn_objects PRIVATE ${embedded_lessons})
