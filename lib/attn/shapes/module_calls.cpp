#include <attn/shapes/module_calls.hpp>
#include <attn/shapes/spoken.hpp>

#include <algorithm>

namespace attn::shapes {
namespace {

constexpr std::size_t ordered = 3;  // query, key and value

/// Whether two arguments are one tensor.
bool are_same(const Bound& bound, Role role, Role other) {
  const auto first = bound.find(role), second = bound.find(other);
  return role != other && first != bound.end() && second != bound.end() && first->second.source == second->second.source;
}

/// The shape of an argument; empty for one that is not known or is the same tensor as `same`.
Shape shape_of_argument(const Bound& bound, Role role, Role same) {
  const auto found = bound.find(role);
  if (found == bound.end() || found->second.value.kind != Value::Kind::tensor || are_same(bound, role, same)) return {};
  return found->second.value.shape;
}

std::optional<Shape> shape_of_mask(const Bound& bound, Role role) {
  const Shape shape = shape_of_argument(bound, role, role);
  return shape.empty() ? std::nullopt : std::optional<Shape>(shape);
}

}  // namespace

ModuleCall shapes_of(const Bound& bound) {
  ModuleCall call;
  call.query = shape_of_argument(bound, Role::query, Role::query);
  call.key = shape_of_argument(bound, Role::key, Role::query);
  call.value = shape_of_argument(bound, Role::value, Role::key);
  // Keras's key is the value unless it is given.
  if (bound.count(Role::value) != 0 && bound.count(Role::key) == 0) call.key = shape_of_argument(bound, Role::value, Role::query);
  call.attn_mask = shape_of_mask(bound, Role::attn_mask);
  call.key_padding_mask = shape_of_mask(bound, Role::key_padding_mask);
  return call;
}

std::set<Role> open_sources(const Api& api, const Bound& bound, const std::vector<CallArgument>& arguments) {
  const bool unpacks = std::any_of(arguments.begin(), arguments.end(), [](const CallArgument& argument) { return argument.unpacked; });
  std::set<Role> open;
  for (const Role role : {Role::query, Role::key, Role::value}) {
    const auto given = bound.find(role);
    const bool unknown = given != bound.end() ? given->second.value.kind != Value::Kind::tensor : unpacks && !name_of(api.forward, role).empty();
    // module(x, x, x): what is known of one is known of all.
    if (unknown && !are_same(bound, role, Role::query)) open.insert(role);
  }
  if (open.count(Role::value) != 0 && bound.count(Role::key) == 0) open.insert(Role::key);
  return open;
}

Value result_of(const Api& api, const ModuleConfig& config, const ModuleCall& shapes, std::size_t call) {
  Value output;
  output.call = call;
  output.kind = shapes.query.empty() ? Value::Kind::unknown : Value::Kind::tensor;
  output.shape = shapes.query;
  if (!output.shape.empty() && config.d_model > 0) output.shape.back() = config.d_model;
  if (!api.returns_tuple) return output;
  Value pair;
  pair.kind = Value::Kind::tuple;
  pair.call = call;
  pair.items = {output, Value{}};
  return pair;
}

std::optional<Finding> argument_order(const Api& api, const std::vector<CallArgument>& arguments, const std::string& name) {
  std::string given, expected;
  bool wrong = false;
  for (std::size_t i = 0; i < arguments.size() && i < api.forward.size() && i < ordered; ++i) {
    if (!arguments[i].keyword.empty()) return std::nullopt;
    const Role said = spoken_role(last_part(arguments[i].source));
    wrong = wrong || (said != Role::other && said != api.forward[i].role);
    given += (i > 0 ? ", " : "") + arguments[i].source;
    expected += (i > 0 ? ", " : "") + std::string(api.forward[i].name);
  }
  if (!wrong) return std::nullopt;
  return Finding{"argument_order", name, {{"name", name}, {"found", given}, {"expected", expected}}};
}

std::optional<Finding> transposed_away(const Bound& bound) {
  const auto query = bound.find(Role::query);
  if (query == bound.end() || !query->second.value.before) return std::nullopt;
  const std::string& name = query->second.source;
  const Value& matrix = query->second.value;
  return Finding{"transposed_away", name, {{"found", to_string(*matrix.before)}, {"expected", to_string(matrix.shape)}, {"name", name}}};
}

std::optional<Finding> definition_order(const std::vector<std::string>& parameters) {
  std::vector<std::string> said;
  for (const std::string& parameter : parameters) {
    if (spoken_role(parameter) != Role::other) said.push_back(parameter);
  }
  if (said.size() < ordered || spoken_role(said[0]) == Role::query) return std::nullopt;
  const std::string order = said[0] + ", " + said[1] + ", " + said[2];
  return Finding{"argument_order", "def", {{"name", "forward"}, {"found", order}, {"expected", "query, key, value"}}};
}

Value made_map(std::string_view dotted_name, const std::vector<CallArgument>& arguments) {
  const std::string_view last = last_part(dotted_name);
  if ((last != "Linear" && last != "Embedding") || arguments.size() < 2) return {};
  Value map;
  map.kind = last == "Linear" ? Value::Kind::linear : Value::Kind::embedding;
  map.number = arguments[1].value.kind == Value::Kind::number ? arguments[1].value.number : 0;
  return map;
}

}  // namespace attn::shapes
