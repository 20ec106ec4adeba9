// Everything the comparison can say about a layer, one row a quantity: its formula and its value.
#pragma once

#include <attn/cost/complexity.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::cost {

/// A quantity of one layer for given sizes.
struct Amount {
  std::string text;            ///< the formula: "n²·d"
  std::string latex;
  std::optional<Count> value;  ///< empty where the formula does not hold (see PathLength)
};

struct Quantity {
  const char* key;   ///< "multiply_accumulates", in CSV, JSON and --quantity
  const char* unit;  ///< "operations", "positions", "layers", "numbers", "bytes"
  Amount (*amount)(Layer layer, const Values& values);
};

const std::vector<Quantity>& quantity_table();

}  // namespace attn::cost
