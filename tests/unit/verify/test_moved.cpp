#include <attn/verify/moved.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <set>

using namespace attn;

namespace {

Tensor<double> numbers(const Shape& shape, double first = 1) {
  Tensor<double> tensor = empty<double>(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = first + static_cast<double>(i);
  return tensor;
}

// Packed weights of two heads of size 2 over a width of 4: rows 0–3 are q, 4–7 k, 8–11 v.
std::vector<MovedTensor> module() { return {{"in", numbers({12, 4}), 0}, {"out", numbers({4, 4}, 100), {}}}; }

std::set<std::string> ids_of(const MovedVerification& v) {
  std::set<std::string> ids;
  for (const MovedDiagnosis& d : v.diagnosis) ids.insert(d.id + d.variant);
  return ids;
}

MovedVerification judge(const std::vector<MovedTensor>& ours, const std::vector<ForeignTensor>& theirs) {
  return verify_moved(ours, theirs, weight_mistakes(2), {});
}

}  // namespace

TEST_CASE("equal tensors match, and what they could not have shown is listed") {
  const auto v = judge(module(), {{"out", numbers({4, 4}, 100)}, {"in", numbers({12, 4})}, {"extra", numbers({1})}});
  CHECK(v.verdict == Verdict::match);
  CHECK_FALSE(v.first_divergent);
  CHECK(v.unmatched == std::vector<std::string>{"extra"});
  REQUIRE(v.blind_spots.size() == 1);  // no two tensors of one shape: P2 cannot be made
  CHECK(v.blind_spots[0].id == "P2");
  CHECK_FALSE(v.blind_spots[0].applies);
}

TEST_CASE("one number that differs is found at its place, and no mistake is invented for it") {
  Tensor<double> wrong = numbers({4, 4}, 100);
  wrong(2, 1) += 1e-9;
  const auto v = judge(module(), {{"in", numbers({12, 4})}, {"out", wrong}});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent == "out");
  CHECK(v.tensors[1].difference.mismatched == 1);
  CHECK(v.tensors[1].difference.at == 2 * 4 + 1);
  CHECK(v.diagnosis.empty());
}

TEST_CASE("a transposed matrix, exchanged tensors and another packing are named") {
  Tensor<double> turned = numbers({4, 4}, 100);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) turned(i, j) = 100 + static_cast<double>(j * 4 + i);
  }
  CHECK(ids_of(judge(module(), {{"in", numbers({12, 4})}, {"out", turned}})) == std::set<std::string>{"P1"});

  const std::vector<MovedTensor> separate = {{"q", numbers({2, 3}, 1), {}}, {"k", numbers({2, 3}, 50), {}}};
  CHECK(ids_of(judge(separate, {{"q", numbers({2, 3}, 50)}, {"k", numbers({2, 3}, 1)}})) == std::set<std::string>{"P2"});

  // [H, 3, D]: head 0 of q, k, v (rows 0 1, 4 5, 8 9), then head 1 (2 3, 6 7, 10 11).
  const std::size_t order[] = {0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11};
  Tensor<double> packed = empty<double>({12, 4});
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t j = 0; j < 4; ++j) packed(i, j) = 1 + static_cast<double>(order[i] * 4 + j);
  }
  CHECK(ids_of(judge(module(), {{"in", packed}, {"out", numbers({4, 4}, 100)}})) == std::set<std::string>{"P4[H, 3, D]"});
}

TEST_CASE("missing tensors, other shapes, and nothing to compare") {
  const auto missing = judge(module(), {{"in", numbers({12, 4})}});
  CHECK(missing.verdict == Verdict::mismatch);
  CHECK(missing.tensors[1].difference.status == Status::missing);
  CHECK(judge(module(), {{"in", numbers({4, 12})}}).tensors[0].difference.status == Status::shape);
  const auto nothing = judge(module(), {{"weight", numbers({12, 4})}});
  CHECK(nothing.verdict == Verdict::incomparable);
  CHECK_FALSE(nothing.first_divergent);
}

TEST_CASE("masks: polarity, the order of B·H, the transposed triangle, and sample 0 for all") {
  Tensor<double> causal = numbers({2, 2});
  causal(0, 0) = causal(1, 0) = causal(1, 1) = 0;
  causal(0, 1) = 1;
  Tensor<double> inverted = causal, lower = causal;
  for (double& value : inverted.storage()) value = 1 - value;
  std::swap(lower(0, 1), lower(1, 0));
  const std::vector<MovedTensor> ours = {{"mask", causal, {}}};
  CHECK(ids_of(verify_moved(ours, {{"mask", inverted}}, mask_mistakes({}), {})) == std::set<std::string>{"M1"});
  CHECK(ids_of(verify_moved(ours, {{"mask", lower}}, mask_mistakes({}), {})) == std::set<std::string>{"M16"});

  // Two samples, three heads: ours counts b·3 + h, theirs h·2 + b.
  const std::vector<MovedTensor> folded = {{"mask", numbers({6, 1, 1}), {}}};
  Tensor<double> tiled = numbers({6, 1, 1});
  for (std::size_t i = 0; i < 6; ++i) tiled.data()[i] = 1 + static_cast<double>((i % 2) * 3 + i / 2);
  CHECK(ids_of(verify_moved(folded, {{"mask", tiled}}, mask_mistakes({false, 3, false}), {})) == std::set<std::string>{"M12"});

  const std::vector<MovedTensor> padding = {{"mask", numbers({2, 3}), {}}};
  Tensor<double> first = numbers({2, 3});
  for (std::size_t j = 0; j < 3; ++j) first(1, j) = first(0, j);
  CHECK(ids_of(verify_moved(padding, {{"mask", first}}, mask_mistakes({false, 0, true}), {})) == std::set<std::string>{"S4"});

  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<MovedTensor> additive = {{"mask", filled<double>({1}, 0.0), {}}};
  CHECK(ids_of(verify_moved(additive, {{"mask", filled<double>({1}, -infinity)}}, mask_mistakes({true, 0, false}), {})) == std::set<std::string>{"M1"});
}
