#include <attn/shapes/call_binding.hpp>

#include <algorithm>
#include <utility>

namespace attn::shapes {
namespace {

Finding wrong_keyword(const Api& api, const std::vector<Parameter>& parameters, const std::string& keyword) {
  std::string list;
  for (const Parameter& parameter : parameters) list += (list.empty() ? "" : ", ") + std::string(parameter.name);
  const std::string right(name_of(parameters, role_of(keyword)));
  return {right.empty() ? "unknown_keyword" : "keyword", keyword,
          {{"name", std::string(api.name)}, {"found", keyword}, {"right", right}, {"list", list}}};
}

void leave_open(Construction& made, Role role, const CallArgument& argument) {
  made.unknown.push_back(argument.keyword + " = " + argument.source);
  made.open.insert(role);
}

/// The size that an argument gives. 0 where it is not known, which is noted, or impossible, which is a finding.
std::size_t size_of(const Bound& bound, Role role, Construction& made, std::vector<Finding>& findings) {
  const auto found = bound.find(role);
  if (found == bound.end() || found->second.source == "None") return 0;
  const Value& value = found->second.value;
  const std::string& source = found->second.source;
  const std::string name = found->second.keyword;
  if (value.kind != Value::Kind::number) {
    leave_open(made, role, found->second);
    return 0;
  }
  const std::size_t size = as_size(value).value_or(0);
  if (size == 0) {
    findings.push_back({"positive", name, {{"name", name}, {"found", source}, {"expected", std::to_string(largest_size)}}});
  }
  return size;
}

/// Whether an argument is true. The default where it is not given, and where it is not known, which is noted.
bool truth_of(const Bound& bound, Role role, bool otherwise, Construction& made) {
  const auto found = bound.find(role);
  if (found == bound.end()) return otherwise;
  if (found->second.source == "None") return false;
  if (found->second.value.kind == Value::Kind::number) return found->second.value.number != 0;
  leave_open(made, role, found->second);
  return otherwise;
}

/// Arguments that are unpacked may give everything that is not given otherwise.
void leave_rest_open(const Api& api, const Bound& bound, const std::vector<CallArgument>& arguments, Construction& made) {
  for (const CallArgument& argument : arguments) {
    if (!argument.unpacked) continue;
    made.unknown.push_back(argument.source);
    for (const Parameter& parameter : api.constructor) {
      if (bound.count(parameter.role) == 0) made.open.insert(parameter.role);
    }
  }
}

void check_required(const Api& api, const Bound& bound, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < api.required; ++i) {
    const std::string name(api.constructor[i].name);
    if (bound.count(api.constructor[i].role) > 0) continue;
    findings.push_back({"missing_argument", name, {{"name", std::string(api.name)}, {"right", name}}});
  }
}

}  // namespace

Bound bind_arguments(const Api& api, const std::vector<Parameter>& parameters, const std::vector<CallArgument>& arguments,
                     std::vector<Finding>& findings) {
  Bound bound;
  std::size_t position = 0;
  bool position_known = true;
  for (CallArgument argument : arguments) {
    position_known = position_known && !argument.unpacked;
    if (argument.keyword.empty()) {
      if (!position_known) continue;
      if (position < parameters.size()) {
        argument.keyword = parameters[position].name;
        bound[parameters[position].role] = std::move(argument);
      } else if (position == parameters.size()) {
        findings.push_back({"too_many_arguments", std::string(api.name),
                            {{"name", std::string(api.name)}, {"found", std::to_string(arguments.size())}, {"expected", std::to_string(parameters.size())}}});
      }
      ++position;
      continue;
    }
    const auto known = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name == argument.keyword; });
    const Role role = known != parameters.end() ? known->role : role_of(argument.keyword);
    if (known == parameters.end()) findings.push_back(wrong_keyword(api, parameters, argument.keyword));
    bound[role] = std::move(argument);
  }
  return bound;
}

Construction construct(const Api& api, const std::vector<CallArgument>& arguments, std::vector<Finding>& findings) {
  const Bound bound = bind_arguments(api, api.constructor, arguments, findings);
  Construction made;
  leave_rest_open(api, bound, arguments, made);
  if (made.open.empty()) check_required(api, bound, findings);
  ModuleConfig& config = made.config;
  config.impl = api.impl;
  static constexpr std::pair<Role, std::size_t ModuleConfig::*> sizes[] = {
      {Role::d_model, &ModuleConfig::d_model},     {Role::heads, &ModuleConfig::heads},
      {Role::key_dim, &ModuleConfig::head_dim},    {Role::value_dim, &ModuleConfig::value_dim},
      {Role::key_width, &ModuleConfig::key_width}, {Role::value_width, &ModuleConfig::value_width}};
  for (const auto& [role, size] : sizes) config.*size = size_of(bound, role, made, findings);
  if (const std::size_t ffn = size_of(bound, Role::ffn, made, findings)) config.ffn = ffn;
  const auto is_default = [&](Role role) { return api.impl == Impl::transformer && bound.count(role) + made.open.count(role) == 0; };
  if (is_default(Role::d_model)) config.d_model = 512;
  if (is_default(Role::heads)) config.heads = 8;
  // Old d2l maps queries of another width, which no module here does: nothing is said about its widths.
  const auto queries = bound.find(Role::query_width);
  if (queries != bound.end() && as_size(queries->second.value) != config.d_model) config.d_model = 0;
  config.bias = truth_of(bound, Role::bias, api.impl != Impl::d2l, made);
  config.bias_kv = truth_of(bound, Role::bias_kv, false, made);
  config.zero_attn = truth_of(bound, Role::zero_attn, false, made);
  config.batch_first = truth_of(bound, Role::batch_first, false, made);
  return made;
}

}  // namespace attn::shapes
