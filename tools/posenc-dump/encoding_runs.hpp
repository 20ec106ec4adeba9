// What each subcommand computes, step by step and in float64, for verification.
#pragma once

#include <attn/ops/alibi.hpp>
#include <attn/ops/position.hpp>
#include <attn/ops/rope.hpp>
#include <attn/verify/posenc_verify.hpp>

#include <cstdint>
#include <functional>
#include <optional>

namespace attn::tools {

/// The table, and with an input X its sum with it.
posenc::EncodingRun sinusoidal_run(const SinusoidalOptions& options, std::size_t len, const std::optional<Tensor<double>>& x);

/// Any table and the dot products of its rows. Of a sinusoidal one, `options` are known.
posenc::EncodingRun similarity_run(const Tensor<double>& table, const SinusoidalOptions* options);

/// The frequencies; and the rotations by delta.
posenc::EncodingRun frequencies_run(const SinusoidalOptions& options);
posenc::EncodingRun rotation_run(const SinusoidalOptions& options, std::int64_t delta);

/// Both tables, and an input rotated by them.
posenc::EncodingRun rope_run(const RopeOptions& options, std::size_t len, const std::optional<Tensor<double>>& x);

/// Somebody's table, as this step of a run, with what it was identified as: another one is held against it, and a
/// difference is named as one between the two variants. `before` is what the table was made of, if that is known;
/// `identify` names a table as `found` names this one.
posenc::EncodingRun identified_run(Step step, const Tensor<double>& table, const std::optional<Tensor<double>>& before, const posenc::Identification& found,
                                   std::function<posenc::Identification(const Tensor<double>&)> identify);

posenc::EncodingRun alibi_run(std::size_t heads, std::size_t query_len, std::size_t key_len, AlibiFuture future);

}  // namespace attn::tools
