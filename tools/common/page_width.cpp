#include "page_width.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

namespace attn::tools {
namespace {

constexpr std::size_t usual_width = 100;
constexpr std::size_t narrowest = 40, widest = 160;  // lines longer than this are hard to read

std::size_t clamped(std::size_t width) { return std::clamp(width, narrowest, widest); }

}  // namespace

std::size_t width_of_standard_output() {
  winsize size{};
  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return clamped(size.ws_col);
  const char* const columns = std::getenv("COLUMNS");
  if (!columns) return usual_width;
  std::size_t width = 0;
  const char* const end = columns + std::strlen(columns);
  const auto [stop, error] = std::from_chars(columns, end, width);
  return error == std::errc{} && stop == end && width > 0 ? clamped(width) : usual_width;
}

std::size_t page_width(const OutputOptions& options) {
  if (options.width) return *options.width;
  return options.path == "-" ? width_of_standard_output() : usual_width;
}

}  // namespace attn::tools
