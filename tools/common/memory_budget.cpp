#include "memory_budget.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include <sys/resource.h>
#include <unistd.h>

namespace attn::tools {
namespace {

// What the kernel could hand out without swapping, as /proc/meminfo estimates it; the physical memory
// where there is no such file.
std::size_t available_memory() {
  std::size_t kibibytes = 0;
  if (std::FILE* file = std::fopen("/proc/meminfo", "r")) {
    char line[128];
    while (std::fgets(line, sizeof line, file) && std::sscanf(line, "MemAvailable: %zu", &kibibytes) != 1) {
    }
    std::fclose(file);
  }
  if (kibibytes > 0) return kibibytes * 1024;
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t default_limit() {
  std::size_t limit = available_memory();
  rlimit address_space{};
  if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY) {
    limit = std::min<std::size_t>(limit, address_space.rlim_cur);
  }
  return limit / 5 * 4;
}

}  // namespace

MemoryBudget::MemoryBudget(std::size_t limit) : limit_(limit != 0 ? limit : default_limit()) {}

void MemoryBudget::charge(std::size_t bytes, const std::string& what) {
  if (bytes > left()) {
    throw LimitError("memory", fmt::format("{} are needed for {}, but only {} of {} are left (--max-memory raises the limit)",
                                           readable_bytes(bytes), what, readable_bytes(left()),
                                           readable_bytes(limit_)));
  }
  used_ += bytes;
}

void MemoryBudget::charge(const Shape& shape, std::size_t size, const std::string& what) {
  const auto count = element_count(shape);
  charge(count && *count <= SIZE_MAX / size ? *count * size : SIZE_MAX, what);
}

std::string readable_bytes(std::size_t bytes) {
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < std::size(units)) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

}  // namespace attn::tools
