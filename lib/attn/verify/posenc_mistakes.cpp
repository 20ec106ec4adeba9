#include <attn/error.hpp>
#include <attn/verify/posenc_mistakes.hpp>
#include <attn/verify/posenc_variant.hpp>

#include <algorithm>

namespace attn::posenc {
namespace {

bool has(const std::vector<std::string>& ids, const char* id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

UsageError cannot_be_made(const std::string& id, const std::string& why) { return UsageError("--mistake " + id, "cannot be made in this run: " + why); }

void check(const std::vector<std::string>& ids, const std::vector<std::string>& known) {
  for (const std::string& id : ids) {
    if (std::find(known.begin(), known.end(), id) == known.end()) throw cannot_be_made(id, "it is no mistake of this encoding");
  }
}

void make(const std::string& id, SinusoidalVariant& v) {
  if (id == "E1") {
    if (v.width % 2 == 0) throw cannot_be_made(id, "the width " + std::to_string(v.width) + " is not odd");
    v.zero_last = true;
  }
  if (id == "E2") v.order = v.order == PairOrder::interleaved ? PairOrder::concatenated : PairOrder::interleaved;
  if (id == "E3") v.exponents = v.exponents == Exponents::width_minus_2 ? Exponents::published : Exponents::width_minus_2;
  if (id == "E4") v.exponents = v.exponents == Exponents::own_cosine ? Exponents::by_column : Exponents::doubled;
  if (id == "E5") v.exponents = v.exponents == Exponents::doubled ? Exponents::by_column : Exponents::own_cosine;
  if (id == "E6") v.base = v.base == 1000 ? 100000 : 1000;
  if (id == "E7") v.offset += 1;
  if (id == "E11") v.angle = {Rounded::everything, &bfloat16_type()};
  if (id == "E12") v.cosine_first = true;
}

}  // namespace

const std::vector<std::string>& sinusoidal_mistakes() {
  static const std::vector<std::string> ids = {"E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E11", "E12"};
  return ids;
}

const std::vector<std::string>& rope_mistakes() {
  static const std::vector<std::string> ids = {"R1", "R2", "R3", "R4", "R5", "R6"};
  return ids;
}

const std::vector<std::string>& alibi_mistakes() {
  static const std::vector<std::string> ids = {"AL1", "AL2", "AL3"};
  return ids;
}

Tensor<double> mistaken_sinusoidal(const std::vector<std::string>& ids, const SinusoidalOptions& options, std::size_t len) {
  check(ids, sinusoidal_mistakes());
  SinusoidalVariant v = variant_of(options);
  for (const std::string& id : ids) make(id, v);
  const std::size_t columns = sinusoidal_columns(options).size();
  if (has(ids, "E9")) v.offset += static_cast<std::int64_t>(len);  // pe[L] for pe[:L]
  const Tensor<double> table = variant_table(v, len, columns);
  if (!has(ids, "E8") && !has(ids, "E9")) return table;
  Tensor<double> constant = table;
  for (std::size_t i = 0; i < constant.size(); ++i) constant.data()[i] = table.data()[i % columns];
  return constant;
}

RopeOptions mistaken_rope(const std::vector<std::string>& ids, RopeOptions options) {
  check(ids, rope_mistakes());
  if (has(ids, "R1")) options.pairing = options.pairing == RotaryPairing::half_split ? RotaryPairing::interleaved : RotaryPairing::half_split;
  if (has(ids, "R2")) options.clockwise = true;
  if (has(ids, "R3")) options.base = options.base == 500000 ? 10000 : 500000;
  if (has(ids, "R4")) {
    if (checked(options).rotary_dim == options.head_dim) throw cannot_be_made("R4", "every coordinate is rotated (see --rotary-dim)");
    options.exponent = options.exponent == RotaryExponent::head_dim ? RotaryExponent::rotary_dim : RotaryExponent::head_dim;
  }
  if (has(ids, "R5")) options.offset += 1;
  return options;
}

std::vector<double> mistaken_slopes(const std::vector<std::string>& ids, std::size_t heads) {
  check(ids, alibi_mistakes());
  if (has(ids, "AL1") && (heads & (heads - 1)) == 0) throw cannot_be_made("AL1", std::to_string(heads) + " heads are a power of two");
  std::vector<double> slopes = has(ids, "AL1") ? alibi_slopes_without_rule(heads) : alibi_slopes(heads);
  if (has(ids, "AL2")) {
    slopes.insert(slopes.begin(), 1);
    slopes.pop_back();
  }
  return slopes;
}

Tensor<double> mistaken_bias(const std::vector<std::string>& ids, std::size_t heads, std::size_t query_len, std::size_t key_len, AlibiFuture future) {
  Tensor<double> bias = alibi_bias<double>(mistaken_slopes(ids, heads), query_len, key_len, future);
  if (!has(ids, "AL3")) return bias;
  for (double& value : bias.storage()) {
    if (value > -1e300) value = 0 - value;  // what is forbidden stays so
  }
  return bias;
}

}  // namespace attn::posenc
