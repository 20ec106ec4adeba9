#include <attn/verify/compare.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

Tensor<double> row(const std::vector<double>& values) {
  Tensor<double> tensor = empty<double>({values.size()});
  for (std::size_t i = 0; i < values.size(); ++i) tensor.data()[i] = values[i];
  return tensor;
}

}  // namespace

TEST_CASE("equal tensors match and nothing differs") {
  const Difference d = compare(row({1, -2, 0}), row({1, -2, 0}), {});
  CHECK(d.status == Status::match);
  CHECK(d.total == 3);
  CHECK(d.mismatched == 0);
  CHECK(d.max_abs == 0);
  CHECK(d.passing_atol == 0);
  CHECK(d.cosine == doctest::Approx(1).epsilon(1e-15));
}

TEST_CASE("a difference passes up to atol + rtol·|ours|, the bound included") {
  // 0.25 + 0.5·3 = 1.75
  CHECK(compare(row({3}), row({4.75}), {0.5, 0.25, false}).status == Status::match);
  CHECK(compare(row({3}), row({4.8125}), {0.5, 0.25, false}).status == Status::mismatch);
  // Ours, not theirs, is what the relative tolerance is of: 0.5·1 < 1.
  CHECK(compare(row({1}), row({2}), {0.5, 0, false}).status == Status::mismatch);
  CHECK(compare(row({2}), row({1}), {0.5, 0, false}).status == Status::match);
}

TEST_CASE("counts, extremes and the worst cell are those of hand arithmetic") {
  // differences 0, 0.5, 1, 0.25; over |ours|: 0, 0.5/1, 1/8, 0.25/0.25
  const Difference d = compare(row({2, 1, -8, 0.25}), row({2, 1.5, -7, 0}), {0, 0.3, false});
  CHECK(d.status == Status::mismatch);
  CHECK(d.mismatched == 2);
  CHECK(d.max_abs == 1);
  CHECK(d.max_rel == 1);
  CHECK(d.at == 2);
  CHECK(d.ours == -8);
  CHECK(d.theirs == -7);
  CHECK(d.passing_atol == 1);
  CHECK(d.root_mean_square == doctest::Approx(std::sqrt((0.25 + 1 + 0.0625) / 4)).epsilon(1e-15));
}

TEST_CASE("the worst cell is the one that exceeds its tolerance most, not the largest difference") {
  // tolerances 0.01·100 = 1 and 0.01·1: excess 1.5 − 1 = 0.5 against 1 − 0.01 = 0.99
  const Difference d = compare(row({100, 1}), row({101.5, 2}), {0.01, 0, false});
  CHECK(d.max_abs == 1.5);
  CHECK(d.at == 1);
  CHECK(d.passing_atol == doctest::Approx(0.99).epsilon(1e-15));
}

TEST_CASE("when everything passes the worst cell is the one that differs most") {
  const Difference d = compare(row({1, 2, 3}), row({1, 2.5, 3.25}), {0, 1, false});
  CHECK(d.status == Status::match);
  CHECK(d.at == 1);
  CHECK(d.theirs == 2.5);
}

TEST_CASE("a relative difference is not taken where ours is zero") {
  const Difference d = compare(row({0, 4}), row({3, 5}), {});
  CHECK(d.max_rel == 0.25);
  CHECK(d.max_abs == 3);
}

TEST_CASE("minus zero is zero") { CHECK(compare(row({0.0}), row({-0.0}), {}).status == Status::match); }

TEST_CASE("NaN differs from NaN unless asked otherwise, and from a number always") {
  CHECK(compare(row({not_a_number, 1}), row({not_a_number, 1}), {0, 0, true}).status == Status::match);
  const Difference strict = compare(row({not_a_number, 1}), row({not_a_number, 1}), {});
  CHECK(strict.status == Status::mismatch);
  CHECK(strict.mismatched == 1);
  CHECK(strict.at == 0);
  CHECK(strict.nonfinite == 0);  // NaN stands on both sides
  const Difference one_side = compare(row({1, 2}), row({1, not_a_number}), {1, 1e9, true});
  CHECK(one_side.status == Status::nonfinite);
  CHECK(one_side.nonfinite == 1);
  CHECK(one_side.at == 1);
  CHECK(one_side.passing_atol == inf);
}

TEST_CASE("an infinity matches itself only, whatever the tolerance") {
  CHECK(compare(row({inf, -inf}), row({inf, -inf}), {}).status == Status::match);
  const Difference signs = compare(row({0, inf}), row({0, -inf}), {1, 1e300, false});
  CHECK(signs.status == Status::nonfinite);
  CHECK(signs.at == 1);
  CHECK(compare(row({-inf}), row({-1e9}), {1, 1e300, false}).status == Status::nonfinite);
  CHECK(compare(row({not_a_number}), row({inf}), {0, 0, true}).status == Status::nonfinite);
}

TEST_CASE("infinities on both sides leave the differences of the finite cells") {
  const Difference d = compare(row({-inf, 1, 2}), row({-inf, 1, 3}), {});
  CHECK(d.max_abs == 1);
  CHECK(d.at == 2);
  CHECK(d.root_mean_square == doctest::Approx(std::sqrt(0.5)).epsilon(1e-15));
}

TEST_CASE("other shapes are a finding of their own, even with the same elements") {
  const Difference d = compare(empty<double>({2, 3}), empty<double>({3, 2}), {});
  CHECK(d.status == Status::shape);
  CHECK(d.total == 0);
}

TEST_CASE("the cosine is that of the two tensors as vectors") {
  // (1, 0)·(1, 1) / (1·√2)
  CHECK(compare(row({1, 0}), row({1, 1}), {}).cosine == doctest::Approx(std::sqrt(0.5)).epsilon(1e-15));
  CHECK(compare(row({1, 2}), row({-1, -2}), {}).cosine == doctest::Approx(-1).epsilon(1e-15));
  // A vector of zeros has no direction; it is like none but itself.
  CHECK(compare(row({0, 0}), row({1, 2}), {}).cosine == 0);
  CHECK(compare(row({1, 2}), row({0, 0}), {}).cosine == 0);
  CHECK(compare(row({0, 0}), row({0, 0}), {}).cosine == 1);
}

TEST_CASE("shares of cells within one and five permille of ours") {
  // relative differences 0, 0.0005, 0.004, 0.5
  const Difference d = compare(row({1, 1000, 1000, 2}), row({1, 1000.5, 1004, 3}), {});
  CHECK(d.within_1_permille == 0.5);
  CHECK(d.within_5_permille == 0.75);
}

TEST_CASE("an empty tensor matches an empty one, with nothing compared") {
  const Difference d = compare(empty<double>({0, 3}), empty<double>({0, 3}), {});
  CHECK(d.status == Status::match);
  CHECK(d.total == 0);
}

TEST_CASE("a position is unravelled along the axes, the last one fastest") {
  // 17 = 1·12 + 1·4 + 1 in (2, 3, 4)
  CHECK(unravel(17, {2, 3, 4}) == Shape{1, 1, 1});
  CHECK(unravel(23, {2, 3, 4}) == Shape{1, 2, 3});
  CHECK(unravel(0, {}) == Shape{});
  CHECK(unravel(0, {2, 0}) == Shape{0, 0});
}

TEST_CASE("a status is spelled as in the JSON report") {
  CHECK(std::string(to_string(Status::match)) == "match");
  CHECK(std::string(to_string(Status::mismatch)) == "mismatch");
  CHECK(std::string(to_string(Status::missing)) == "missing");
  CHECK(std::string(to_string(Status::shape)) == "shape");
  CHECK(std::string(to_string(Status::nonfinite)) == "nonfinite");
}

TEST_CASE("float32 numbers are compared as the numbers they are") {
  Tensor<float> theirs = empty<float>({2});
  theirs(0) = 0.1f;
  theirs(1) = 2;
  const Difference d = compare(row({0.1, 2}), theirs, {0, 1e-9, false});
  CHECK(d.status == Status::mismatch);
  CHECK(d.at == 0);
  CHECK(d.max_abs == std::abs(0.1 - static_cast<double>(0.1f)));
}

TEST_CASE("the worst cell of a long tensor is found, wherever it lies") {
  // 5000 cells: several blocks, the last of them not full.
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{1023}, std::size_t{1024}, std::size_t{4999}}) {
    CAPTURE(wrong);
    Tensor<double> ours = filled<double>({5000}, 3.0), theirs = ours;
    theirs(wrong) = 7;
    theirs((wrong + 1) % 5000) = 5;
    const Difference d = compare(ours, theirs, {0.5, 0.25, false});
    CHECK(d.at == wrong);
    CHECK(d.mismatched == 2);          // 4 and 2, with 1.75 allowed
    CHECK(d.max_rel == 4.0 / 3.0);
    CHECK(d.passing_atol == 4 - 0.5 * 3);
    CHECK(d.within_5_permille == 4998.0 / 5000);
    CHECK_FALSE(agree(ours, theirs, {0.5, 0.25, false}));
    CHECK(agree(ours, theirs, {0.5, 2.5, false}));
  }
}

TEST_CASE("infinities in a long tensor leave the finite cells what they are") {
  Tensor<double> ours = filled<double>({3000}, -inf), theirs = ours;
  for (std::size_t i = 0; i < 3000; i += 3) ours(i) = theirs(i) = 1;
  theirs(300) = 1.5;
  Difference d = compare(ours, theirs, {});
  CHECK(d.nonfinite == 0);
  CHECK(d.mismatched == 1);
  CHECK(d.at == 300);
  CHECK(d.within_1_permille == 999.0 / 1000);
  theirs(301) = 0;
  d = compare(ours, theirs, {});
  CHECK(d.status == Status::nonfinite);
  CHECK(d.nonfinite == 1);
  CHECK(d.at == 301);
}

TEST_CASE("agreement is what a comparison calls a match") {
  CHECK(agree(row({1, -inf}), row({1, -inf}), {}));
  CHECK_FALSE(agree(row({1}), row({1, 1}), {}));
  CHECK_FALSE(agree(row({not_a_number}), row({not_a_number}), {}));
  CHECK(agree(row({not_a_number}), row({not_a_number}), {0, 0, true}));
}

TEST_CASE("parts that are merged say what the whole says, with every cell where it stands in the whole") {
  // 3000 cells in parts of 1000; the worst cell of the whole is in the second.
  std::vector<double> a(3000), b(3000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<double>(i % 17) - 8;
    b[i] = a[i] + (i % 100 == 0 ? 0.25 : 0);
  }
  b[1234] += 3;
  b[2500] = not_a_number;
  const Tolerance tolerance{0, 0.5, false};
  const Difference whole = compare(row(a), row(b), tolerance);
  Comparison merged;
  for (std::size_t first = 0; first < 3000; first += 1000) {
    Comparison part;
    const auto begin = static_cast<std::ptrdiff_t>(first);
    part.add(a.data() + first, row(std::vector<double>(b.begin() + begin, b.begin() + begin + 1000)), tolerance);
    CHECK(part.passes() == (first == 0));
    merged.merge(part, [&](std::size_t at) { return first + at; });
  }
  const Difference found = merged.finish();
  CHECK(found.status == Status::nonfinite);
  CHECK(found.total == 3000);
  CHECK(found.mismatched == 2);
  CHECK(found.nonfinite == 1);
  CHECK(found.max_abs == 3);
  CHECK(found.at == 2500);  // NaN on one side exceeds whatever is finite
  CHECK(found.at == whole.at);
  CHECK(found.max_rel == whole.max_rel);
  CHECK(found.within_1_permille == doctest::Approx(whole.within_1_permille).epsilon(1e-15));
  CHECK(found.root_mean_square == doctest::Approx(whole.root_mean_square).epsilon(1e-14));
  CHECK(found.cosine == doctest::Approx(whole.cosine).epsilon(1e-14));
}

TEST_CASE("agreement is that of a comparison, infinities and NaN among many numbers included") {
  std::vector<double> a(2050, 1.5), b(2050, 1.5);
  a[3] = b[3] = inf;
  a[2049] = b[2049] = -inf;
  CHECK(agree(row(a), row(b), {}));
  b[3] = 7;
  CHECK_FALSE(agree(row(a), row(b), {0.5, 1, true}));  // whatever the tolerance
  b[3] = -inf;
  CHECK_FALSE(agree(row(a), row(b), {0.5, 1, true}));
  a[3] = 1e10;
  CHECK_FALSE(agree(row(a), row(b), {1e300, 0, true}));  // 1e300 · 1e10 is infinite itself
  a[3] = b[3] = not_a_number;
  CHECK_FALSE(agree(row(a), row(b), {}));
  CHECK(agree(row(a), row(b), {0, 0, true}));
  a[3] = b[3] = 1;
  b[1500] = 1.5 + 1e-9;
  CHECK_FALSE(agree(row(a), row(b), {0, 1e-10, false}));
  CHECK(agree(row(a), row(b), {0, 1e-8, false}));
}

TEST_CASE("infinities that agree are never the cell that differs most") {
  const Difference d = compare(row({-inf, 1, 2, -inf}), row({-inf, 1, 2.5, -inf}), {0, 1, false});
  CHECK(d.status == Status::match);
  CHECK(d.at == 2);
  CHECK(d.ours == 2);
  CHECK(d.theirs == 2.5);
}
