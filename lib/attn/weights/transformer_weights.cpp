#include <attn/weights/transformer_weights.hpp>

namespace attn {

std::string path_of_stack(Stack stack) { return stack == Stack::encoder ? "encoder." : "decoder."; }

std::string path_of_layer(const std::string& stack, std::size_t layer) { return stack + std::to_string(layer) + "."; }

std::string path_of_block(const std::string& layer, Block block) { return layer + std::string(name_of(block)) + "."; }

std::string path_of_embedding_norm(const std::string& stack) { return stack + "embedding."; }

std::string path_of_final_norm(const std::string& stack) { return stack + "final."; }

}  // namespace attn
