#include <attn/error.hpp>
#include <attn/module.hpp>

#include <dlfcn.h>

#include <filesystem>

namespace attn {
namespace {

// Where this library was loaded from. Asking for it here, instead of leaving the search to dlopen and a
// RUNPATH, works the same in the build tree, after an install, and under the sanitizers, whose own
// dlopen does not see the RUNPATH of its caller.
std::filesystem::path library_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&load_module), &info) == 0 || info.dli_fname == nullptr) {
    throw SystemError("libattnscope", "cannot find out which folder it was loaded from");
  }
  return std::filesystem::absolute(info.dli_fname).parent_path();
}

std::string last_problem() {
  const char* text = dlerror();
  return text != nullptr ? text : "unknown error of the dynamic loader";
}

}  // namespace

void* load_module(const std::string& name) {
  const std::string path = (library_folder() / (name + ".so")).string();
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
