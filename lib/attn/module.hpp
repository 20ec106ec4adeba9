// Parts of the library that are loaded on first use, because the packages they need are slow to load.
#pragma once

#include <string>

namespace attn {

/// Loads `<name>.so` from the folder that holds the attnscope library and returns its handle; a program that has the
/// library inside (the tools) takes it from the folder of libraries beside its own. The module stays loaded, and a
/// second call returns the same handle. Thread-safe.
/// Throws SystemError saying what is missing: the module itself, or a library that it needs.
void* load_module(const std::string& name);

/// The address of an `extern "C"` symbol of a loaded module. Throws SystemError when it is not there.
void* module_symbol(void* module, const std::string& name);

}  // namespace attn
