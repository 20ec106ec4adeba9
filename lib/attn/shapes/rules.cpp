#include <attn/shapes/api.hpp>
#include <attn/shapes/rules.hpp>
#include <attn/shapes/trace.hpp>

#include <algorithm>

namespace attn::shapes {
namespace {

using Findings = std::vector<Finding>;

std::string text(std::size_t number) { return std::to_string(number); }

/// All the rules that need one module and one call.
class Checker {
 public:
  Checker(const ModuleConfig& config, const ModuleCall& call)
      : m_(with_defaults(config)), c_(with_defaults(call)), given_(call) {}

  Findings run() {
    check_constructor();
    if (c_.query.empty()) return std::move(findings_);
    if (check_ranks()) {
      check_widths();
      check_lengths_and_batch();
      check_masks();
    }
    return std::move(findings_);
  }

 private:
  void add(std::string rule, std::string subject, std::map<std::string, std::string, std::less<>> values) {
    findings_.push_back({std::move(rule), std::move(subject), std::move(values)});
  }

  bool is_torch_module() const {
    return m_.impl == Impl::torch || m_.impl == Impl::encoder_layer || m_.impl == Impl::decoder_layer ||
           m_.impl == Impl::transformer;
  }
  bool may_have_free_heads() const { return m_.impl == Impl::d2l || m_.impl == Impl::linear; }
  /// What the module's constructor calls its width: embed_dim, d_model, num_hiddens.
  std::string width_name() const { return constructor_name(m_.impl, Role::d_model); }
  bool takes_tokens() const { return m_.vocabulary > 0; }

  void check_constructor() {
    if (m_.impl == Impl::sdpa) return;
    if (m_.d_model == 0 || m_.heads == 0) {
      const std::string name = constructor_name(m_.impl, m_.d_model == 0 ? Role::d_model : Role::heads);
      add("positive", name, {{"name", name}, {"found", "0"}, {"expected", text(std::size_t{1} << 28)}});
      return;
    }
    const bool free_size = may_have_free_heads() && m_.head_dim * m_.heads != 0;
    if (!free_size && m_.d_model % m_.heads != 0) {
      std::string widths;
      for (const std::size_t width : nearest_multiples(m_.d_model, m_.heads)) {
        widths += (widths.empty() ? "" : ", ") + text(width);
      }
      add("divisible", constructor_name(m_.impl, Role::heads),
          {{"name", width_name()}, {"E", text(m_.d_model)}, {"H", text(m_.heads)}, {"found", text(m_.d_model % m_.heads)},
           {"list", divisors(m_.d_model)}, {"expected", widths}});
    } else if (!free_size && m_.head_dim * m_.heads != m_.d_model) {
      add("head_product", "head_dim",
          {{"name", width_name()}, {"E", text(m_.d_model)}, {"H", text(m_.heads)}, {"D", text(m_.head_dim)},
           {"found", text(m_.heads * m_.head_dim)}, {"expected", text(m_.d_model / m_.heads)}});
    }
    if (m_.kv_heads != m_.heads && !may_have_free_heads()) {
      add("no_grouped_heads", "kv_heads", {{"name", std::string(impl_row(m_.impl).python)}, {"H", text(m_.heads)}, {"Hk", text(m_.kv_heads)}});
    } else if (m_.heads % m_.kv_heads != 0) {
      add("kv_divides", "kv_heads", {{"H", text(m_.heads)}, {"Hk", text(m_.kv_heads)}, {"list", divisors(m_.heads)}});
    }
  }

  /// Rank of an argument, counted with the width that token numbers do not have yet.
  std::size_t rank(const Shape& shape) const { return shape.size() + (takes_tokens() ? 1 : 0); }

  bool check_ranks() {
    const std::size_t least = is_torch_module() || m_.impl == Impl::sdpa ? 2 : 3;
    const std::size_t most = m_.impl == Impl::sdpa ? 4 : 3;
    const std::size_t found = rank(c_.query);
    if (found < least || found > most) {
      const bool flat = found == 2 && least == 3;
      add(flat ? "no_batch" : "rank", "input",
          {{"found", to_string(c_.query)}, {"expected", least == most ? text(least) : text(least) + "–" + text(most)},
           {"count", text(found)}, {"name", std::string(impl_row(m_.impl).python)}});
      return false;
    }
    bool equal = true;
    const auto same = [&](const Shape& other, const char* name) {
      if (rank(other) == found) return;
      equal = false;
      add("rank_differs", name, {{"name", name}, {"found", to_string(other)}, {"expected", to_string(c_.query)}});
    };
    same(c_.key, "key");
    if (!given_.value.empty()) same(c_.value, "value");
    return equal;
  }

  void check_last(const Shape& shape, std::size_t expected, const char* name, const std::string& letter) {
    if (shape.back() == expected) return;
    add("width", name,
        {{"name", name}, {"found", text(shape.back())}, {"expected", text(expected)}, {"list", to_string(shape)},
         {"right", letter}});
  }

  void check_widths() {
    if (takes_tokens()) return;
    if (m_.impl == Impl::sdpa) {
      if (c_.key.back() != c_.query.back()) {
        add("head_sizes", "key", {{"found", text(c_.key.back())}, {"expected", text(c_.query.back())}});
      }
      return;
    }
    check_last(c_.query, m_.d_model, "query", width_name());
    const bool layer = m_.impl == Impl::decoder_layer || m_.impl == Impl::transformer;
    const bool separate = !layer && m_.impl != Impl::shared_head;
    // With a width of their own, both sources are held against it, also when they are the query or the key.
    const bool own_widths = separate && (m_.key_width != m_.d_model || m_.value_width != m_.d_model);
    if (!given_.key.empty() || own_widths) {
      check_last(c_.key, separate ? m_.key_width : m_.d_model, "key", separate && m_.key_width != m_.d_model ? "kdim" : width_name());
    }
    if (!given_.value.empty() || own_widths) {
      check_last(c_.value, separate ? m_.value_width : m_.d_model, "value", separate && m_.value_width != m_.d_model ? "vdim" : width_name());
    }
  }

  std::size_t sequence_axis() const {
    const std::size_t found = rank(c_.query);
    if (m_.impl == Impl::sdpa) return found - 2;
    return found == 2 || !batch_comes_first(m_) ? 0 : 1;
  }

  void check_lengths_and_batch() {
    const std::size_t axis = sequence_axis();
    if (c_.key[axis] != c_.value[axis]) {
      add("key_value_length", "value", {{"found", text(c_.value[axis])}, {"expected", text(c_.key[axis])}});
    }
    const std::size_t found = rank(c_.query);
    if (found < 3) return;
    const std::size_t batch = axis == 0 ? 1 : 0;
    const auto same_batch = [&](const Shape& other, const char* name) {
      if (other[batch] == c_.query[batch]) return;
      add("batch", name,
          {{"name", name}, {"found", text(other[batch])}, {"expected", text(c_.query[batch])}, {"list", to_string(other)}});
    };
    same_batch(c_.key, "key");
    if (!given_.value.empty()) same_batch(c_.value, "value");
    if (found == 4) check_given_heads();
  }

  void check_given_heads() {
    const std::size_t heads = c_.query[1], kv_heads = c_.key[1];
    if (c_.value[1] != kv_heads) {
      add("key_value_heads", "value", {{"found", text(c_.value[1])}, {"expected", text(kv_heads)}});
    }
    if (kv_heads == 0 || heads % kv_heads != 0) {
      add("kv_divides", "key", {{"H", text(heads)}, {"Hk", text(kv_heads)}, {"list", divisors(heads)}});
    }
  }

  void check_masks() {
    const Sizes s = letters_of(m_, c_);
    const bool batched = rank(c_.query) >= 3;
    if (c_.key_padding_mask) {
      const Shape expected = batched ? Shape{s.batch, s.key_len} : Shape{s.key_len};
      if (*c_.key_padding_mask != expected) {
        add("padding_mask", "key_padding_mask",
            {{"found", to_string(*c_.key_padding_mask)}, {"expected", to_string(expected)}});
      }
    }
    if (!c_.attn_mask) return;
    const Shape& mask = *c_.attn_mask;
    if (is_torch_module()) {
      const Shape flat = {s.query_len, s.key_len};
      const Shape deep = {s.batch * s.heads, s.query_len, s.key_len};
      if (mask != flat && mask != deep) {
        add("attn_mask", "attn_mask",
            {{"found", to_string(mask)}, {"expected", to_string(flat)}, {"right", to_string(deep)}});
      }
      return;
    }
    Shape scores = {s.query_len, s.key_len};
    if (m_.impl != Impl::sdpa || rank(c_.query) == 4) scores.insert(scores.begin(), s.heads);
    if (m_.impl != Impl::sdpa || rank(c_.query) >= 3) scores.insert(scores.begin(), s.batch);
    if (!broadcasts_to(mask, scores)) {
      add("mask_broadcast", "attn_mask", {{"found", to_string(mask)}, {"expected", to_string(scores)}});
    }
  }

  static bool broadcasts_to(const Shape& shape, const Shape& target) {
    if (shape.size() > target.size()) return false;
    return std::equal(shape.rbegin(), shape.rend(), target.rbegin(),
                      [](std::size_t a, std::size_t b) { return a == b || a == 1; });
  }

  ModuleConfig m_;
  ModuleCall c_;
  ModuleCall given_;
  Findings findings_;
};

}  // namespace

const std::vector<std::string_view>& rule_names() {
  static const std::vector<std::string_view> names = {
      "positive",   "divisible",    "head_product",     "no_grouped_heads", "kv_divides",     "no_batch",
      "rank",       "rank_differs", "width",            "head_sizes",       "key_value_length", "batch",
      "key_value_heads", "padding_mask", "attn_mask",   "mask_broadcast",
      // about the code around the module
      "keyword",    "unknown_keyword", "missing_argument", "too_many_arguments", "output_rank", "output_width", "output_shape",
      "batch_axis_missing", "transposed_away", "sequence_first", "tuple_added", "argument_order"};
  return names;
}

std::vector<Finding> find_contradictions(const ModuleConfig& config, const ModuleCall& call) {
  return Checker(config, call).run();
}

Shape output_shape(const ModuleConfig& config, const ModuleCall& call) {
  return sizes(trace_shapes(config, call).back().axes);
}

std::vector<std::size_t> nearest_multiples(std::size_t d_model, std::size_t heads) {
  const std::size_t below = d_model / heads * heads;
  if (below == d_model) return {d_model};
  if (below == 0) return {heads};
  return {below, below + heads};
}

std::string divisors(std::size_t n, std::size_t most) {
  std::vector<std::size_t> small, large;
  for (std::size_t d = 1; d <= n / d; ++d) {
    if (n % d != 0) continue;
    small.push_back(d);
    if (d != n / d) large.push_back(n / d);
  }
  small.insert(small.end(), large.rbegin(), large.rend());
  std::string list;
  for (std::size_t i = 0; i < small.size() && i < most; ++i) list += (i > 0 ? ", " : "") + text(small[i]);
  return list + (small.size() > most ? ", …" : "");
}

}  // namespace attn::shapes
