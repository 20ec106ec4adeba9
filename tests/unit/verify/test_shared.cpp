#include <attn/verify/shared.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace attn;

TEST_CASE("copies share one value") {
  const Shared<std::string> value(std::string("one"));
  const Shared<std::string> copy = value;  // NOLINT: the copy is what is tested
  CHECK(*copy == "one");
  CHECK(&*copy == &*value);
  CHECK(copy->size() == 3);
  CHECK(Shared<std::string>()->empty());
}

TEST_CASE("a value that is made later is made once, when it is read, for all copies") {
  int made = 0;
  const auto value = Shared<std::string>::made_by([&made] {
    ++made;
    return std::string("late");
  });
  const Shared<std::string> copy = value;  // NOLINT
  CHECK(made == 0);
  CHECK(*copy == "late");
  CHECK(*value == "late");
  CHECK(made == 1);
}
