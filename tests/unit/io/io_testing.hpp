// Helpers for the tests of files: what an error says, a folder to write in, bytes written out.
#pragma once

#include <attn/error.hpp>
#include <attn/io/array.hpp>

#include <doctest/doctest.h>

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace attn::io {

// "input: a.npy: is not …", or "nothing was thrown". Fails when the message is not one line.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK(text.find('\n') == std::string::npos);
    switch (error.kind()) {
      case ErrorKind::usage:
        return "usage: " + text;
      case ErrorKind::input:
        return "input: " + text;
      case ErrorKind::system:
        return "system: " + text;
      case ErrorKind::limit:
        return "limit: " + text;
      case ErrorKind::non_finite:
        return "non_finite: " + text;
    }
  }
  return "nothing was thrown";
}

inline bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  MESSAGE("found: ", text);
  return false;
}

// `count` bytes of a little-endian number.
inline std::string little_endian(std::uint64_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

inline std::vector<double> values_of(const Array& array) {
  const Tensor<double> tensor = to_tensor<double>(array, "values");
  return std::vector<double>(tensor.begin(), tensor.end());
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "attnscope-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(*this / name, std::ios::binary) << content;
    return *this / name;
  }

  std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A file of tests/reference/io, made by make_io_fixtures.py.
inline std::string fixture(const std::string& name) {
  return std::string(ATTNSCOPE_REFERENCE_DIR) + "/io/" + name;
}

}  // namespace attn::io
