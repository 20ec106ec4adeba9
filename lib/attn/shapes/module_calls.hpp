// A call of a module in a pasted program: what goes in, what comes out, what its order of arguments says.
#pragma once

#include <attn/shapes/call_binding.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// The shapes of the arguments; an argument that is not known, or is the same tensor as the one before it, is
/// empty, as in ModuleCall.
ModuleCall shapes_of(const Bound& bound);

/// Those of query, key and value that are given but whose shape is not known.
std::set<Role> open_sources(const Api& api, const Bound& bound, const std::vector<CallArgument>& arguments);

/// What the call returns: the query's leading axes and the module's width, in a tuple where the API has one.
/// `call` is its number.
Value result_of(const Api& api, const ModuleConfig& config, const ModuleCall& shapes, std::size_t call);

/// The finding for attention(value, key, query), where the names say another order than the API has.
std::optional<Finding> argument_order(const Api& api, const std::vector<CallArgument>& arguments, const std::string& name);

/// The finding for attention(x.T, x.T, x.T) of a matrix x. Right for one sequence without a batch axis, so that it
/// explains another contradiction and is none by itself.
std::optional<Finding> transposed_away(const Bound& bound);

/// The same as argument_order for a definition of forward(self, value, key, query, …) around a module of PyTorch.
std::optional<Finding> definition_order(const std::vector<std::string>& parameters);

/// nn.Linear(3, 8) and nn.Embedding(50, 8), by the width of what they return; unknown for any other name.
Value made_map(std::string_view dotted_name, const std::vector<CallArgument>& arguments);

}  // namespace attn::shapes
