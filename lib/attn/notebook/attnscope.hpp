// The first cell of a notebook: makes this library ready for a C++ interpreter, and does nothing else. Give it a
// cell of its own: what is included after it may use the library.
//
// cling (xeus-cling) is told by pragmas where headers and library are. To xeus-cpp the folders are named through
// CppInterOp, and the library is opened with its symbols visible: from the variable ATTNSCOPE_LIBRARY, from the
// lib folder beside the include folder that this file lies in, from where it was installed, or from where the
// system looks. A bare clang-repl takes folders of headers only when it starts (-Xcc=-I…, CPLUS_INCLUDE_PATH):
// since it found this file, it finds the others.
#pragma once

#if __has_include("installed.hpp")
#include "installed.hpp"  // written by the install step
#endif

#ifdef __CLING__
#pragma cling load("libattnscope")
#else

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#if __has_include(<CppInterOp/CppInterOp.h>)
#include <CppInterOp/CppInterOp.h>
#define ATTNSCOPE_HAS_CPPINTEROP
#elif __has_include(<clang/Interpreter/CppInterOp.h>)
#include <clang/Interpreter/CppInterOp.h>
#define ATTNSCOPE_HAS_CPPINTEROP
#endif

#if !__has_include("installed.hpp")
namespace attn::notebook::installed {

inline const std::vector<std::string> include_folders;
inline const std::string library_folder;

}  // namespace attn::notebook::installed
#endif

namespace attn::notebook {

/// The folder from which this file is attn/notebook/attnscope.hpp.
inline std::string own_folder() {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("/attn/notebook/"));
}

/// Names the folders of this library's headers, and of those that they include, to the interpreter.
inline bool add_include_folders() {
#ifdef ATTNSCOPE_HAS_CPPINTEROP
  Cpp::AddIncludePath(own_folder().c_str());
  for (const std::string& folder : installed::include_folders) Cpp::AddIncludePath(folder.c_str());
#endif
  return true;
}

inline bool load_library() {
  const auto open = [](const std::string& path) { return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr; };
  const char* const chosen = std::getenv("ATTNSCOPE_LIBRARY");
  if (chosen) return open(chosen);
  const std::string beside = own_folder() + "/../";
  for (const std::string& folder : {beside + "lib", beside + "lib64", beside + "lib/x86_64-linux-gnu",
                                    beside + "lib/aarch64-linux-gnu", installed::library_folder}) {
    if (!folder.empty() && open(folder + "/libattnscope.so")) return true;
  }
  return open("libattnscope.so");
}

inline const bool library_is_ready =
  add_include_folders() && (load_library() || (std::fprintf(stderr, "attnscope: %s\n", dlerror()), false));

}  // namespace attn::notebook

#endif
