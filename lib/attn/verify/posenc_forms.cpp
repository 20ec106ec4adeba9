#include <attn/verify/posenc_forms.hpp>

namespace attn::posenc {
namespace {

std::vector<SinusoidalVariant> one_column_forms() {
  SinusoidalVariant sine;
  sine.width = 1;
  SinusoidalVariant cosine = sine;
  cosine.cosine_first = true;
  return {sine, cosine};
}

}  // namespace

std::vector<SinusoidalVariant> sinusoidal_forms(std::size_t columns) {
  std::vector<SinusoidalVariant> forms;
  if (columns == 1) return one_column_forms();
  std::vector<std::size_t> widths = {columns, columns + 1};
  if (columns % 2 == 1 && columns > 1) widths.push_back(columns - 1);
  for (const PairOrder order : {PairOrder::interleaved, PairOrder::concatenated}) {
    for (const bool cosine_first : {false, true}) {
      for (const Exponents exponents : {Exponents::published, Exponents::width_minus_2, Exponents::doubled, Exponents::own_cosine, Exponents::by_column}) {
        for (const std::size_t width : widths) {
          for (const bool zero_last : {false, true}) {
            if (zero_last && columns % 2 == 0) continue;
            // d - 2 is about whole pairs, which a dropped column does not change.
            if (exponents == Exponents::width_minus_2 && columns % 2 == 0 && width != columns) continue;
            SinusoidalVariant v;
            v.order = order;
            v.cosine_first = cosine_first;
            v.exponents = exponents;
            v.width = width;
            v.zero_last = zero_last;
            forms.push_back(v);
          }
        }
      }
    }
  }
  return forms;
}

}  // namespace attn::posenc
