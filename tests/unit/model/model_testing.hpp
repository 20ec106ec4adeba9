// Configurations and files for the tests of model directories.
#pragma once

#include <attn/model/config.hpp>

#include "../io/io_testing.hpp"

#include <string>

namespace attn {

using io::contains;
using io::error_of;

/// The smallest configuration of a family, with more members after it: R"(, "eps": 1)".
inline std::string config_text(const std::string& family, const std::string& more = "", const std::string& sizes = "") {
  const std::string layers = family == "encoder"   ? R"("encoder_layers": 1)"
                             : family == "decoder" ? R"("decoder_layers": 1)"
                                                   : R"("encoder_layers": 1, "decoder_layers": 1)";
  return R"({"family": ")" + family + R"(", "sizes": {"width": 4, "heads": 2, "feed_forward": 6, "vocabulary": 5, "max_length": 3, )" +
         layers + sizes + "}" + more + "}";
}

inline ModelConfig config_of(const std::string& family, const std::string& more = "", const std::string& sizes = "") {
  return parse_model_config(config_text(family, more, sizes), "config.json");
}

}  // namespace attn
