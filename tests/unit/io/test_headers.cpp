#include <attn/error.hpp>
#include <attn/io/file_sink.hpp>
#include <attn/io/headers.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/sink.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>

using namespace attn;
using namespace attn::io;

namespace {

/// A file in the temporary folder, removed at the end.
class File {
 public:
  File(const std::string& name, const std::string& content) : path_(std::filesystem::temp_directory_path() / ("attnscope-headers-" + name)) {
    const auto sink = open_sink(path_, Overwrite::yes);
    sink->write(content);
    sink->finish();
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::vector<NamedArray> two_arrays() {
  return {{"a", make_array(std::vector<double>{1, 2, 3, 4, 5, 6}, {2, 3})}, {"m", make_array(std::vector<std::uint8_t>{1, 0}, {2})}};
}

}  // namespace

TEST_CASE("names, types and shapes of an archive and of a safetensors file, in the file's order") {
  StringSink npz, safetensors;
  write_npz_arrays(npz, two_arrays());
  write_safetensors_arrays(safetensors, two_arrays());
  for (const auto& [name, content] : {std::pair("a.npz", npz.text()), std::pair("a.safetensors", safetensors.text())}) {
    const File file(name, content);
    const auto headers = read_headers(file.path());
    REQUIRE(headers.size() == 2);
    CHECK(headers[0].name == "a");
    CHECK(headers[0].dtype == DType::float64);
    CHECK(headers[0].shape == Shape{2, 3});
    CHECK(headers[1].dtype == DType::boolean);
  }
}

TEST_CASE("a file of one array has a header without a name") {
  StringSink npy;
  write_npy(npy, two_arrays()[0].array);
  const File file("a.npy", npy.text());
  const auto headers = read_headers(file.path());
  REQUIRE(headers.size() == 1);
  CHECK(headers[0].name.empty());
  CHECK(headers[0].shape == Shape{2, 3});
}

TEST_CASE("an entry whose declared shape does not fit its size is refused, though its numbers are not read") {
  StringSink npz;
  write_npz_arrays(npz, two_arrays());
  std::string content = npz.text();
  const std::size_t shape = content.find("(2, 3)");
  content.replace(shape, 6, "(2, 4)");
  const File file("b.npz", content);
  CHECK_THROWS_AS(read_headers(file.path()), InputError);
  CHECK_THROWS_AS(read_headers(file.path() + ".absent"), SystemError);
}
