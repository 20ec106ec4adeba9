#include <attn/shapes/program.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

TEST_CASE("names carry numbers and shapes to the call") {
  const Program program = run_program("heads, width = 2, 4 * 2\nx = torch.randn(5, 3, width)\nmha = nn.MultiheadAttention(width, heads)\ny, w = mha(x, x, x)");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].config.d_model == 8);
  CHECK(program.calls[0].config.heads == 2);
  CHECK(program.calls[0].call.query == Shape{5, 3, 8});
  CHECK(program.findings.empty());
}

TEST_CASE("a module that is made and called at once, and one that is never called, are both there") {
  CHECK(run_program("y = nn.MultiheadAttention(8, 2)(x, x, x)").calls.size() == 1);
  const Program made = run_program("mha = nn.MultiheadAttention(8, 2)");
  REQUIRE(made.calls.size() == 1);
  CHECK(made.calls[0].call.query.empty());
}

TEST_CASE("a nested call is followed once") {
  const Program program = run_program("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 2, 8)\ny = norm(m(m(x, x, x)[0], x, x)[0])");
  CHECK(program.calls.size() == 2);
}

TEST_CASE("a method that returns its module or its tensor does not lose it") {
  const Program program = run_program("mha = nn.MultiheadAttention(8, 2).to(device).eval()\nx = torch.randn(5, 3, 7).requires_grad_()\ny, w = mha(x, x, x)");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].config.d_model == 8);
  CHECK(program.calls[0].call.query == Shape{5, 3, 7});
  const Program mapped = run_program("f = nn.Linear(3, 8).double()\nm = nn.MultiheadAttention(8, 2)\nm = m.half()\nx = f(torch.zeros(5, 2, 3))\nm(x, x, x)");
  REQUIRE(mapped.calls.size() == 1);
  CHECK(mapped.calls[0].call.query == Shape{5, 2, 8});
}

TEST_CASE("what a method is called on is evaluated once, so that its mistakes are one each and a long chain ends") {
  CHECK(run_program("nn.MultiheadAttention(8, 2, droput=0.1).eval()").findings.size() == 1);
  std::string chain = "m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 2, 8)\ny = x";
  for (int i = 0; i < 64; ++i) chain += ".contiguous()";
  const Program program = run_program(chain + "\nm(y, y, y)");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].call.query == Shape{5, 2, 8});
}

TEST_CASE("a width that comes from a linear map or from another tensor's shape is known") {
  const Program mapped = run_program("m = nn.MultiheadAttention(8, 2)\nf = nn.Linear(3, 8)\nx = torch.zeros(5, 2, 3)\nm(f(x), f(x), f(x))");
  CHECK(mapped.calls[0].call.query == Shape{5, 2, 8});
  const Program asked = run_program("x = torch.zeros(5, 2, 12)\nB, L, E = x.shape\nm = nn.MultiheadAttention(E, x.shape[1] + 1)");
  CHECK(asked.calls[0].config.d_model == 12);
  CHECK(asked.calls[0].config.heads == 3);
}

TEST_CASE("a function that is not known gives a shape that is not known") {
  CHECK(run_program("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 2, 3)\nm(net(x), net(x), net(x))").calls[0].call.query.empty());
}

TEST_CASE("a tuple that is unpacked gives its items, and one that is not known gives nothing") {
  const std::string start = "m = nn.MultiheadAttention(8, 2)\nsizes = (2, 8)\nx = torch.zeros(5, *sizes)\n";
  const Program known = run_program(start + "m(*(x, x, x))");
  CHECK(known.calls[0].call.query == Shape{5, 2, 8});
  CHECK(known.calls[0].open.empty());
  const Program unknown = run_program(start + "m(x, *sources)");
  CHECK(unknown.calls[0].call.query == Shape{5, 2, 8});
  CHECK(unknown.calls[0].open == std::set<Role>{Role::key, Role::value});
}

TEST_CASE("one of two values is not known, and the call in it is still followed") {
  const std::string start = "x = torch.zeros(5, 2, 8)\n";
  CHECK(run_program(start + "m = nn.MultiheadAttention(8, 2 if small else 4)").calls[0].unknown == std::vector<std::string>{"num_heads = 2 if small else 4"});
  CHECK(run_program(start + "m = nn.MultiheadAttention(8, 2)\ny = m(x, x, x)[0] if ready else x").calls[0].call.query == Shape{5, 2, 8});
  CHECK(run_program(start + "m = nn.MultiheadAttention(8, 2)\ny = m(x, x, x)[0]\nassert y.shape == (5, 2, 9) and ready").calls[0].output == Shape{5, 2, 9});
}

TEST_CASE("an axis that is not known is not the first") {
  CHECK(run_program("N = x.size(0)").batch_first_input);
  CHECK_FALSE(run_program("N = x.size(axis)").batch_first_input);
}

TEST_CASE("a claim about a transposed result is a claim about the call") {
  const std::string start = "m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 3, 8)\ny, _ = m(x, x, x)\ny = y.transpose(0, 1)\n";
  CHECK(run_program(start + "assert y.shape == (3, 5, 8)").calls[0].output == Shape{5, 3, 8});
}

TEST_CASE("a call inside a claim about its own shape is followed once") {
  const Program program = run_program("m = nn.MultiheadAttention(8, 2)\nx = torch.zeros(5, 3, 8)\nassert m(x, x, x, droput=1)[0].shape == (3, 5, 8)");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].output == Shape{3, 5, 8});
  CHECK(program.findings.size() == 1);
}

TEST_CASE("a docstring of several lines swallows nothing") {
  const Program program = run_program("def f():\n    \"\"\"Doc (see\n    \"\"\"\n    mha = nn.MultiheadAttention(10, 3)\nok = nn.MultiheadAttention(8, 2)");
  REQUIRE(program.calls.size() == 2);
  CHECK(program.calls[0].config.heads == 3);
}

TEST_CASE("a program that lost its line breaks is read all the same") {
  const Program program = run_program("heads = 4 # the heads x = torch.randn(5, 3) mha = nn.MultiheadAttention(d_model=10, nhead=heads) y, _ = mha(x, x, x)");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].config.heads == 4);
  CHECK(program.calls[0].call.query == Shape{5, 3});
}

TEST_CASE("what nobody wrote harms nothing: a million words in a statement, deep brackets, deep names") {
  std::string sum = "x = 1", names = "a", nots = "x = ";
  for (int i = 0; i < 200000; ++i) {
    sum += " + 1";
    names += ".b";
    nots += "not ";
  }
  for (const std::string& text : {sum, names, nots + "1", std::string(200000, '('), std::string(200000, '[')}) {
    CHECK(run_program(text + "\nnn.MultiheadAttention(8, 2)").calls.size() <= 1);
  }
}

TEST_CASE("of a page of text only the programs between its fences are read") {
  const Program program = run_program(
      "A layer such as nn.MultiheadAttention(): ```python import torch # sizes heads = 4 x = torch.randn(5, 3) ``` and then\n"
      "```python mha = nn.MultiheadAttention(10, heads) y, _ = mha(x, x, x) ``` which is all.");
  REQUIRE(program.calls.size() == 1);
  CHECK(program.calls[0].config.d_model == 10);
  CHECK(program.calls[0].config.heads == 4);
  CHECK(program.calls[0].call.query == Shape{5, 3});
}
