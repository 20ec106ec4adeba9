// Reads and writes what it is told to, one line at a time, and answers each with the seconds it took, so that
// another program can let it take turns with others:
//
//     prepare FORMAT PATH    writes the arrays of the contest (float32, four of them for a format of many)
//     read PATH              the file as tensors of its own type
//     write FORMAT PATH      the arrays, replacing what is there
//     copy-in PATH           the bytes of the file into fresh memory, by read(2): what reading cannot avoid
//     copy-out PATH          as many bytes from memory by write(2), into a file that appears when it is complete
//
// Seconds are those of the processor, in user and system mode, whatever else the machine does meanwhile.
#include <attn/error.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/sink.hpp>
#include <attn/io/source.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace attn;

constexpr std::size_t arrays = 4, rows = 2048, columns = 4096;  // 128 MiB in all

double processor_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds_of(const std::function<void()>& work) {
  const double begin = processor_seconds();
  work();
  return processor_seconds() - begin;
}

// One array of all numbers; the formats of many hold it in four parts.
const Tensor<float>& numbers() {
  static const Tensor<float> tensor = [] {
    Tensor<float> made = empty<float>({arrays * rows, columns});
    std::uint32_t seed = 1;
    for (float& value : made.storage()) {
      seed = seed * 1664525u + 1013904223u;
      value = static_cast<float>(seed) / 2147483648.0f - 1.0f;
    }
    return made;
  }();
  return tensor;
}

std::vector<io::NamedView> parts() {
  std::vector<io::NamedView> views;
  for (std::size_t i = 0; i < arrays; ++i) {
    views.push_back({"array" + std::to_string(i), TensorView(Precision::float32, {rows, columns}, numbers().data() + i * rows * columns)});
  }
  return views;
}

void write_file(const std::string& format, const std::string& path) {
  const auto sink = io::open_sink(path, io::Overwrite::yes);
  if (format == "npy") io::write_npy(*sink, numbers());
  if (format == "npz") io::write_npz(*sink, parts());
  if (format == "safetensors") io::write_safetensors(*sink, parts());
  sink->finish();
}

void read_file(const std::string& path) {
  for (const io::NamedArray& named : io::read_all(path)) {
    if (named.array.dtype == DType::float32) {
      io::to_tensor<float>(named.array, path);
    } else {
      io::to_tensor<double>(named.array, path);
    }
  }
}

void copy_in(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY);
  struct stat status {};
  ::fstat(file, &status);
  const auto size = static_cast<std::size_t>(status.st_size);
  const std::unique_ptr<char[]> bytes(new char[size]);
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got = ::read(file, bytes.get() + used, size - used);
    if (got <= 0) throw SystemError(path, "cannot be read");
    used += static_cast<std::size_t>(got);
  }
  ::close(file);
}

void copy_out(const std::string& path) {
  const std::string fresh = path + ".copy";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  io::write_all(file, {reinterpret_cast<const char*>(numbers().data()), numbers().size() * sizeof(float)}, fresh);
  ::fsync(file);
  ::close(file);
  ::rename(fresh.c_str(), path.c_str());
}

double answer(const std::string& line) {
  std::istringstream words(line);
  std::string what, format, path;
  words >> what;
  if (what == "prepare" || what == "write") words >> format;
  words >> path;
  numbers();
  if (what == "read") return seconds_of([&] { read_file(path); });
  if (what == "copy-in") return seconds_of([&] { copy_in(path); });
  if (what == "copy-out") return seconds_of([&] { copy_out(path); });
  return seconds_of([&] { write_file(format, path); });
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << std::endl;
}
