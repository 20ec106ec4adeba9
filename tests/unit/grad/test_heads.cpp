#include "naive.hpp"

#include <attn/error.hpp>
#include <attn/grad/heads.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;

TEST_CASE("each part of a concatenation gets its own rows back") {
  const Tensor<double> past = naive::numbers<double>({2, 3, 2, 4}, 1), now = naive::numbers<double>({2, 3, 5, 4}, 2);
  const Tensor<double> both = concatenate_keys(past, now);
  CHECK(key_rows(both, 0, 2) == past);
  CHECK(key_rows(both, 2, 5) == now);
  CHECK_THROWS_AS(key_rows(both, 3, 5), ShapeError);
}

TEST_CASE("a row appended to every sample gathers what all of them send back") {
  const Tensor<double> d = reshaped(Tensor<double>{1, 2, 3, 4, 10, 20, 30, 40}, {2, 2, 1, 2});  // B 2, H 2, one row, D 2
  CHECK(appended_row_backward(d) == Tensor<double>{11, 22, 33, 44});
}

TEST_CASE("a gradient is turned back by as much as its row was turned: a rotation's transpose is its inverse") {
  for (const RotaryPairing pairing : {RotaryPairing::half_split, RotaryPairing::interleaved}) {
    RotaryPositions<double> rotary;
    rotary.options.head_dim = 6;
    rotary.options.pairing = pairing;
    const Tensor<double> rows = naive::numbers<double>({2, 2, 3, 6}, 5);
    const Tensor<double> back = rotated_backward(rotated(rows, rotary, 4), rotary, 4);
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(std::abs(back.data()[i] - rows.data()[i]) < 1e-14);
  }
}
