#include <attn/error.hpp>
#include <attn/shapes/masks.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace attn;
using namespace attn::shapes;

namespace {

const MaskApi& api(const std::string& name) {
  for (const MaskApi& row : mask_table()) {
    if (row.name == name) return row;
  }
  throw std::out_of_range(name);
}

MaskValues convert(const char* from, const char* to, const MaskValues& mask, std::size_t batch = 0, std::size_t heads = 0,
                   std::size_t query_len = 0) {
  return convert_mask(api(from), api(to), mask, {batch, heads, query_len});
}

}  // namespace

TEST_CASE("what one API drops the other keeps") {
  const MaskValues sdpa = convert("torch", "sdpa", {{2, 2}, {0, 1, 0, 0}});
  CHECK(sdpa.shape == Shape{1, 1, 2, 2});
  CHECK(sdpa.values == std::vector<double>{1, 0, 1, 1});
}

TEST_CASE("three axes go sample by sample, so that the index is b·H + h") {
  const MaskValues mask = convert("torch-padding", "torch-3d", {{2, 2}, {0, 1, 0, 0}}, 0, 3, 1);
  CHECK(mask.shape == Shape{6, 1, 2});
  CHECK(mask.values == std::vector<double>{0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0});
  const MaskValues back = convert("torch-3d", "torch-padding", mask, 0, 3);
  CHECK(back.shape == Shape{2, 2});
  CHECK(back.values == std::vector<double>{0, 1, 0, 0});
}

TEST_CASE("lengths count the keys from the left, and a gap has no length") {
  CHECK(convert("transformers", "d2l", {{2, 3}, {1, 1, 0, 1, 1, 1}}).values == std::vector<double>{2, 3});
  CHECK_THROWS_AS(convert("transformers", "d2l", {{1, 3}, {1, 0, 1}}), InputError);
}

TEST_CASE("what the target cannot hold, or the source cannot mean, is refused") {
  CHECK_THROWS_AS(convert("torch-padding", "torch", {{2, 2}, {0, 1, 0, 0}}), InputError);
  CHECK_THROWS_AS(convert("torch", "sdpa", {{1, 2}, {0, 2}}), InputError);
  CHECK_THROWS_AS(convert("sdpa-float", "sdpa", {{1, 1, 1, 2}, {0, -3}}), InputError);
  CHECK_THROWS_AS(convert("torch", "sdpa", {{2}, {0, 1}}), InputError);
  CHECK_THROWS_AS(convert("torch-3d", "sdpa", {{5, 1, 1}, {0, 0, 0, 0, 0}}, 0, 2), InputError);
}

TEST_CASE("lengths are as many as the samples, and an entry for all keys counts them all") {
  const MaskSizes five_keys{0, 0, 0, 5};
  CHECK(convert_mask(api("sdpa"), api("d2l"), {{2, 1, 1, 1}, {1, 1}}, five_keys).values == std::vector<double>{5, 5});
  CHECK(convert_mask(api("sdpa"), api("d2l"), {{2, 1, 1, 1}, {1, 0}}, five_keys).values == std::vector<double>{5, 0});
  CHECK(convert("torch", "d2l", {{1, 3}, {0, 0, 1}}, 4).values == std::vector<double>{2, 2, 2, 2});
  CHECK_THROWS_AS(convert("transformers", "d2l", {{2, 3}, {1, 1, 0, 1, 1, 1}}, 3), InputError);
  CHECK_THROWS_AS(convert_mask(api("torch"), api("d2l"), {{1, 1}, {0}}, {9, 0, 0, 0, 8}), LimitError);
}

TEST_CASE("a length beyond what is converted is refused with the limit") {
  CHECK_THROWS_WITH_AS(convert("d2l", "transformers", {{1}, {1048577}}), "d2l: has a length of 1048577, more than the 1048576 keys that are converted", InputError);
  CHECK(convert("d2l", "transformers", {{1}, {1048576}}).values.size() == 1048576);
}
