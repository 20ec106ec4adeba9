#include <attn/io/npz.hpp>
#include <attn/io/source.hpp>

#include "io_testing.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cmath>

using namespace attn;
using namespace attn::io;

namespace {

std::vector<double> values(const std::string& text) { return values_of(read_array(text, "--query")); }

std::string refusal(const std::string& text) {
  return error_of([&] { read_array(text, "--query"); });
}

const std::vector<double> grid{-1.5, -0.5, 0.5, 1.5, 2.5, 3.5};

}  // namespace

TEST_CASE("a literal is an array") {
  const Array array = read_array("[[1,2],[3,4.5]]", "--query");
  CHECK(array.shape == Shape{2, 2});
  CHECK(values_of(array) == std::vector<double>{1, 2, 3, 4.5});
  CHECK(values(" [ 1 ] ") == std::vector<double>{1});
  CHECK(read_array("[[true,false]]", "--mask").dtype == DType::boolean);
  CHECK(values("-3.5") == std::vector<double>{-3.5});
  CHECK(read_array("7", "--query").shape == Shape{});
  CHECK(values("\"-Infinity\"") == std::vector<double>{-HUGE_VAL});
  CHECK(values("true") == std::vector<double>{1});
}

TEST_CASE("errors in a literal begin with the option") {
  CHECK(refusal("[[1,2],[3]]") == "input: --query: [1] has 1 elements, but the lists before it have 2");
  CHECK(contains(refusal("[1,"), "input: --query: parse error"));
  CHECK(contains(refusal("1e999"), "input: --query: "));
}

TEST_CASE("the extension decides the format") {
  CHECK(values(fixture("float64.npy")) == grid);
  CHECK(values(fixture("stored.npz") + ":q") == grid);
  CHECK(values(fixture("stored.npz") + ":q.npy") == grid);
  CHECK(values(fixture("mixed.safetensors") + ":weight") == grid);
  const TemporaryFolder folder;
  CHECK(values(folder.write("a.CSV", "1,2\n")) == std::vector<double>{1, 2});
  CHECK(contains(refusal(folder.write("b.npy", "1,2\n")), "is not an NPY file"));
}

TEST_CASE("the content decides where the extension does not") {
  const TemporaryFolder folder;
  CHECK(values(folder.write("a", content_of(fixture("float64.npy")))) == grid);
  CHECK(values(folder.write("b.dat", content_of(fixture("stored.npz"))) + ":q") == grid);
  CHECK(values(folder.write("c", content_of(fixture("mixed.safetensors"))) + ":weight") == grid);
  CHECK(values(folder.write("d.txt", "\n [[1, 2]]")) == std::vector<double>{1, 2});
  CHECK(values(folder.write("e", "{\"a\": [3]}")) == std::vector<double>{3});
  CHECK(values(folder.write("f.txt", "1,2\n")) == std::vector<double>{1, 2});
  CHECK(contains(refusal(folder.write("g", std::string("\x7f"
                                                       "ELF\0\0",
                                                       6))),
                 "g: is not an NPY, NPZ, safetensors, JSON or CSV file"));
}

TEST_CASE("a name chooses among the arrays of a file") {
  const TemporaryFolder folder;
  const std::string json = folder.write("a.json", R"({"q": [1], "key": [2]})");
  CHECK(values(json + ":key") == std::vector<double>{2});
  CHECK(refusal(json) ==
        "input: --query " + json + ": holds several arrays; add ':' and one of the names 'key', 'q'");
  CHECK(refusal(json + ":kye") ==
        "input: --query " + json + ": holds no array 'kye'; did you mean 'key'? (it holds 'key', 'q')");
  CHECK(contains(refusal(fixture("stored.npz") + ":weights"),
                 "holds no array 'weights' (it holds 'q', 'mask', 'ids')"));
  CHECK(contains(refusal(fixture("stored.npz")), "holds several arrays"));
  CHECK(contains(refusal(fixture("float64.npy") + ":q"), "holds one array without a name; leave out ':q'"));
  CHECK(values(folder.write("one.json", R"({"only": [5]})")) == std::vector<double>{5});
  CHECK(contains(refusal(folder.write("none.json", "{}")), "holds no arrays"));
}

TEST_CASE("a tidy trace is chosen from by step") {
  const TemporaryFolder folder;
  const std::string csv = folder.write("t.csv", "step,batch,head,row,col,value\nq,,,0,0,1\nk,,,0,0,2\n");
  CHECK(values(csv + ":k") == std::vector<double>{2});
  CHECK(contains(refusal(csv), "holds several arrays"));
}

TEST_CASE("a file whose name contains a colon is found before the text is split") {
  const TemporaryFolder folder;
  const std::string odd = folder.write("a:b.csv", "1\n");
  CHECK(values(odd) == std::vector<double>{1});
  const std::string json = folder.write("c:d.json", R"({"x:y": [2], "z": [3]})");
  CHECK(values(json + ":x:y") == std::vector<double>{2});
  CHECK(values(json + ":z") == std::vector<double>{3});
}

TEST_CASE("a missing file is the system's error, without the name of an array") {
  CHECK(refusal("/none/such.npz:q") == "system: --query /none/such.npz: No such file or directory");
  CHECK(refusal("none.npy") == "system: --query none.npy: No such file or directory");
  CHECK(contains(refusal("/"), "system: --query /: Is a directory"));
  CHECK(contains(refusal("/:q"), "system: --query /: Is a directory"));
  CHECK(contains(refusal(""), "system: --query : No such file or directory"));
}

TEST_CASE("only the wanted entry of an archive counts against the limit") {
  const std::string path = fixture("deflated.npz");
  CHECK_NOTHROW(read_array(path + ":q", "--query", MemoryLimit(200)));
  CHECK(contains(error_of([&] { read_array(path + ":zeros", "--query", MemoryLimit(200)); }),
                 "limit: --query "));
  CHECK(contains(error_of([&] { read_all(path, MemoryLimit(200)); }),
                 "limit: " + path + ": needs 16688 bytes"));
}

TEST_CASE("all arrays of a file come with their names") {
  const std::vector<NamedArray> arrays = read_all(fixture("stored.npz"));
  REQUIRE(arrays.size() == 3);
  CHECK(arrays[0].name == "q");
  CHECK(read_all(fixture("float64.npy"))[0].name.empty());
  CHECK(error_of([] { read_all("/none"); }) == "system: /none: No such file or directory");
}

TEST_CASE("a file's place is its path, its array's name, and its format by extension or content") {
  const std::optional<FilePlace> named = locate(fixture("stored.npz") + ":q");
  REQUIRE(named);
  CHECK(named->path == fixture("stored.npz"));
  CHECK(named->name == "q");
  CHECK(named->format == "npz");
  const TemporaryFolder folder;
  const std::string plain = folder.write("a", content_of(fixture("float64.npy")));
  CHECK(locate(plain)->format == "npy");
  CHECK(locate(plain)->name == "");
  CHECK(locate(folder.write("b.CSV", "1,2\n"))->format == "csv");
}

TEST_CASE("a literal, standard input and a device have no place to be read from again") {
  CHECK(!locate("[[1,2]]"));
  CHECK(!locate("-"));
  CHECK(!locate("-:q"));
  CHECK(!locate("/dev/null"));
}

TEST_CASE("standard input is read once") {
  const TemporaryFolder folder;
  const int fd = ::open(folder.write("in", R"({"q": [1, 2], "k": [3]})").c_str(), O_RDONLY);
  const int saved = ::dup(STDIN_FILENO);
  REQUIRE(::dup2(fd, STDIN_FILENO) == STDIN_FILENO);
  CHECK(values("-:q") == std::vector<double>{1, 2});
  CHECK(refusal("-") == "usage: --query -: standard input can be read only once");
  if (saved >= 0) ::dup2(saved, STDIN_FILENO);
  ::close(fd);
}

TEST_CASE("empty cells are allowed on request only, in CSV and JSON") {
  const TemporaryFolder folder;
  const std::string csv = folder.write("sheet.csv", "step,batch,head,row,col,value\nq,,,0,0,\n");
  const std::string json = folder.write("sheet.json", "{\"q\": [[null]]}");
  for (const std::string& path : {csv, json}) {
    CHECK(error_of([&] { read_all(path); }) != "nothing was thrown");
    CHECK(read_all(path, {}, EmptyCells::allowed)[0].unfilled == std::vector<std::size_t>{0});
  }
}
