#include <attn/weights/transformer_weights.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace attn;

TEST_CASE("paths name the stack, the layer and the block") {
  CHECK(path_of_stack(Stack::encoder) == "encoder.");
  CHECK(path_of_layer("decoder.", 3) == "decoder.3.");
  CHECK(path_of_block("decoder.3.", Block::cross) == "decoder.3.cross.");
  CHECK(path_of_embedding_norm("encoder.") == "encoder.embedding.");
  CHECK(path_of_final_norm("decoder.") == "decoder.final.");
}

TEST_CASE("every place of a parameter is visited once, those of absent parts are not") {
  TransformerWeights<double> weights;
  weights.encoder.emplace().layers.resize(1);
  weights.decoder.emplace().layers.resize(2);
  weights.decoder->layers[1].cross.emplace();
  weights.decoder->final_norm.emplace();
  std::set<std::string> paths;
  std::size_t visits = 0;
  visit_places(weights, [&](const std::string& path, Step, std::optional<Tensor<double>>& place) {
    CHECK_FALSE(place.has_value());
    place = filled<double>({1}, 1.0);
    paths.insert(path);
    ++visits;
  });
  CHECK(paths.size() == visits);
  // A layer has 8 + 2 places of self-attention, 6 + 2 of the feed-forward, and 8 + 2 of cross-attention.
  CHECK(visits == 2 * 3 + 3 * 18 + 10 + 2 + 2);
  CHECK(paths.count("decoder.1.cross.w_q") == 1);
  CHECK(paths.count("decoder.0.cross.w_q") == 0);
  CHECK(paths.count("encoder.0.ffn.w_2") == 1);
  CHECK(paths.count("decoder.final.gamma") == 1);
  CHECK(paths.count("w_out") == 1);
  CHECK(weights.decoder->layers[1].cross->attention.w_q.has_value());
}
