#include "recipe_python.hpp"

#include "../common/formats.hpp"

#include <attn/error.hpp>
#include <attn/io/array.hpp>
#include <attn/io/source.hpp>
#include <attn/render/number.hpp>

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

namespace attn::tools {
namespace {

constexpr const char* read_safetensors = R"(def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        raw, kind = data[slice(*entry["data_offsets"])], entry["dtype"]
        if kind == "BF16":  # the upper half of a float32
            array = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        else:  # "F32" is "<f4"
            array = np.frombuffer(raw, "?" if kind == "BOOL" else f"<{kind[0].lower()}{int(kind[1:]) // 8}")
        arrays[name] = array.reshape(entry["shape"])
    return arrays
)";

constexpr const char* read_json = R"(def read_json(path):
    with open(path, encoding="utf-8-sig") as file:
        found = json.load(file)
    if isinstance(found, dict) and "steps" in found:  # a trace
        found = {row["step"]: row["values"] for row in found["steps"]}
    if not isinstance(found, dict):
        found = {"": found}
    return {name: np.array(values, dtype="float64") for name, values in found.items()}
)";

constexpr const char* read_csv = R"(def read_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    if rows[0] != ["step", "batch", "head", "row", "col", "value"]:
        try:
            return {"": np.array(rows, dtype="float64")}
        except ValueError:  # the first row is a header
            return {"": np.array(rows[1:], dtype="float64")}
    arrays = {}
    for step in dict.fromkeys(row[0] for row in rows[1:]):
        at = [[int(index) for index in row[1:5] if index] for row in rows[1:] if row[0] == step]
        arrays[step] = np.empty(np.max(at, axis=0) + 1)
        arrays[step][tuple(np.transpose(at))] = [float(row[5]) for row in rows[1:] if row[0] == step]
    return arrays
)";

// How a file of a format is read as a mapping from names to arrays.
struct Reader {
  const char* format;
  const char* function;
  const char* definition;  // "" where NumPy has the function
};

constexpr Reader readers[] = {{"npz", "np.load", ""},
                              {"safetensors", "read_safetensors", read_safetensors},
                              {"json", "read_json", read_json},
                              {"csv", "read_csv", read_csv}};

const Reader& reader_of(const std::string& format) {
  for (const Reader& reader : readers) {
    if (format == reader.format) return reader;
  }
  throw std::logic_error("no recipe reads the format " + format);
}

std::string array_of(const io::FilePlace& place) {
  if (place.format == "npy") return "np.load(" + python_text(place.path) + ")";
  const std::string all = reader_of(place.format).function + ("(" + python_text(place.path)) + ")";
  return place.name.empty() ? "next(iter(" + all + ".values()))" : all + "[" + python_text(place.name) + "]";
}

std::string python_generator(const Generator& generator, Precision precision) {
  const std::string sizes = fmt::format("{}", fmt::join(generator.shape, ", "));
  const char* widened = precision == Precision::float64 ? ".double()" : "";
  switch (generator.kind) {
    case GeneratorKind::randn:
      return "torch.randn(" + sizes + ")" + widened;
    case GeneratorKind::rand:
      return "torch.rand(" + sizes + ")" + widened;
    case GeneratorKind::ones:
      return "torch.ones(" + sizes + ")" + widened;
    case GeneratorKind::zeros:
      return "torch.zeros(" + sizes + ")" + widened;
    case GeneratorKind::arange:
      break;
  }
  return fmt::format("torch.arange({}.0).reshape({}){}", *element_count(generator.shape), sizes, widened);
}

// Nested lists of the elements from `next` on, which moves past them.
std::string python_lists(const TensorView& tensor, std::size_t axis, std::size_t& next) {
  if (axis == tensor.rank()) return python_number(tensor[next++]);
  std::string text = "[";
  for (std::size_t i = 0; i < tensor.shape()[axis]; ++i) {
    if (i > 0) text += ", ";
    text += python_lists(tensor, axis + 1, next);
  }
  return text + "]";
}

}  // namespace

std::string python_number(double number) {
  if (std::isnan(number)) return "math.nan";
  if (std::isinf(number)) return number < 0 ? "-math.inf" : "math.inf";
  if (number == 0 && std::signbit(number)) return "-0.0";  // -0 would be an integer without a sign
  return render::number_text(number);
}

std::string python_text(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? fmt::format("\\x{:02x}", c) : std::string(1, c);
  }
  return quoted + "\"";
}

std::string python_sizes(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape, ", ")) + (shape.size() == 1 ? "," : "");
}

std::string python_tensor(const TensorView& tensor, Precision precision) {
  std::size_t next = 0;
  return fmt::format("torch.tensor({}, dtype=torch.{})", python_lists(tensor, 0, next), to_string(precision));
}

std::string python_tensor(const TensorArgument& argument, Precision precision) {
  if (argument.generator) return python_generator(*argument.generator, precision);
  const std::optional<io::FilePlace> place = io::locate(argument.text);
  if (!place) return python_tensor(io::to_tensor<double>(*argument.array, argument.option), precision);
  const std::string squeezed = argument.dropped_axis ? fmt::format(".squeeze({})", *argument.dropped_axis) : "";
  return fmt::format("torch.from_numpy({}.astype(\"{}\")){}", array_of(*place), to_string(precision), squeezed);
}

std::string python_state(const std::string& path, const std::string& prefix,
                         const std::vector<io::NamedView>& loaded, Precision precision) {
  const std::optional<io::FilePlace> place = io::locate(path);
  if (!place) {
    std::string lines = "state = {\n";
    for (const io::NamedView& named : loaded) {
      lines += "    " + python_text(named.name) + ": " + python_tensor(named.tensor, precision) + ",\n";
    }
    return lines + "}\n";
  }
  const std::string reading =
      fmt::format("array in {}({}).items()", reader_of(place->format).function, python_text(path));
  const char* dtype = to_string(precision);
  if (prefix.empty()) {
    return fmt::format("state = {{name: torch.from_numpy(array.astype(\"{}\"))\n         for name, {}}}\n",
                       dtype, reading);
  }
  return fmt::format(
      "prefix = {}\n"
      "state = {{name[len(prefix):]: torch.from_numpy(array.astype(\"{}\"))\n"
      "         for name, {} if name.startswith(prefix)}}\n",
      python_text(prefix), dtype, reading);
}

std::string python_preamble(const std::string& body) {
  std::string definitions;
  for (const Reader& reader : readers) {
    const bool needed =
        *reader.definition && body.find(std::string(reader.function) + "(") != std::string::npos;
    if (needed) definitions += std::string("\n\n") + reader.definition;
  }
  // Modules of Python itself, a blank line, modules of others.
  constexpr std::pair<const char*, const char*> imports[][3] = {
      {{"csv.", "import csv\n"}, {"json.", "import json\n"}, {"math.", "import math\n"}},
      {{"np.", "import numpy as np\n"}, {"torch.", "import torch\n"}, {"nn.", "from torch import nn\n"}},
  };
  std::string lines;
  for (const auto& group : imports) {
    if (!lines.empty()) lines += "\n";
    for (const auto& [use, line] : group) {
      if ((definitions + body).find(use) != std::string::npos) lines += line;
    }
  }
  return lines + definitions + (definitions.empty() ? "" : "\n");
}

void write_recipe(const std::string& recipe, const OutputOptions& options) {
  if (options.format) throw UsageError("--format", "has no effect with --show-recipe, which prints Python");
  write_text_result(recipe, options);
}

}  // namespace attn::tools
