// The parameters of a whole Transformer in one canonical form: tables of embeddings, stacks of layers, and the
// map onto the vocabulary.
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>
#include <attn/weights/layer_weights.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// What turns tokens into the rows that a stack starts from.
template <class T>
struct EmbeddingWeights {
  std::optional<Tensor<T>> token_table;     ///< [V, E], one row a token
  std::optional<Tensor<T>> position_table;  ///< [Lm, E], one row a position, learned or fixed; absent: nothing is added
  std::optional<Tensor<T>> segment_table;   ///< [Sg, E], one row a segment (BERT's token types); row 0 is used
  std::optional<NormWeights<T>> norm;       ///< of the sum (BERT)
};

template <class T>
struct StackWeights {
  EmbeddingWeights<T> embedding;
  std::vector<LayerWeights<T>> layers;
  std::optional<NormWeights<T>> final_norm;  ///< after the last layer
};

/// An encoder alone (BERT), a decoder alone (GPT), or both.
template <class T>
struct TransformerWeights {
  std::optional<StackWeights<T>> encoder;
  std::optional<StackWeights<T>> decoder;  ///< its layers attend to the encoder if there is one
  std::optional<Tensor<T>> w_out;          ///< [E, V], from the last stack to the logits; absent: no logits
  std::optional<Tensor<T>> b_out;          ///< [V]
};

/// Calls f(step, place) for every place of a parameter, filled or not, in the order of the step table.
template <class T, class F>
void visit_places(MultiheadWeights<T>& weights, F&& f) {
  f(Step::w_q, weights.w_q);
  f(Step::b_q, weights.b_q);
  f(Step::w_k, weights.w_k);
  f(Step::b_k, weights.b_k);
  f(Step::w_v, weights.w_v);
  f(Step::b_v, weights.b_v);
  f(Step::w_o, weights.w_o);
  f(Step::b_o, weights.b_o);
}

template <class T, class F>
void visit_places(NormWeights<T>& weights, F&& f) {
  f(Step::gamma, weights.gamma);
  f(Step::beta, weights.beta);
}

template <class T, class F>
void visit_places(FeedForwardWeights<T>& weights, F&& f) {
  f(Step::w_gate, weights.w_gate);
  f(Step::b_gate, weights.b_gate);
  f(Step::w_1, weights.w_1);
  f(Step::b_1, weights.b_1);
  f(Step::w_2, weights.w_2);
  f(Step::b_2, weights.b_2);
}

template <class T, class F>
void visit_places(EmbeddingWeights<T>& weights, F&& f) {
  f(Step::token_table, weights.token_table);
  f(Step::position_table, weights.position_table);
  f(Step::segment_table, weights.segment_table);
}

enum class Stack { encoder, decoder };

/// Where in a model a parameter or a step stands, as the beginning of its dotted path.
std::string path_of_stack(Stack stack);                                  ///< "encoder."
std::string path_of_layer(const std::string& stack, std::size_t layer);  ///< "encoder.1."
std::string path_of_block(const std::string& layer, Block block);        ///< "encoder.1.self."
std::string path_of_embedding_norm(const std::string& stack);            ///< "encoder.embedding."
std::string path_of_final_norm(const std::string& stack);                ///< "encoder.final."

/// Calls f(path, step, place) for every place of a parameter in a model whose optional parts (stacks, cross
/// blocks, norms) have been made: "decoder.1.cross.w_q", "encoder.token_table", "decoder.final.gamma", "w_out".
template <class T, class F>
void visit_places(TransformerWeights<T>& weights, F&& f) {
  const auto visit_part = [&f](const std::string& path, auto& part) {
    visit_places(part, [&](Step step, std::optional<Tensor<T>>& place) { f(path + std::string(name_of(step)), step, place); });
  };
  const auto visit_stack = [&](const std::string& stack, StackWeights<T>& part) {
    visit_part(stack, part.embedding);
    if (part.embedding.norm) visit_part(path_of_embedding_norm(stack), *part.embedding.norm);
    for (std::size_t i = 0; i < part.layers.size(); ++i) {
      LayerWeights<T>& layer = part.layers[i];
      const std::string path = path_of_layer(stack, i);
      visit_part(path_of_block(path, Block::self), layer.self.attention);
      visit_part(path_of_block(path, Block::self), layer.self.norm);
      if (layer.cross) visit_part(path_of_block(path, Block::cross), layer.cross->attention);
      if (layer.cross) visit_part(path_of_block(path, Block::cross), layer.cross->norm);
      visit_part(path_of_block(path, Block::ffn), layer.ffn.maps);
      visit_part(path_of_block(path, Block::ffn), layer.ffn.norm);
    }
    if (part.final_norm) visit_part(path_of_final_norm(stack), *part.final_norm);
  };
  if (weights.encoder) visit_stack(path_of_stack(Stack::encoder), *weights.encoder);
  if (weights.decoder) visit_stack(path_of_stack(Stack::decoder), *weights.decoder);
  f(std::string(name_of(Step::w_out)), Step::w_out, weights.w_out);
  f(std::string(name_of(Step::b_out)), Step::b_out, weights.b_out);
}

}  // namespace attn
