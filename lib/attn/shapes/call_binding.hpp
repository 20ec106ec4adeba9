// The arguments of a call of attention, by what they mean; and what is wrong with them already.
#pragma once

#include <attn/shapes/api.hpp>
#include <attn/shapes/rules.hpp>
#include <attn/shapes/value.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace attn::shapes {

using Bound = std::map<Role, CallArgument>;

/// Every argument under its role, without those that are unpacked and those whose position is not known for one. Adds findings about keywords that the API does not have and about too many
/// arguments; a keyword that another API has for a role still gives that role its value.
Bound bind_arguments(const Api& api, const std::vector<Parameter>& parameters, const std::vector<CallArgument>& arguments,
                     std::vector<Finding>& findings);

/// What a constructor says.
struct Construction {
  ModuleConfig config;               ///< a size that is not known, or impossible, is 0; a truth value is the default
  std::vector<std::string> unknown;  ///< "embed_dim = width", "**config": what the program does not fix
  std::set<Role> open;               ///< the arguments that this leaves open
};

/// The module that the call of a constructor makes. Adds findings about missing arguments and impossible sizes.
Construction construct(const Api& api, const std::vector<CallArgument>& arguments, std::vector<Finding>& findings);

}  // namespace attn::shapes
