// The arguments of a call of attention, by what they mean; and what is wrong with them already.
#pragma once

#include <attn/shapes/api.hpp>
#include <attn/shapes/rules.hpp>
#include <attn/shapes/value.hpp>

#include <map>
#include <string>
#include <vector>

namespace attn::shapes {

using Bound = std::map<Role, CallArgument>;

/// Every argument under its role. Adds findings about keywords that the API does not have and about too many
/// arguments; a keyword that another API has for a role still gives that role its value.
Bound bind_arguments(const Api& api, const std::vector<Parameter>& parameters, const std::vector<CallArgument>& arguments,
                     std::vector<Finding>& findings);

/// What a constructor says.
struct Construction {
  ModuleConfig config;               ///< a size that is not known, or impossible, is 0
  std::vector<std::string> unknown;  ///< "embed_dim = width": sizes that the program does not fix
};

/// The module that the call of a constructor makes. Adds findings about missing arguments and impossible sizes.
Construction construct(const Api& api, const std::vector<CallArgument>& arguments, std::vector<Finding>& findings);

}  // namespace attn::shapes
