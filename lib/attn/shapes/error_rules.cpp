#include <attn/shapes/error_rules.hpp>

#include <algorithm>

namespace attn::shapes {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view anything = "…";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

/// A number, a bracketed list with an optional torch.Size around it, or a name: what {…} takes.
std::string_view take_value(std::string_view text) {
  std::size_t start = 0;
  if (starts_with(text, "torch.Size(")) {
    const std::size_t end = text.find(')');
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
  }
  if (!text.empty() && (text[0] == '[' || text[0] == '(')) {
    const std::size_t end = text.find(text[0] == '[' ? ']' : ')');
    return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
  }
  if (!text.empty() && text[0] == '-') start = 1;
  std::size_t end = start;
  const bool number = end < text.size() && text[end] >= '0' && text[end] <= '9';
  const auto belongs = [number](char c) {
    if (c >= '0' && c <= '9') return true;
    return !number && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.');
  };
  while (end < text.size() && belongs(text[end])) ++end;
  return end > start ? text.substr(0, end) : std::string_view();
}

bool match_here(std::string_view pattern, std::string_view text, Values& values) {
  while (!pattern.empty()) {
    if (starts_with(pattern, anything)) {
      pattern.remove_prefix(anything.size());
      for (; !text.empty(); text.remove_prefix(1)) {
        if (match_here(pattern, text, values)) return true;
      }
      return pattern.empty();
    }
    if (pattern.front() == '{') {
      const std::size_t close = pattern.find('}');
      const std::string_view value = take_value(text);
      if (value.empty()) return false;
      if (close > 1) values[std::string(pattern.substr(1, close - 1))] = value;
      pattern.remove_prefix(close + 1);
      text.remove_prefix(value.size());
      continue;
    }
    if (text.empty() || lower(pattern.front()) != lower(text.front())) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

const std::vector<ErrorRule>& error_rules() {
  using S = Step;
  static const std::vector<ErrorRule> rules = {
      {"divisible", "PyTorch", {S::q, S::k, S::v}, "must be divisible by num_heads"},
      {"divisible", "any", {S::q, S::k, S::v}, "{} must be divisible by the number of heads"},
      {"divisible", "any", {S::q, S::k, S::v}, "needs to be divisible by heads"},
      {"divisible", "any", {S::q, S::k, S::v}, "not divisible by num_heads"},
      {"divisible", "any", {S::q, S::k, S::v}, "is not a multiple of the number of attention heads"},
      {"divisible", "einops", {S::q, S::k, S::v}, "can't divide axis of length {} in chunks of {}"},
      {"linear_width", "PyTorch", {S::q_proj, S::k_proj, S::v_proj, S::output}, "mat1 and mat2 shapes cannot be multiplied ({}x{found} and {expected}x{right})"},
      {"linear_width", "PyTorch", {S::q_proj, S::k_proj, S::v_proj, S::output}, "size mismatch, m1: [{} x {found}], m2: [{expected} x {right}]"},
      {"linear_width", "TensorFlow", {S::q_proj, S::k_proj, S::v_proj, S::output}, "Matrix size-incompatible: In[0]: [{},{found}], In[1]: [{expected},{right}]"},
      {"linear_width", "TensorFlow", {S::q_proj, S::k_proj, S::v_proj, S::output}, "Dimensions must be equal, but are {found} and {expected} for …MatMul"},
      {"embed_width", "PyTorch", {S::x}, "was expecting embedding dimension of {expected}, but got {found}"},
      {"invalid_view", "PyTorch", {S::q, S::k, S::v, S::merged}, "shape '{expected}' is invalid for input of size {found}"},
      {"invalid_view", "NumPy", {S::q, S::k, S::v, S::merged}, "cannot reshape array of size {found} into shape {expected}"},
      {"invalid_view", "TensorFlow", {S::q, S::k, S::v, S::merged}, "Input to reshape is a tensor with {found} values, but the requested shape has {expected}"},
      {"not_contiguous", "PyTorch", {S::merged}, "view size is not compatible with input tensor's size and stride"},
      {"attn_mask_2d", "PyTorch", {S::mask}, "The shape of the 2D attn_mask is {found}, but should be {expected}"},
      {"attn_mask_3d", "PyTorch", {S::mask}, "The shape of the 3D attn_mask is {found}, but should be {expected}"},
      {"mask_rank", "PyTorch", {S::mask}, "expected `attn_mask` to be `None`, 2-D or 3-D but found {found}-D"},
      {"mask_rank", "PyTorch", {S::mask}, "attn_mask's dimension {found} is not supported"},
      {"padding_shape", "PyTorch", {S::mask}, "expecting key_padding_mask shape of {expected}, but got {found}"},
      {"padding_rank", "PyTorch", {S::mask}, "expected `key_padding_mask` to be `None` or …but found {found}-D"},
      {"mask_dtype", "PyTorch", {S::mask}, "types are supported for attn_mask"},
      {"mask_dtype", "PyTorch", {S::mask}, "types of key_padding_mask are supported"},
      {"mask_dtype", "PyTorch", {S::mask}, "Expected attn_mask dtype to be bool or"},
      {"query_rank", "PyTorch", {S::x}, "query should be unbatched 2D or batched 3D tensor but received {found}-D"},
      {"rank_differs", "PyTorch", {S::x, S::memory}, "`query`, expected `key` and `value` to be {expected}-D but found {found}-D and {right}-D"},
      {"key_value_shape", "PyTorch", {S::memory, S::memory_value}, "key shape {found} does not match value shape {expected}"},
      {"key_value_shape", "PyTorch", {S::memory, S::memory_value}, "key's sequence and batch dims {found} do not match value's {expected}"},
      {"broadcast_keys", "PyTorch", {S::scores_masked}, "The size of tensor a ({found}) must match the size of tensor b ({expected}) at non-singleton dimension 3"},
      {"broadcast_queries", "PyTorch", {S::scores_masked, S::residual}, "The size of tensor a ({found}) must match the size of tensor b ({expected}) at non-singleton dimension 2"},
      {"broadcast_heads", "PyTorch", {S::scores_masked, S::residual}, "The size of tensor a ({found}) must match the size of tensor b ({expected}) at non-singleton dimension 1"},
      {"broadcast_batch", "PyTorch", {S::scores_masked, S::scores_raw}, "The size of tensor a ({found}) must match the size of tensor b ({expected}) at non-singleton dimension 0"},
      {"tensorflow_broadcast", "TensorFlow", {S::scores_masked}, "Incompatible shapes: {found} vs. {expected}"},
      {"tensorflow_rank", "TensorFlow", {S::q, S::k, S::v}, "Dimension must be {found} but is {expected} for …ranspose"},
      {"keras_last_axis", "Keras", {S::x, S::memory}, "The last dimension of `query_shape` and `value_shape` must be equal, but are {found}, {expected}"},
      {"batch_product", "PyTorch", {S::scores_raw, S::heads}, "Expected size for first two dimensions of batch2 tensor to be: {expected} but got: {found}"},
      {"batch_product", "PyTorch", {S::scores_raw, S::heads}, "Expected batch2_sizes[0] == bs"},
      {"einsum", "PyTorch", {S::scores_raw, S::heads}, "einsum(): subscript {name} has size {found} for operand {} which does not broadcast with previously seen size {expected}"},
      {"einsum", "NumPy", {S::scores_raw, S::heads}, "could not be broadcast together with remapped shapes [original->remapped]: {expected}->{} {found}->{}"},
      {"numpy_matmul", "NumPy", {S::scores_raw, S::heads}, "has a mismatch in its core dimension …(size {found} is different from {expected})"},
      {"numpy_broadcast", "NumPy", {S::scores_masked}, "operands could not be broadcast together with shapes {found} {expected}"},
      {"numpy_align", "NumPy", {S::scores_raw, S::heads}, "shapes {found} and {expected} not aligned"},
      {"unexpected_keyword", "PyTorch", {"module"}, "got an unexpected keyword argument '{name}'"},
      {"missing_argument", "PyTorch", {"module"}, "required positional argument…: '{name}'"},
      {"tuple_added", "PyTorch", {S::residual}, "unsupported operand type(s) for +: 'Tensor' and 'tuple'"},
      {"tuple_added", "PyTorch", {S::residual}, "can only concatenate tuple (not \"Tensor\") to tuple"},
      {"tuple_attribute", "PyTorch", {S::output}, "'tuple' object has no attribute '{name}'"},
      {"tuple_argument", "PyTorch", {S::norm}, "(): argument 'input' (position 1) must be Tensor, not tuple"},
      {"layer_norm", "PyTorch", {S::norm}, "Given normalized_shape={expected}, expected input with shape …but got input of size{found}"},
      {"feature_number", "PyTorch", {S::x, S::memory}, "the feature number of src and tgt must be equal to d_model"},
      {"batch_number", "PyTorch", {S::x, S::memory}, "the batch number of src and tgt must be equal"},
      {"token_range", "PyTorch", {S::x}, "index out of range in self"},
      {"token_range", "TensorFlow", {S::x}, "is not in [0, {expected})"},
      {"unpack", "Python", {S::x}, "not enough values to unpack (expected {expected}, got {found})"},
      {"unpack_more", "Python", {S::x}, "too many values to unpack (expected {expected}"},
      {"axis_range", "PyTorch", {S::q, S::k, S::v}, "Dimension out of range (expected to be in range of {expected}, but got {found})"},
      {"concatenate", "PyTorch", {S::present_key, S::present_value}, "Sizes of tensors must match except in dimension {name}. Expected size {expected} but got size {found}"},
      {"expand", "PyTorch", {S::mask}, "The expanded size of the tensor ({expected}) must match the existing size ({found}) at non-singleton dimension {name}"},
      {"mask_size", "Transformers", {S::mask}, "Attention mask should be of size {expected}, but is {found}"},
      {"weights_size", "Transformers", {S::weights}, "Attention weights should be of size {expected}, but is {found}"},
      {"checkpoint_shape", "PyTorch", {S::w_q, S::w_k, S::w_v, S::w_o}, "size mismatch for {name}: copying a param with shape {found} from checkpoint, the shape in current model is {expected}"},
      {"checkpoint_names", "PyTorch", {S::w_q, S::w_k, S::w_v, S::w_o}, "Missing key(s) in state_dict"},
      {"checkpoint_names", "PyTorch", {S::w_q, S::w_k, S::w_v, S::w_o}, "Unexpected key(s) in state_dict"},
      {"numpy_concatenate", "NumPy", {S::present_key, S::present_value}, "except for the concatenation axis must match exactly, but along dimension {name}, the array at index {} has size {expected} and the array at index {} has size {found}"},
      {"stack", "PyTorch", {S::x}, "stack expects each tensor to be equal size, but got {expected} at entry {} and {found} at entry"},
      {"permute_rank", "PyTorch", {S::q, S::k, S::v}, "number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {found} is not equal to len(dims) = {expected}"},
      {"batch_rank", "PyTorch", {S::scores_raw, S::heads}, "must be a 3D tensor"},
      {"token_type", "PyTorch", {S::x}, "one of the following scalar types: Long, Int; but got {found} instead"},
      {"dtype", "PyTorch", {S::q_proj, S::k_proj, S::v_proj}, "mat1 and mat2 must have the same dtype"},
      {"dtype", "PyTorch", {S::q_proj, S::k_proj, S::v_proj}, "expected scalar type {expected} but found {found}"},
  };
  return rules;
}

std::string steps_text(const ErrorRule& rule) {
  std::string text;
  for (const StepName& step : rule.steps) text += (text.empty() ? "" : ", ") + std::string(step.text());
  return text;
}

std::optional<Values> match_pattern(std::string_view pattern, std::string_view text) {
  for (std::size_t start = 0; start < text.size(); ++start) {
    Values values;
    if (match_here(pattern, text.substr(start), values)) return values;
  }
  return std::nullopt;
}

std::optional<ErrorMatch> explain_error(std::string_view text) {
  for (const ErrorRule& rule : error_rules()) {
    if (auto values = match_pattern(rule.pattern, text)) return ErrorMatch{&rule, std::move(*values)};
  }
  return std::nullopt;
}

}  // namespace attn::shapes
