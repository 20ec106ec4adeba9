#include <attn/shapes/fitted.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

namespace {

CheckedCall call_of(const Shape& query, std::set<Role> open) {
  CheckedCall checked;
  checked.config.d_model = 8;
  checked.config.heads = 2;
  checked.call.query = query;
  checked.open = std::move(open);
  return checked;
}

}  // namespace

TEST_CASE("a call in which nothing is open stays as it is") {
  const CheckedCall checked = fitted(call_of({5, 3, 8}, {}));
  CHECK(checked.call.key.empty());
  CHECK(checked.call.value.empty());
  CHECK(checked.config.key_width == 0);
}

TEST_CASE("open sources are as long as the query, or as the mask says, and as wide as the module wants") {
  CheckedCall checked = call_of({5, 3, 8}, {Role::key, Role::value});
  checked.config.key_width = 6;
  CHECK(fitted(checked).call.key == Shape{5, 3, 6});
  CHECK(fitted(checked).call.value == Shape{5, 3, 8});
  checked.call.key_padding_mask = Shape{3, 7};
  CHECK(fitted(checked).call.key == Shape{7, 3, 6});
  CHECK(fitted(checked).call.value == Shape{7, 3, 8});
  checked.config.batch_first = true;
  checked.call.key_padding_mask = Shape{5, 7};
  CHECK(fitted(checked).call.key == Shape{5, 7, 6});
}

TEST_CASE("an open key stands beside the value that is known") {
  CheckedCall checked = call_of({5, 3, 8}, {Role::key});
  checked.call.value = {6, 3, 8};
  CHECK(fitted(checked).call.key == Shape{6, 3, 8});
}

TEST_CASE("open widths are those of the sources") {
  CheckedCall checked = call_of({5, 3, 8}, {Role::key_width, Role::value_width});
  checked.call.key = {5, 3, 6};
  CHECK(fitted(checked).config.key_width == 6);
  CHECK(fitted(checked).config.value_width == 6);
}

TEST_CASE("without a query there is nothing to fit to, and an open head size is free where the API has one") {
  CheckedCall checked = call_of({}, {Role::key, Role::key_dim});
  CHECK(fitted(checked).call.key.empty());
  CHECK(fitted(checked).config.head_dim == 0);
  checked.config.impl = Impl::d2l;
  checked.config.heads = 3;
  CHECK(find_contradictions(fitted(checked).config, {}).empty());
}
