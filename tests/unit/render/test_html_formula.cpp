#include <attn/render/html_formula.hpp>

#include <attn/steps.hpp>
#include <attn/formula.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::render;

TEST_CASE("letters, numbers and operators become the elements of MathML") {
  CHECK(mathml("Q K + 12.5") == "<mi>Q</mi><mi>K</mi><mo>+</mo><mn>12.5</mn>");
  CHECK(mathml("a-b") == "<mi>a</mi><mo>−</mo><mi>b</mi>");
  CHECK(mathml("\\mu \\cdot \\sum") == "<mi>μ</mi><mo>·</mo><mo>∑</mo>");
}

TEST_CASE("scripts belong to what stands before them") {
  CHECK(mathml("x_i") == "<msub><mrow><mi>x</mi></mrow><mrow><mrow><mi>i</mi></mrow></mrow></msub>");
  CHECK(mathml("x^2_i") ==
        "<msubsup><mrow><mi>x</mi></mrow><mrow><mrow><mi>i</mi></mrow></mrow><mrow><mrow><mn>2</mn></mrow></mrow></msubsup>");
  CHECK(mathml("S''") == "<mi>S</mi><mo lspace=0 rspace=0>′</mo><mo lspace=0 rspace=0>′</mo>");
}

TEST_CASE("fractions, roots and words") {
  CHECK(mathml("\\frac1E") == "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>E</mi></mrow></mfrac>");
  CHECK(mathml("\\sqrt{D}") == "<msqrt><mrow><mrow><mi>D</mi></mrow></mrow></msqrt>");
  CHECK(mathml("\\mathrm{softmax}(S)") == "<mi>softmax</mi><mo>(</mo><mi>S</mi><mo>)</mo>");
  CHECK(mathml("\\text{the $S'$ of}") ==
        "<mrow><mtext>the\u00a0</mtext><mi>S</mi><mo lspace=0 rspace=0>′</mo><mtext>\u00a0of</mtext></mrow>");
}

TEST_CASE("what is not known is not guessed") {
  for (const char* latex : {"\\unknown", "x^", "{x", "x}", "\\frac{1}", "\\text{x", "a & b", "\\"}) CHECK_FALSE(mathml(latex));
}

TEST_CASE("a formula that cannot be set is given as text, escaped either way") {
  CHECK(formula_html("S", "a < b", "\\unknown") == "<span class=plain>S = a &lt; b</span>");
  CHECK(formula_html("S", "a < b", "a < b") == "<math><mi>S</mi><mo>=</mo><mi>a</mi><mo>&lt;</mo><mi>b</mi></math>");
  CHECK(formula_html("X", "", "") == "<span class=plain>X</span>");
  CHECK(mathml("\\mathrm{<script>}") == "<mi>&lt;script&gt;</mi>");
}

TEST_CASE("every formula of the step table can be set") {
  for (const StepInfo& row : step_table()) {
    CAPTURE(row.name);
    CHECK(mathml(with_symbols(row.latex)).has_value());
  }
}
