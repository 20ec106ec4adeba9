#include <attn/shapes/python.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes::python;

TEST_CASE("a call keeps its dotted name, its positions and its keywords") {
  const auto statements = parse("m = torch.nn.MultiheadAttention(8, num_heads=2)");
  REQUIRE(statements.size() == 1);
  CHECK(statements[0].kind == Statement::Kind::assignment);
  CHECK(statements[0].targets == std::vector<std::string>{"m"});
  const Expression& call = *statements[0].value;
  CHECK(dotted_name(*call.base) == "torch.nn.MultiheadAttention");
  REQUIRE(call.arguments.size() == 2);
  CHECK(call.arguments[0].value->number == 8);
  CHECK(call.arguments[1].keyword == "num_heads");
}

TEST_CASE("brackets continue a line, a semicolon ends a statement, a comment is kept") {
  const auto statements = parse("x = f(1,\n  2); y = 3  # (B, L)\nself.z = x");
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].value->arguments.size() == 2);
  CHECK(statements[1].comment == " (B, L)");
  CHECK(statements[2].targets == std::vector<std::string>{"z"});
  CHECK(statements[2].line == 3);
}

TEST_CASE("several targets, a definition's parameters, and tuples with one item") {
  CHECK(parse("y, _ = m(x, x, x)")[0].targets == std::vector<std::string>{"y", "_"});
  const auto definition = parse("def forward(self, value, key=None, query=1):");
  CHECK(definition[0].targets == std::vector<std::string>{"self", "value", "key", "query"});
  CHECK(parse("x = (5,)")[0].value->kind == Expression::Kind::tuple);
  CHECK(parse("x = (5)")[0].value->kind == Expression::Kind::number);
}

TEST_CASE("stars before an argument are kept apart from its name") {
  const auto call = parse("f(x, *sizes, **config)")[0].value;
  REQUIRE(call->arguments.size() == 3);
  CHECK(call->arguments[0].unpacking.empty());
  CHECK(call->arguments[1].unpacking == "*");
  CHECK(call->arguments[2].unpacking == "**");
  CHECK(call->arguments[2].value->text == "config");
}

TEST_CASE("a product binds before a sum") {
  const auto statement = parse("x = 1 + 2 * 3")[0];
  CHECK(statement.value->text == "+");
  CHECK(statement.value->items[0]->text == "*");
}

TEST_CASE("an expression that goes on after what was read is not known") {
  for (const char* text : {"f(2 if small else 4)", "f(a and b)", "f(not True)", "f(a is None)", "f(x for x in xs)", "f({'a': 1, 'b': 2})"}) {
    CAPTURE(text);
    const auto call = parse(text)[0].value;
    REQUIRE(call->arguments.size() == 1);
    CHECK(call->arguments[0].value->kind == Expression::Kind::unknown);
  }
  const auto call = parse("f(2 if small else g(1, 2), 3)")[0].value;
  REQUIRE(call->arguments.size() == 2);
  CHECK(call->arguments[0].value->source == "2 if small else g(1, 2)");
  CHECK(call->arguments[1].value->number == 3);
}

TEST_CASE("a number that is not wholly read is not known") {
  CHECK(parse("x = 1_024")[0].value->number == 1024);
  CHECK(parse("x = -0x40")[0].value->number == -64);
  CHECK(parse("x = 3j")[0].value->kind == Expression::Kind::unknown);
}

TEST_CASE("text that is no Python says nothing and harms nothing") {
  for (const char* text : {"", "((((((", ")))", "x = ", "= 3", "'open", "f(,,,)", "a.b.(", "\xff\xfe", "x[", "@decorated"}) {
    CAPTURE(text);
    CHECK_NOTHROW(parse(text));
  }
  CHECK_NOTHROW(parse(std::string(100000, '(')));
}
