// What a program leaves open, taken as it has to be, so that no rule speaks about what is not known.
#pragma once

#include <attn/shapes/claims.hpp>

namespace attn::shapes {

/// The same module and call with the shapes and sizes that are open chosen to fit those that are known: the source of
/// keys and values to the query, to each other and to the masks; kdim and vdim to the sources; a head size to nothing.
/// batch_first stays. Needs d_model and heads; a call whose query is not known has nothing to fit to.
CheckedCall fitted(CheckedCall checked);

}  // namespace attn::shapes
