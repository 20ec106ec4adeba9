// JSON, streamed: small values as a tree, tensors element by element.
#pragma once

#include <attn/render/number.hpp>
#include <attn/render/output.hpp>
#include <attn/shape.hpp>
#include <attn/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace attn::render {

struct Json;
using JsonArray = std::vector<Json>;
/// Members in the order in which they are written.
using JsonObject = std::vector<std::pair<std::string, Json>>;

/// A JSON value. Numbers that are not finite are written as the strings "NaN", "Infinity", "-Infinity".
struct Json {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, JsonArray, JsonObject>
      value;

  Json(std::nullptr_t = nullptr) : value(nullptr) {}         // NOLINT: these conversions are the point
  Json(bool boolean) : value(boolean) {}                     // NOLINT
  Json(int number) : value(std::int64_t{number}) {}          // NOLINT
  Json(std::int64_t number) : value(number) {}               // NOLINT
  Json(std::uint64_t number) : value(number) {}              // NOLINT
  Json(double number) : value(number) {}                     // NOLINT
  Json(const char* text) : value(std::string(text)) {}       // NOLINT
  Json(std::string_view text) : value(std::string(text)) {}  // NOLINT
  Json(std::string text) : value(std::move(text)) {}         // NOLINT
  Json(JsonArray array) : value(std::move(array)) {}         // NOLINT
  Json(JsonObject object) : value(std::move(object)) {}      // NOLINT
};

/// [2, 3, 4]
Json json_of(const Shape& shape);
/// {"B": 2, "H": 1, …}: the letters of this run, in the order of the legend; absent ones left out.
Json json_of(const Sizes& sizes);

/// Writes the value and a line break. Objects and arrays of them are indented by two spaces a level;
/// an array of plain values stays on one line.
void write_json(Output& output, const Json& json);

/// One object for a whole trace:
///   {"tool": …, …, "steps": [{"step", "symbol", "formula", "axes", "shape", "values"}, …]}
/// `values` is nested as deeply as the tensor has axes, one matrix row a line; numbers read back to the
/// same float or double.
class JsonTrace {
 public:
  /// header: the members before "steps".
  JsonTrace(Output& output, const JsonObject& header);

  /// members: those before "values". Blank cells are null.
  void add(const JsonObject& members, const TensorView& values, Cells cells = Cells::filled);

  /// footer: the members after "steps". Closes the object; call it once.
  void finish(const JsonObject& footer = {});

 private:
  Buffer buffer_;
  bool any_step_ = false;
};

}  // namespace attn::render
