#include <attn/error.hpp>
#include <attn/module.hpp>

#include <dlfcn.h>
#include <link.h>

#include <filesystem>
#include <system_error>

namespace attn {
namespace {

// The file that holds this code, the shared library, as the loader found it; empty where that is the program itself,
// which was linked with the archive. Asking for it here, instead of leaving the search to dlopen and a RUNPATH, works
// the same in the build tree, after an install, and under the sanitizers, whose own dlopen does not see the RUNPATH of
// its caller.
std::string own_library() {
  Dl_info info{};
  void* entry = nullptr;
  if (dladdr1(reinterpret_cast<void*>(&load_module), &info, &entry, RTLD_DL_LINKMAP) == 0 || entry == nullptr) {
    throw SystemError("libattnscope", "cannot find out which folder it was loaded from");
  }
  return static_cast<const link_map*>(entry)->l_name;
}

// Not argv[0], which is what the shell was asked for: maybe a name without its folder.
std::filesystem::path folder_of_program() {
  std::error_code problem;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem) throw SystemError("/proc/self/exe", "cannot find out where this program is: " + problem.message());
  return program.parent_path();
}

std::filesystem::path module_file(const std::string& file) {
  const std::string library = own_library();
  if (!library.empty()) return std::filesystem::absolute(library).parent_path() / file;
  const std::filesystem::path in_build_tree = folder_of_program() / "../lib" / file;
  if (std::filesystem::exists(in_build_tree)) return in_build_tree;
  return folder_of_program() / ATTNSCOPE_MODULES_FROM_PROGRAMS / file;
}

std::string last_problem() {
  const char* text = dlerror();
  return text != nullptr ? text : "unknown error of the dynamic loader";
}

}  // namespace

void* load_module(const std::string& name) {
  const std::string path = module_file(name + ".so").string();
  void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) throw SystemError(name, "cannot load this part of attnscope: " + last_problem());
  return module;
}

void* module_symbol(void* module, const std::string& name) {
  void* address = dlsym(module, name.c_str());
  if (address == nullptr) throw SystemError(name, "not found in the loaded module: " + last_problem());
  return address;
}

}  // namespace attn
