// A bar on standard error while something takes its time; nothing where that is no terminal.
#pragma once

#include <cstddef>
#include <string>

namespace attn::tools {

class Progress {
 public:
  explicit Progress(std::size_t steps);
  ~Progress();  ///< removes the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The next of the steps begins. Drawn only where a part of the bar or `what` is new.
  void step(const std::string& what = {});

 private:
  std::size_t steps_, begun_ = 0, drawn_ = 0;
  std::string what_;
  bool shown_;
};

}  // namespace attn::tools
