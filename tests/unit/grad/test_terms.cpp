#include <attn/formula.hpp>
#include <attn/grad/terms.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn;

TEST_CASE("a term says in symbols what a step sends to one of its operands") {
  CHECK(with_symbols(gradient_term(Step::heads, Step::weights).text) == "∇Z·Vᵀ");
  CHECK(with_symbols(gradient_term(Step::scores_raw, Step::k).text) == "∇Sᵀ·Q");
  CHECK(with_symbols(gradient_term(Step::residual, Step::x).text) == "∇R");
}

TEST_CASE("what is not computed from each other has no term") {
  CHECK_THROWS_AS(gradient_term(Step::heads, Step::q), std::logic_error);
}
