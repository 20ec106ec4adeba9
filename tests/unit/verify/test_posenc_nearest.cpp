#include <attn/verify/posenc_nearest.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace attn::posenc;

namespace {

const TypeTolerance float64{rounding_classes()[0]};

std::vector<double> usual() {
  std::vector<double> table;
  for (int i = 0; i < 8; ++i) {
    for (int c = 0; c < 8; ++c) {
      const double angle = i * std::pow(10000.0, -(c / 2 * 2) / 8.0);
      table.push_back(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return table;
}

Nearest nearest(const std::vector<double>& table) { return nearest_variant({table.data(), 1, 8, 8}, float64); }

}  // namespace

TEST_CASE("one wrong cell leaves the variant, and is shown with what it should be") {
  std::vector<double> table = usual();
  table[3 * 8 + 4] += 0.01;
  const Nearest found = nearest(table);
  CHECK(found.special.empty());
  CHECK(found.deviations.empty());
  CHECK(found.median < 1e-15);
  CHECK(found.cells == 64);
  CHECK(found.wrong == 1);
  REQUIRE(found.worst.size() == 1);
  CHECK(found.worst[0].row == 3);
  CHECK(found.worst[0].column == 4);
  CHECK(found.worst[0].ours == doctest::Approx(std::sin(0.03)));
}

TEST_CASE("the three worst cells are shown, the worst first") {
  std::vector<double> table = usual();
  for (int i = 0; i < 5; ++i) table[static_cast<std::size_t>(9 * i)] += 0.1 * i + 0.1;
  const Nearest found = nearest(table);
  CHECK(found.wrong == 5);
  REQUIRE(found.worst.size() == 3);
  CHECK(found.worst[0].row == 4);
  CHECK(found.worst[2].row == 2);
}

TEST_CASE("of zeros, and of what is not a number, only that is said") {
  CHECK(nearest(std::vector<double>(64, 0.0)).special == "zero");
  std::vector<double> table = usual();
  table[5] = NAN;
  CHECK(nearest(table).special == "not_finite");
  const std::vector<double> rest(64, 0.0), x = usual();
  RowTable unchanged{rest.data(), 1, 8, 8};
  unchanged.sum = unchanged.x = x.data();
  CHECK(nearest_variant(unchanged, float64).special == "unchanged");
}
