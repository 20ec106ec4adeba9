// Runs a script in a Python that has PyTorch, where there is one.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <unistd.h>

namespace reference {

/// What a command prints, and whether it succeeded.
struct CommandResult {
  std::string output;
  bool success;
};

inline CommandResult run(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  CommandResult result;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    result.output.append(buffer, n);
  result.success = pclose(pipe) == 0;
  return result;
}

/// The first interpreter that can import torch: $ATTNSCOPE_PYTHON, the system's, the one on the PATH.
inline std::optional<std::string> python_with_torch() {
  const char* const chosen = std::getenv("ATTNSCOPE_PYTHON");
  for (const std::string& python : {std::string(chosen != nullptr ? chosen : ""),
                                    std::string("/usr/bin/python3"), std::string("python3")}) {
    if (!python.empty() && run(python + " -c 'import torch' 2>/dev/null").success) return python;
  }
  return std::nullopt;
}

/// What the script prints. The test fails if the script does.
inline std::string run_python(const std::string& python, const std::string& script) {
  char path[] = "/tmp/attnscope-recipe-XXXXXX";
  const int descriptor = mkstemp(path);
  REQUIRE(descriptor >= 0);
  std::FILE* const file = fdopen(descriptor, "w");
  REQUIRE(file != nullptr);
  std::fwrite(script.data(), 1, script.size(), file);
  REQUIRE(std::fclose(file) == 0);
  const CommandResult result = run(python + " " + path + " 2>&1");
  unlink(path);
  REQUIRE_MESSAGE(result.success, result.output);
  return result.output;
}

}  // namespace reference
