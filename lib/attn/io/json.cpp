#include <attn/error.hpp>
#include <attn/io/json.hpp>
#include <attn/io/names.hpp>
#include <attn/io/strict_json.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace attn::io {
namespace {

using nlohmann::json;

// Flattens nested lists. All lists of one depth must have the same length, and all values one depth.
class Flattener {
 public:
  Flattener(std::string path, const std::string& subject, EmptyCells empty_cells)
      : path_(std::move(path)), subject_(subject), empty_cells_(empty_cells) {}

  NamedArray flatten(std::string name, const json& value) {
    Array array = flatten(value);
    return {std::move(name), std::move(array), std::move(unfilled_)};
  }

 private:
  Array flatten(const json& value) {
    visit(value, 0);
    if (boolean_.value_or(false) && unfilled_.empty())
      return make_array(std::vector<std::uint8_t>(values_.begin(), values_.end()), shape_);
    if (all_integers_ && !values_.empty()) {
      return make_array(std::vector<std::int64_t>(values_.begin(), values_.end()), shape_);
    }
    return make_array(std::move(values_), shape_);
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    std::string place = path_;
    for (const std::size_t i : index_) place += fmt::format("[{}]", i);
    throw InputError(subject_, place.empty() ? problem : place + " " + problem);
  }

  void visit(const json& value, std::size_t depth) {
    if (!value.is_array()) return add(value, depth);
    if (depth == shape_.size()) {
      if (!values_.empty()) refuse("is a list where other elements are single values");
      shape_.push_back(value.size());
    } else if (shape_[depth] != value.size()) {
      refuse(fmt::format("has {} elements, but the lists before it have {}", value.size(), shape_[depth]));
    }
    index_.push_back(0);
    for (const json& element : value) {
      visit(element, depth + 1);
      ++index_.back();
    }
    index_.pop_back();
  }

  void add(const json& value, std::size_t depth) {
    const bool open = value.is_null() && empty_cells_ == EmptyCells::allowed;
    if (!open && (value.is_null() || value.is_object())) {
      refuse(value.is_null() ? "is null; expected a number" : "is an object; expected numbers");
    }
    if (depth != shape_.size()) refuse("is a single value where other elements are lists");
    if (open) {
      all_integers_ = false;
      unfilled_.push_back(values_.size());
      return values_.push_back(std::nan(""));
    }
    if (boolean_.value_or(value.is_boolean()) != value.is_boolean()) refuse("mixes booleans and numbers");
    boolean_ = value.is_boolean();
    all_integers_ = all_integers_ && value.is_number_integer();
    values_.push_back(number(value));
  }

  double number(const json& value) {
    if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
    if (value.is_number_unsigned()) return exact(value.get<std::uint64_t>(), value);
    if (value.is_number_integer())
      return -exact(-static_cast<std::uint64_t>(value.get<std::int64_t>()), value);
    if (value.is_number()) return value.get<double>();
    const std::string& text = value.get_ref<const std::string&>();
    if (text == "NaN") return std::nan("");
    if (text == "Infinity") return HUGE_VAL;
    if (text == "-Infinity") return -HUGE_VAL;
    refuse(fmt::format("is the text {}; expected a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
                       in_quotes(text)));
  }

  double exact(std::uint64_t magnitude, const json& value) {
    const double rounded = static_cast<double>(magnitude);
    if (rounded >= 0x1p64 || static_cast<std::uint64_t>(rounded) != magnitude) {
      refuse("is " + value.dump() + ", an integer that float64 cannot hold exactly");
    }
    if (rounded > 0x1p53) all_integers_ = false;
    return rounded;
  }

  std::string path_;
  const std::string& subject_;
  EmptyCells empty_cells_;
  Shape index_;  // where the walk is
  Shape shape_;
  std::vector<double> values_;
  std::vector<std::size_t> unfilled_;
  std::optional<bool> boolean_;  // empty until the first value
  bool all_integers_ = true;
};

std::string describe(const std::string& key) { return "\"" + one_line(key) + "\""; }

// The nested lists of an empty tensor end at its first zero, so "shape" has the last word there.
void apply_shape(Array& array, const json& declared, const std::string& path, const std::string& subject) {
  Shape shape;
  bool ok = declared.is_array();
  for (std::size_t i = 0; ok && i < declared.size(); ++i) {
    ok = declared[i].is_number_unsigned();
    if (ok) shape.push_back(declared[i].get<std::size_t>());
  }
  if (!ok) throw InputError(subject, path + ".shape is not a list of sizes");
  const bool empty_prefix = array.size() == 0 && shape.size() >= array.shape.size() &&
                            std::equal(array.shape.begin(), array.shape.end(), shape.begin());
  if (shape != array.shape && !empty_prefix) {
    throw InputError(subject, fmt::format("{} declares shape {}, but its values have shape {}", path,
                                          to_string(shape), to_string(array.shape)));
  }
  array.shape = shape;
}

std::vector<NamedArray> read_trace(const json& steps, const std::string& subject, EmptyCells empty_cells) {
  if (!steps.is_array()) throw InputError(subject, "\"steps\" is not a list");
  std::vector<NamedArray> arrays;
  std::set<std::string> names;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string path = fmt::format("steps[{}]", i);
    const json& row = steps[i];
    for (const char* key : {"step", "shape", "values"}) {
      if (!row.is_object() || !row.contains(key))
        throw InputError(subject, fmt::format("{} has no \"{}\"", path, key));
    }
    if (!row["step"].is_string()) throw InputError(subject, path + ".step is not text");
    const std::string name = row["step"].get<std::string>();
    if (!names.insert(name).second) throw InputError(subject, "has the step " + in_quotes(name) + " twice");
    arrays.push_back(Flattener(path + ".values", subject, empty_cells).flatten(name, row["values"]));
    apply_shape(arrays.back().array, row["shape"], path, subject);
  }
  return arrays;
}

}  // namespace

std::vector<NamedArray> read_json(std::string_view text, const std::string& subject,
                                  const MemoryLimit& limit, EmptyCells empty_cells) {
  // Every value but the first of a list follows a comma; each becomes a node, then a number.
  const auto values = static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1;
  limit.check(subject, values, sizeof(json) + sizeof(double));
  const json document = parse_strict_json(text, subject);
  if (!document.is_object()) return {Flattener("", subject, empty_cells).flatten("", document)};
  if (document.contains("steps")) return read_trace(document["steps"], subject, empty_cells);
  std::vector<NamedArray> arrays;
  for (const auto& [name, value] : document.items()) {
    arrays.push_back(Flattener(describe(name), subject, empty_cells).flatten(name, value));
  }
  return arrays;
}

}  // namespace attn::io
