#include <attn/lessons/lesson.hpp>
#include <attn/shapes/claims.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace attn;
using namespace attn::shapes;

namespace {

std::vector<std::string> rules_of(std::string_view program, const StatedShapes& stated = {}) {
  std::vector<std::string> rules;
  for (const Finding& finding : check_program(program, stated).findings) rules.push_back(finding.rule);
  return rules;
}

}  // namespace

TEST_CASE("shapes are followed through a program to the module's call and its claimed output") {
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 3, 8)\ny, _ = m(x, x, x)\nassert y.shape == (5, 3, 8)").empty());
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 3, 8)\ny, _ = m(x, x, x)\nassert y.shape == (3, 5, 8)") ==
        std::vector<std::string>{"output_shape"});
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(120).view(5, -1, 8).transpose(0, 1)\nm(x, x, x)").empty());
}

TEST_CASE("a result that was not unpacked cannot be added; one that was can") {
  const std::string start = "m = nn.MultiheadAttention(8, 2)\n";
  CHECK(rules_of(start + "y = m(x, x, x)\nz = norm(x + y)") == std::vector<std::string>{"tuple_added"});
  CHECK(rules_of(start + "y, w = m(x, x, x)\nz = norm(x + y)").empty());
  CHECK(rules_of(start + "y = m(x, x, x)[0]\nz = x + y").empty());
}

TEST_CASE("value, key, query in that order is found in calls and definitions") {
  const std::string start = "m = nn.MultiheadAttention(8, 2)\n";
  CHECK(rules_of(start + "m(value, key, query)") == std::vector<std::string>{"argument_order"});
  CHECK(rules_of(start + "m(query, key, value)").empty());
  CHECK(rules_of(start + "m(x, x, x)").empty());
  CHECK(rules_of(start + "def forward(self, value, key, query): pass") == std::vector<std::string>{"argument_order"});
}

TEST_CASE("reading the batch off the first axis contradicts a sequence-first module") {
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nN, L = x.shape") == std::vector<std::string>{"sequence_first"});
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nN = x.size(0)") == std::vector<std::string>{"sequence_first"});
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2, batch_first=True)\nN, L = x.shape").empty());
  CHECK(rules_of("m = nn.MultiheadAttention(8, 2)\nL, N = x.shape").empty());
}

TEST_CASE("a transposed matrix is a contradiction only beside another one") {
  const std::string module = "m = nn.MultiheadAttention(8, 2)\n", call = "y, w = m(x.T, x.T, x.T)\n";
  CHECK(rules_of(module + "x = torch.zeros(8, 5)\n" + call).empty());
  CHECK(rules_of(module + "x = torch.zeros(5, 8)\n" + call) == std::vector<std::string>{"transposed_away", "width"});
  CHECK(rules_of(module + "x = torch.zeros(8, 5)\n" + call + "assert y.shape == (5, 3, 8)") == std::vector<std::string>{"transposed_away", "output_rank"});
  CHECK(rules_of(module + "x = torch.zeros(5, 7)\nm(x.T.T, x.T.T, x.T.T)") == std::vector<std::string>{"width"});
  // Heads that do not divide the width have nothing to do with it.
  CHECK(rules_of("m = nn.MultiheadAttention(8, 3)\nx = torch.zeros(8, 5)\n" + call) == std::vector<std::string>{"divisible"});
}

TEST_CASE("what is not known contradicts nothing, and what contradicts in any case is still found") {
  const std::string x = "x = torch.zeros(5, 3, 8)\n";
  // (5, 3, 8) and (7, 3, 8) are sequence first, (5, 3, 8) and (5, 7, 8) batch first.
  const std::string either = x + "m = nn.MultiheadAttention(8, 2, batch_first=cfg.bf)\n";
  CHECK(rules_of(either + "N, L = x.shape").empty());
  CHECK(rules_of(either + "s = torch.zeros(7, 3, 8)\nm(x, s, s)").empty());
  CHECK(rules_of(either + "s = torch.zeros(5, 7, 8)\nm(x, s, s)").empty());
  CHECK(rules_of(either + "s = torch.zeros(5, 7, 9)\nm(x, s, s)") == std::vector<std::string>{"width"});
  CHECK(rules_of(x + "m = nn.MultiheadAttention(8, 2, kdim=cfg.k)\nk = torch.zeros(5, 3, 6)\nm(x, k, x)").empty());
  CHECK(rules_of(x + "m = nn.MultiheadAttention(8, 2, kdim=6, vdim=6)\nm(x, memory, memory)").empty());
  CHECK(rules_of(x + "m = nn.MultiheadAttention(8, 2)\nm(x, memory, memory, key_padding_mask=torch.zeros(3, 7))").empty());
  CHECK(rules_of("x = torch.zeros(2, 5, 8)\nm = keras.layers.MultiHeadAttention(num_heads=3, key_dim=size)\nm(x, x)").empty());
  CHECK(rules_of("nn.MultiheadAttention(**config)").empty());
  CHECK(rules_of("nn.MultiheadAttention(9, 2, **config)") == std::vector<std::string>{"divisible"});
}

TEST_CASE("a shape that is stated is no longer open") {
  StatedShapes stated;
  stated.key = Shape{7, 4, 8};
  CHECK(rules_of("x = torch.zeros(5, 3, 8)\nm = nn.MultiheadAttention(8, 2)\nm(x, memory, memory)", stated) == std::vector<std::string>{"batch"});
}

TEST_CASE("the nearest consistent configurations are consistent, and a consistent module has none") {
  StatedShapes stated;
  stated.input = Shape{5, 3};
  stated.output = Shape{5, 3, 8};
  const CheckResult result = check_program("nn.MultiheadAttention(embed_dim=10, num_heads=4)", stated);
  const auto nearest = nearest_consistent(result.calls.back());
  REQUIRE_FALSE(nearest.empty());
  CHECK(nearest[0].config.d_model == 8);  // 8 % 4 == 0, and the claimed (5, 3, 8) holds
  CHECK(nearest[0].output == Shape{5, 3, 8});
  for (const Alternative& each : nearest) CHECK(find_contradictions(each.config, {each.input, {}, {}, {}, {}}).empty());
  CHECK(nearest_consistent(check_program("nn.MultiheadAttention(8, 2)", {}).calls.back()).empty());
}

TEST_CASE("every rule has its sentence and its repair in both languages") {
  for (const auto language : {lessons::Language::en, lessons::Language::zh}) {
    for (const std::string_view rule : rule_names()) {
      CAPTURE(rule);
      CHECK(lessons::shape_lesson(language).note("shapes.rule." + std::string(rule)).has_value());
      CHECK(lessons::shape_lesson(language).note("shapes.repair." + std::string(rule)).has_value());
    }
  }
}
