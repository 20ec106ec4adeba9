// Errors the library throws, one class for each way a run can be refused.
//
// A message is one line and has two parts: the subject (a file, an option, a tensor) and the problem
// (what is wrong, what was expected, both numbers). The tools map `kind()` to their exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace attn {

/// Why a computation was refused. The values are the exit codes of the command-line tools.
enum class ErrorKind {
  usage = 2,       ///< an option or a combination of options makes no sense
  input = 3,       ///< an input was read and refused: malformed, truncated, or of the wrong shape
  system = 4,      ///< the operating system refused: open, read, write, rename, full disk
  limit = 5,       ///< a limit (memory) would be passed; said before anything is allocated
  non_finite = 6,  ///< a result is NaN or infinite although only finite results were allowed
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& subject, const std::string& problem)
      : std::runtime_error(subject.empty() ? problem : subject + ": " + problem), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

struct UsageError : Error {
  UsageError(const std::string& subject, const std::string& problem)
      : Error(ErrorKind::usage, subject, problem) {}
};

struct InputError : Error {
  InputError(const std::string& subject, const std::string& problem)
      : Error(ErrorKind::input, subject, problem) {}
};

/// Tensors whose shapes do not fit each other; names both shapes.
struct ShapeError : InputError {
  using InputError::InputError;
};

struct SystemError : Error {
  SystemError(const std::string& subject, const std::string& problem)
      : Error(ErrorKind::system, subject, problem) {}
};

struct LimitError : Error {
  LimitError(const std::string& subject, const std::string& problem)
      : Error(ErrorKind::limit, subject, problem) {}
};

struct NonFiniteError : Error {
  NonFiniteError(const std::string& subject, const std::string& problem)
      : Error(ErrorKind::non_finite, subject, problem) {}
};

}  // namespace attn
