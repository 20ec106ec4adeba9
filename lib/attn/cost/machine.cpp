#include <attn/cost/machine.hpp>
#include <attn/ops/blas.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace attn::cost {
namespace {

std::string processor_name() {
  std::string name;
  if (std::FILE* file = std::fopen("/proc/cpuinfo", "r")) {
    char line[256];
    while (name.empty() && std::fgets(line, sizeof line, file)) {
      const char* colon = std::strchr(line, ':');
      if (std::strncmp(line, "model name", 10) == 0 && colon && std::strlen(colon) > 2) name = colon + 2;
    }
    std::fclose(file);
  }
  while (!name.empty() && (name.back() == '\n' || name.back() == ' ')) name.pop_back();
  return name;
}

std::size_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? static_cast<std::size_t>(cores) : 1;
}

std::size_t size_from(int name) {
  const long size = sysconf(name);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

}  // namespace

std::size_t cache_size() {
  // What the kernel found out; on virtual machines sysconf may add up the caches of the whole host.
  std::size_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    const std::string path = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size";
    if (std::FILE* file = std::fopen(path.c_str(), "r")) {
      std::size_t size = 0;
      char unit = 0;
      if (std::fscanf(file, "%zu%c", &size, &unit) >= 1) largest = std::max(largest, size << (unit == 'K' ? 10 : unit == 'M' ? 20 : 0));
      std::fclose(file);
    }
  }
  if (largest > 0) return largest;
  const std::size_t third = size_from(_SC_LEVEL3_CACHE_SIZE);
  return third > 0 ? third : size_from(_SC_LEVEL2_CACHE_SIZE);
}

Machine describe_machine() {
  Machine machine;
  machine.processor = processor_name();
  machine.cores = usable_cores();
  machine.memory = size_from(_SC_PHYS_PAGES) * size_from(_SC_PAGESIZE);
  machine.cache = cache_size();
  utsname system{};
  if (uname(&system) == 0) machine.system = std::string(system.sysname) + " " + system.release + " " + system.machine;
#ifdef __clang__
  machine.compiler = "Clang " __clang_version__;
#else
  machine.compiler = "GCC " __VERSION__;
#endif
  machine.blas = blas_description();
  if (getloadavg(&machine.load, 1) != 1) machine.load = -1;
  return machine;
}

}  // namespace attn::cost
