// The first cell of a notebook: finds the library for a C++ interpreter, and does nothing else. Give it a cell
// of its own: what is included after it may use the library.
//
// cling (xeus-cling) loads the library by its pragma. In clang-repl and xeus-cpp it is opened with its symbols
// visible: from the variable ATTNSCOPE_LIBRARY, from where the system looks, or from the lib folder beside the
// include folder that this file lies in.
#pragma once

#ifdef __CLING__
#pragma cling load("libattnscope")
#else

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace attn::notebook {

inline bool load_library() {
  const auto open = [](const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr; };
  const char* const chosen = std::getenv("ATTNSCOPE_LIBRARY");
  if (chosen) return open(chosen);
  const std::string here = __FILE__;
  const std::string prefix = here.substr(0, here.rfind("/attn/notebook/")) + "/../";
  for (const char* folder : {"", "lib/", "lib64/", "lib/x86_64-linux-gnu/", "lib/aarch64-linux-gnu/"}) {
    if (open((*folder ? prefix + folder : std::string()) + "libattnscope.so")) return true;
  }
  return false;
}

inline const bool library_is_loaded = load_library() || (std::fprintf(stderr, "attnscope: %s\n", dlerror()), false);

}  // namespace attn::notebook

#endif
