#include <attn/cost/machine.hpp>
#include <attn/ops/blas.hpp>

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
