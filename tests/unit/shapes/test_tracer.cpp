#include <attn/error.hpp>
#include <attn/shapes/tracer.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn;
using namespace attn::shapes;

namespace {

const Axis B{"B", 2}, L{"L", 3}, E{"E", 4}, H{"H", 2}, D{"D", 2};

}  // namespace

TEST_CASE("a linear map changes the last axis and counts its weights, its products and its bias") {
  Tracer tracer(4);
  const Axes y = tracer.linear(Step::q_proj, tracer.input(Step::x, {B, L, E}), {"F", 5}, true);
  CHECK(sizes(y) == Shape{2, 3, 5});
  const ShapeTrace trace = tracer.take();
  CHECK(trace[1].step == "q_proj");
  CHECK(trace[1].operation == "linear(E → F)");
  CHECK(trace[1].parameters == 4 * 5 + 5);
  CHECK(trace[1].operations == 2 * (2 * 3 * 5) * 4 + 2 * 3 * 5);
  CHECK(trace[1].bytes == 2 * 3 * 5 * 4);
  CHECK(trace[1].reason == "q_proj");  // its own name where none is given
}

TEST_CASE("a view and a transpose take no memory, a reshape that moves numbers does") {
  Tracer tracer(8);
  const Axes x = tracer.input(Step::x, {B, L, E});
  const Axes split = tracer.view(Step::q, x, {B, L, H, D}, "split_view");
  tracer.transpose(Step::q, split, 1, 2, "split_transpose");
  tracer.view(Step::merged, split, {B, L, E}, "merge_view", true);
  const ShapeTrace trace = tracer.take();
  CHECK(trace[1].bytes == 0);
  CHECK(trace[2].bytes == 0);
  CHECK(sizes(trace[2].axes) == Shape{2, 2, 3, 2});
  CHECK(trace[3].bytes == 2 * 3 * 4 * 8);
  CHECK(trace[3].operation == "reshape(B, L, E)");
}

TEST_CASE("the other operations and their shapes") {
  Tracer tracer(4);
  const Axes x = tracer.input(Step::x, {B, L, E});
  CHECK(sizes(tracer.chunk(Step::k_proj, x, 2, D, "chunk")) == Shape{2, 3, 2});
  CHECK(symbols(tracer.append(Step::k, x, 1, 1, 4, "bias_kv")) == "(B, L+1, E)");
  CHECK(sizes(tracer.repeat(Step::k, x, 0, 3, {"B3", 6}, "repeat_kv")) == Shape{6, 3, 4});
  CHECK(sizes(tracer.matmul(Step::scores_raw, "·", x, {B, E, L})) == Shape{2, 3, 3});
  CHECK(sizes(tracer.mean_over(Step::weights_averaged, x, 1, "mean")) == Shape{2, 4});
  CHECK(sizes(tracer.embedding("tokens", {B, L}, {"V", 9}, E, "embedding")) == Shape{2, 3, 4});
  const ShapeTrace trace = tracer.take();
  CHECK(trace[4].operations == 2 * (2 * 3 * 3) * 4);  // scores: 2·3·3 dot products of 4 multiply-adds
  CHECK(trace[6].parameters == 9 * 4);
}

TEST_CASE("layers after the first are summed, under the prefix they were made in") {
  Tracer tracer(4);
  tracer.enter("encoder.0.");
  tracer.linear(Step::output, {B, E}, E, false);
  tracer.repeat_rows("encoder.1 … encoder.2", 0, 1, 2, "more_layers");
  const ShapeTrace trace = tracer.take();
  CHECK(trace[0].step == "encoder.0.output");
  CHECK(trace[1].parameters == 2 * 16);
  CHECK(trace[1].operation == "2 ×");
}

TEST_CASE("an operation whose operands do not fit is our mistake; numbers that do not fit are a limit") {
  Tracer tracer(4);
  CHECK_THROWS_AS(tracer.view(Step::q, {B, L}, {B, E}, ""), std::logic_error);
  CHECK_THROWS_AS(tracer.matmul(Step::scores_raw, "·", {L, E}, {L, E}), std::logic_error);
  CHECK_THROWS_AS(tracer.input(Step::x, {{"L", std::size_t{1} << 40}, {"E", std::size_t{1} << 40}}), LimitError);
}

TEST_CASE("totals are the sums of the rows, or a limit") {
  ShapeTrace rows(2);
  rows[0].operations = rows[1].operations = std::size_t{1} << 61;
  rows[1].bytes = 3;
  CHECK(totals(rows).operations == std::size_t{1} << 62);
  CHECK(totals(rows).bytes == 3);
  CHECK(totals({}).parameters == 0);
  rows.resize(4, rows[0]);
  CHECK_THROWS_AS(totals(rows), LimitError);
}
