#include <attn/verify/posenc_forms.hpp>
#include <attn/verify/posenc_half.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

constexpr Rounded roundings[] = {Rounded::everything, Rounded::power_quotient, Rounded::quotient, Rounded::exponential,
                                 Rounded::operands,   Rounded::product,        Rounded::frequency, Rounded::position};

struct Agreement {
  std::size_t cells = 0, off = 0;  // off: not the same number
  double largest = 0;
  bool within_a_unit = true;
};

// How a variant that reproduces the stored type agrees; stops at the first cell that is more than a unit off.
Agreement agreement(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& v, const TypeTolerance& tolerance, bool to_the_end) {
  Agreement result;
  for (std::size_t i = 0; i < table.len; ++i) {
    const std::int64_t position = v.offset + static_cast<std::int64_t>(i);
    for (std::size_t c = 0; c < table.width; ++c) {
      const double want = ours.at(position, c);
      const double computing = table.computing(static_cast<double>(position) * ours.omega(c), tolerance);
      for (std::size_t b = 0; b < table.batch; ++b) {
        const std::size_t row = b * table.len + i;
        const double difference = std::abs(table.at(row, c) - want);
        const double of_sum = table.sum ? table.storing(row, c, want, 1, tolerance) : 0;
        result.largest = std::max(result.largest, difference);
        result.cells += 1;
        if (difference <= computing + of_sum) continue;
        result.off += 1;
        result.within_a_unit = result.within_a_unit && difference <= computing + of_sum + 2 * tolerance.storing(want);
        if (!result.within_a_unit && !to_the_end) return result;
      }
    }
  }
  return result;
}

void try_form(const RowTable& table, SinusoidalVariant form, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  form.stored = tolerance.stored;
  const VariantRows ours(form, table.width);
  for (form.offset = 0; form.offset <= 1; ++form.offset) {
    const Agreement half = agreement(table, ours, form, tolerance, false);
    if (!half.within_a_unit || half.off * 10 > half.cells) continue;
    SinusoidalVariant exact = form;
    exact.angle = {};
    const std::size_t visible = agreement(table, VariantRows(exact, table.width), exact, tolerance, true).off;
    if (visible > 2 * half.off + 2) fitting.push_back({deviations_of(form, table.width), half.largest});
  }
}

}  // namespace

Identification identify_half_angles(const RowTable& table, const std::vector<TypeTolerance>& tolerances) {
  const bool is_half = tolerances.back().stored != nullptr;
  const std::vector<SinusoidalVariant> forms = sinusoidal_forms(table.width);
  for (const TypeTolerance& tolerance : tolerances) {
    if (tolerance.computed.name != "float32" || tolerance.decimals || (is_half && !tolerance.stored)) continue;
    std::vector<Explanation> fitting;
    for (SinusoidalVariant form : forms) {
      for (const HalfType* type : {&float16_type(), &bfloat16_type()}) {
        for (const Rounded rounded : roundings) {
          form.angle = {rounded, type};
          try_form(table, form, tolerance, fitting);
        }
      }
    }
    if (!fitting.empty()) return simplest(std::move(fitting), tolerance.name());
  }
  return {};
}

}  // namespace attn::posenc
