// What a run is computed for.
#pragma once

namespace attn::tools {

enum class Purpose {
  steps,     ///< every step forward
  gradient,  ///< the gradients of the steps, backward
};

}  // namespace attn::tools
