#include <attn/cost/quantities.hpp>

namespace attn::cost {
namespace {

Amount amount_of(const Polynomial& formula, const Values& values) {
  return {formula.text(), formula.latex(), formula.value(values)};
}

Amount path_of(Layer layer, const Values& values) {
  const PathLength& path = layer_info(layer).path;
  return {path.text, path.latex, path.length(values)};
}

/// The field of the layer's row that a quantity reads.
template <Polynomial LayerInfo::*field>
Amount field_of(Layer layer, const Values& values) {
  return amount_of(layer_info(layer).*field, values);
}

template <Polynomial LayerInfo::*field>
Amount bytes_of(Layer layer, const Values& values) {
  return amount_of(Polynomial(Letter::s) * (layer_info(layer).*field), values);
}

template <Polynomial Operations::*kind>
Amount executed(Layer layer, const Values& values) {
  return amount_of(operations_of(layer).total().*kind, values);
}

}  // namespace

const std::vector<Quantity>& quantity_table() {
  static const std::vector<Quantity> table = {
      {"operations_order", "operations", field_of<&LayerInfo::order>},
      {"sequential_operations", "operations", field_of<&LayerInfo::sequential>},
      {"parallel_width", "positions", field_of<&LayerInfo::width>},
      {"maximum_path", "layers", path_of},
      {"core_macs", "operations", [](Layer l, const Values& v) { return amount_of(matrix_products_of(l).core, v); }},
      {"projection_macs", "operations",
       [](Layer l, const Values& v) { return amount_of(matrix_products_of(l).projections, v); }},
      {"macs", "operations", [](Layer l, const Values& v) { return amount_of(matrix_products_of(l).total(), v); }},
      {"multiplications", "operations", executed<&Operations::multiplications>},
      {"additions", "operations", executed<&Operations::additions>},
      {"divisions", "operations", executed<&Operations::divisions>},
      {"comparisons", "operations", executed<&Operations::comparisons>},
      {"exponentials", "operations", executed<&Operations::exponentials>},
      {"tangents", "operations", executed<&Operations::tangents>},
      {"all_operations", "operations",
       [](Layer l, const Values& v) { return amount_of(operations_of(l).total().total(), v); }},
      {"parameters", "numbers", field_of<&LayerInfo::parameters>},
      {"parameter_bytes", "bytes", bytes_of<&LayerInfo::parameters>},
      {"activation_bytes", "bytes", bytes_of<&LayerInfo::activations>},
      {"cache_bytes", "bytes", bytes_of<&LayerInfo::cache>},
  };
  return table;
}

}  // namespace attn::cost
