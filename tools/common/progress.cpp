#include "progress.hpp"

#include <cstdio>

#include <unistd.h>

namespace attn::tools {
namespace {

constexpr std::size_t bar_width = 24;
constexpr const char* clear_line = "\r\033[K";

}  // namespace

Progress::Progress(std::size_t steps) : steps_(steps), shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_ && begun_ > 0) std::fputs(clear_line, stderr);
}

void Progress::step(const std::string& what) {
  const std::size_t done = begun_++ * bar_width / steps_;
  if (!shown_ || (begun_ > 1 && done == drawn_ && what == what_)) return;
  drawn_ = done;
  what_ = what;
  const std::string bar = std::string(done, '#') + std::string(bar_width - done, '.');
  std::fprintf(stderr, "%s[%s] %zu/%zu %s", clear_line, bar.c_str(), begun_, steps_, what.c_str());
  std::fflush(stderr);
}

}  // namespace attn::tools
