#include <attn/shapes/program.hpp>

#include <attn/shapes/api.hpp>
#include <attn/shapes/python.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace attn::shapes {
namespace {

using python::Expression;
using python::ExpressionPtr;
using python::Statement;
using ExpressionKind = Expression::Kind;

constexpr std::size_t no_module = static_cast<std::size_t>(-1);

/// What a name stands for while the program is followed.
struct Value {
  enum class Kind { unknown, number, tensor, module, tuple };
  Kind kind = Kind::unknown;
  double number = 0;
  Shape shape{};                      ///< of a tensor
  std::optional<Shape> before{};      ///< a matrix's shape before it was transposed
  std::size_t call = no_module;       ///< the call a tensor came out of, or the module itself
  std::vector<Value> items{};         ///< of a tuple
};

/// The largest size this reader believes; anything beyond is a typing error, not a tensor.
constexpr double largest_size = 1 << 28;

std::optional<std::size_t> as_size(const Value& value) {
  const bool whole = value.kind == Value::Kind::number && value.number >= 0 && value.number <= largest_size &&
                     value.number == std::floor(value.number);
  if (!whole) return std::nullopt;
  return static_cast<std::size_t>(value.number);
}

std::string_view last_part(std::string_view dotted) { return dotted.substr(dotted.rfind('.') + 1); }

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool names_the_batch(const std::string& name) {
  return is_one_of(name, {"N", "B", "b", "bs", "bsz", "batch", "batch_size", "nbatches", "n_batch"});
}

/// Which of the three a name speaks of; Role::other for a name such as x that does not say.
Role spoken_role(std::string_view name) {
  if (is_one_of(name, {"query", "queries", "q", "Q"})) return Role::query;
  if (is_one_of(name, {"key", "keys", "k", "K"})) return Role::key;
  if (is_one_of(name, {"value", "values", "v", "V"})) return Role::value;
  return Role::other;
}

struct Module {
  const Api* api;
  ModuleConfig config;
  bool called = false;
};

class Interpreter {
 public:
  explicit Interpreter(std::string_view source) : statements_(python::parse(source)) {}

  Program run() {
    for (const Statement& statement : statements_) execute(statement);
    finish();
    return std::move(program_);
  }

 private:
  void add(std::string rule, std::string subject, std::map<std::string, std::string, std::less<>> values) {
    program_.findings.push_back({std::move(rule), std::move(subject), std::move(values)});
  }

  void execute(const Statement& statement) {
    if (statement.kind == Statement::Kind::definition) definitions_.push_back(statement.targets);
    if (!statement.value) return;
    note_batch_axis(statement);
    const Value value = evaluate(*statement.value);
    claim_shape(statement);
    if (statement.targets.size() == 1) {
      assign(statement.targets.front(), value, statement);
    } else {
      for (std::size_t i = 0; i < statement.targets.size(); ++i) {
        assign(statement.targets[i], i < value.items.size() ? value.items[i] : Value{}, statement);
      }
    }
  }

  void assign(const std::string& name, const Value& value, const Statement& statement) {
    names_[name] = value;
    if (const auto size = as_size(value); size && is_one_of(name, {"d_k", "head_dim", "d_head", "dk"})) {
      program_.head_dim = *size;
    }
    // "x = torch.randn(2, 5, 8)  # (B, L, E)"
    const std::size_t open = statement.comment.find('(');
    if (value.kind == Value::Kind::tensor && value.shape.size() == 3 && open != std::string::npos) {
      const std::string first = statement.comment.substr(open + 1, statement.comment.find_first_of(", )", open + 1) - open - 1);
      if (names_the_batch(first)) program_.batch_first_input = true;
    }
  }

  /// `N, L = x.shape` and `N = query.shape[0]` say that axis 0 is the batch.
  void note_batch_axis(const Statement& statement) {
    if (statement.targets.empty() || !names_the_batch(statement.targets.front())) return;
    const Expression* value = statement.value.get();
    if (value->kind == ExpressionKind::subscript) {
      const bool first = value->items.size() == 1 && value->items[0]->kind == ExpressionKind::number && value->items[0]->number == 0;
      if (!first) return;
      value = value->base.get();
    } else if (value->kind == ExpressionKind::call) {
      const bool first = value->arguments.empty() || value->arguments[0].value->number == 0;
      if (!first) return;
      value = value->base.get();
    } else if (statement.targets.size() < 2) {
      return;
    }
    if (value->kind == ExpressionKind::attribute && is_one_of(value->text, {"shape", "size"})) program_.batch_first_input = true;
  }

  /// `print(y.shape)  # torch.Size([5, 3, 8])` and `assert y.shape == (5, 3, 8)` claim a shape.
  void claim_shape(const Statement& statement) {
    const Expression& value = *statement.value;
    if (value.kind == ExpressionKind::binary && value.text == "==") {
      if (const auto shape = shape_of_literal(*value.items[0])) claim(*value.base, *shape);
      return;
    }
    const bool printed = value.kind == ExpressionKind::call && python::dotted_name(*value.base) == "print" && value.arguments.size() == 1;
    if (!printed || statement.comment.empty()) return;
    const auto said = python::parse(statement.comment);
    if (said.size() != 1 || !said[0].value) return;
    if (const auto shape = shape_of_literal(*said[0].value)) claim(*value.arguments[0].value, *shape);
  }

  void claim(const Expression& subject, const Shape& shape) {
    if (subject.kind != ExpressionKind::attribute || subject.text != "shape") return;
    Value value = evaluate(*subject.base);
    if (value.kind == Value::Kind::tuple && !value.items.empty()) value = value.items.front();
    if (value.call != no_module && value.call < program_.calls.size()) program_.calls[value.call].output = shape;
  }

  /// (5, 3, 8), [5, 3, 8] or torch.Size([5, 3, 8])
  std::optional<Shape> shape_of_literal(const Expression& expression) {
    if (expression.kind == ExpressionKind::call && expression.arguments.size() == 1) {
      return shape_of_literal(*expression.arguments[0].value);
    }
    if (expression.kind != ExpressionKind::tuple && expression.kind != ExpressionKind::list) return std::nullopt;
    return shape_of_items(expression.items);
  }

  std::optional<Shape> shape_of_items(const std::vector<ExpressionPtr>& items) {
    Shape shape;
    for (const ExpressionPtr& item : items) {
      const auto size = as_size(evaluate(*item));
      if (!size) return std::nullopt;
      shape.push_back(*size);
    }
    return shape;
  }

  Value evaluate(const Expression& expression) {
    Value value;
    switch (expression.kind) {
      case ExpressionKind::number:
        value.kind = Value::Kind::number;
        value.number = expression.number;
        return value;
      case ExpressionKind::name:
      case ExpressionKind::attribute:
        return evaluate_name(expression);
      case ExpressionKind::tuple:
      case ExpressionKind::list:
        value.kind = Value::Kind::tuple;
        for (const ExpressionPtr& item : expression.items) value.items.push_back(evaluate(*item));
        return value;
      case ExpressionKind::binary:
        return evaluate_binary(expression);
      case ExpressionKind::call:
        return evaluate_call(expression);
      case ExpressionKind::subscript:
        return evaluate_subscript(expression);
      default:
        return value;
    }
  }

  Value evaluate_name(const Expression& expression) {
    const std::string name = python::dotted_name(expression);
    Value value;
    if (name == "True" || name == "False") {
      value.kind = Value::Kind::number;
      value.number = name == "True" ? 1 : 0;
      return value;
    }
    if (const auto known = names_.find(name); known != names_.end()) return known->second;
    if (expression.kind == ExpressionKind::attribute && is_one_of(expression.text, {"T", "mT"})) {
      return transposed(evaluate(*expression.base), 0, 1);
    }
    return value;
  }

  Value evaluate_subscript(const Expression& expression) {
    const Value base = evaluate(*expression.base);
    if (expression.items.size() != 1) return {};
    const auto index = as_size(evaluate(*expression.items[0]));
    if (base.kind == Value::Kind::tuple && index && *index < base.items.size()) return base.items[*index];
    return {};
  }

  Value evaluate_binary(const Expression& expression) {
    const Value left = evaluate(*expression.base), right = evaluate(*expression.items[0]);
    const bool one_is_result = (left.kind == Value::Kind::tuple && left.call != no_module) ||
                               (right.kind == Value::Kind::tuple && right.call != no_module);
    if (expression.text == "+" && one_is_result) add("tuple_added", expression.source, {{"name", expression.source}});
    if (left.kind == Value::Kind::number && right.kind == Value::Kind::number) {
      return arithmetic(expression.text, left.number, right.number);
    }
    return left.kind == Value::Kind::tensor ? left : right.kind == Value::Kind::tensor ? right : Value{};
  }

  static Value arithmetic(const std::string& symbol, double a, double b) {
    Value value;
    value.kind = Value::Kind::number;
    if (symbol == "+") value.number = a + b;
    else if (symbol == "-") value.number = a - b;
    else if (symbol == "*") value.number = a * b;
    else if (symbol == "//" && b != 0) value.number = std::floor(a / b);
    else if (symbol == "/" && b != 0) value.number = a / b;
    else return {};
    return value;
  }

  Value evaluate_call(const Expression& call) {
    const std::string name = python::dotted_name(*call.base);
    if (const Api* api = find_api(name)) return construct(*api, call);
    if (const auto known = names_.find(name); known != names_.end() && known->second.kind == Value::Kind::module) {
      return call_module(known->second.call, call, name);
    }
    if (call.base->kind == ExpressionKind::attribute) {
      const Value base = evaluate(*call.base->base);
      if (base.kind == Value::Kind::tensor) return call_method(base, call.base->text, call);
    }
    if (is_one_of(last_part(name), {"randn", "rand", "ones", "zeros", "empty", "normal", "uniform", "randint", "random"})) {
      return new_tensor(call);
    }
    Value through;  // dropout(norm(x)): a call that is not known keeps the shape of its one tensor
    for (const python::Argument& argument : call.arguments) {
      const Value value = evaluate(*argument.value);
      if (value.kind == Value::Kind::tensor && through.kind == Value::Kind::unknown) through = value;
    }
    if (!call.base->base || call.base->kind == ExpressionKind::attribute || name.empty()) return is_one_of(name, {"print", "len"}) ? Value{} : through;
    return through;
  }

  Value new_tensor(const Expression& call) {
    std::vector<ExpressionPtr> sizes;
    for (const python::Argument& argument : call.arguments) {
      if (!argument.keyword.empty() && !is_one_of(argument.keyword, {"size", "shape"})) continue;
      const bool list = argument.value->kind == ExpressionKind::tuple || argument.value->kind == ExpressionKind::list;
      if (list) sizes = argument.value->items;
      else sizes.push_back(argument.value);
      if (list) break;
    }
    Value tensor;
    const auto shape = shape_of_items(sizes);
    if (!shape || shape->empty()) return tensor;
    tensor.kind = Value::Kind::tensor;
    tensor.shape = *shape;
    return tensor;
  }

  static Value transposed(Value tensor, std::size_t a, std::size_t b) {
    if (tensor.kind != Value::Kind::tensor || a >= tensor.shape.size() || b >= tensor.shape.size()) return {};
    if (tensor.shape.size() == 2) tensor.before = tensor.shape;
    std::swap(tensor.shape[a], tensor.shape[b]);
    return tensor;
  }

  /// The axis that an argument names, counted from the end when negative.
  std::size_t axis_argument(const Expression& call, std::size_t index, std::size_t rank) {
    if (index >= call.arguments.size()) return no_module;
    const Value value = evaluate(*call.arguments[index].value);
    if (value.kind != Value::Kind::number || std::abs(value.number) > 16) return no_module;
    const double axis = value.number < 0 ? value.number + static_cast<double>(rank) : value.number;
    return axis < 0 ? no_module : static_cast<std::size_t>(axis);
  }

  Value call_method(Value tensor, const std::string& method, const Expression& call) {
    const std::size_t rank = tensor.shape.size();
    if (is_one_of(method, {"transpose", "swapaxes", "swapdims"})) {
      return transposed(tensor, axis_argument(call, 0, rank), axis_argument(call, 1, rank));
    }
    if (method == "t") return transposed(tensor, 0, 1);
    if (method == "unsqueeze" && axis_argument(call, 0, rank + 1) <= rank) {
      tensor.shape.insert(tensor.shape.begin() + static_cast<std::ptrdiff_t>(axis_argument(call, 0, rank + 1)), 1);
      tensor.before.reset();
      return tensor;
    }
    if (method == "squeeze" && axis_argument(call, 0, rank) < rank && tensor.shape[axis_argument(call, 0, rank)] == 1) {
      tensor.shape.erase(tensor.shape.begin() + static_cast<std::ptrdiff_t>(axis_argument(call, 0, rank)));
      return tensor;
    }
    if (method == "permute") return permuted(tensor, call);
    if (is_one_of(method, {"view", "reshape"})) return reshaped_as(tensor, call);
    return is_one_of(method, {"contiguous", "float", "double", "to", "cuda", "cpu", "clone", "detach"}) ? tensor : Value{};
  }

  Value permuted(Value tensor, const Expression& call) {
    Shape shape;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      const std::size_t axis = axis_argument(call, i, tensor.shape.size());
      if (axis >= tensor.shape.size()) return {};
      shape.push_back(tensor.shape[axis]);
    }
    tensor.shape = shape;
    return tensor;
  }

  Value reshaped_as(Value tensor, const Expression& call) {
    Shape shape;
    std::size_t known = 1, free_axis = no_module;
    for (const python::Argument& argument : call.arguments) {
      const Value value = evaluate(*argument.value);
      if (value.kind == Value::Kind::number && value.number == -1 && free_axis == no_module) {
        free_axis = shape.size();
        shape.push_back(0);
        continue;
      }
      const auto size = as_size(value);
      if (!size || __builtin_mul_overflow(known, *size, &known)) return {};
      shape.push_back(*size);
    }
    const auto count = element_count(tensor.shape);
    if (free_axis != no_module && count && known > 0 && *count % known == 0) shape[free_axis] = *count / known;
    if (!count || element_count(shape) != count) return {};
    tensor.shape = shape;
    tensor.before.reset();
    return tensor;
  }

  /// Arguments by what they mean; reports keywords that the API does not have.
  std::map<Role, ExpressionPtr> bind(const Api& api, const std::vector<Parameter>& parameters, const Expression& call) {
    std::map<Role, ExpressionPtr> bound;
    std::size_t position = 0;
    for (const python::Argument& argument : call.arguments) {
      if (argument.keyword.empty()) {
        if (position < parameters.size()) bound[parameters[position].role] = argument.value;
        if (position == parameters.size()) {
          add("too_many_arguments", std::string(api.name),
              {{"name", std::string(api.name)}, {"found", std::to_string(call.arguments.size())}, {"expected", std::to_string(parameters.size())}});
        }
        ++position;
        continue;
      }
      const auto known = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) { return p.name == argument.keyword; });
      const Role role = known != parameters.end() ? known->role : role_of(argument.keyword);
      if (known == parameters.end()) {
        std::string list;
        for (const Parameter& parameter : parameters) list += (list.empty() ? "" : ", ") + std::string(parameter.name);
        const std::string right(name_of(parameters, role));
        add(right.empty() ? "unknown_keyword" : "keyword", argument.keyword,
            {{"name", std::string(api.name)}, {"found", argument.keyword}, {"right", right}, {"list", list}});
      }
      bound[role] = argument.value;
    }
    return bound;
  }

  std::size_t size_of(const std::map<Role, ExpressionPtr>& bound, Role role, std::size_t otherwise = 0) {
    const auto found = bound.find(role);
    return found == bound.end() ? otherwise : as_size(evaluate(*found->second)).value_or(0);
  }
  bool truth_of(const std::map<Role, ExpressionPtr>& bound, Role role, bool otherwise = false) {
    const auto found = bound.find(role);
    return found == bound.end() ? otherwise : evaluate(*found->second).number != 0;
  }

  Value construct(const Api& api, const Expression& call) {
    const auto bound = bind(api, api.constructor, call);
    for (std::size_t i = 0; i < api.required; ++i) {
      if (bound.count(api.constructor[i].role) == 0) {
        add("missing_argument", std::string(api.constructor[i].name),
            {{"name", std::string(api.name)}, {"right", std::string(api.constructor[i].name)}});
      }
    }
    ModuleConfig config;
    config.impl = api.impl;
    config.d_model = size_of(bound, Role::d_model, api.impl == Impl::transformer ? 512 : 0);
    config.heads = size_of(bound, Role::heads, api.impl == Impl::transformer ? 8 : 0);
    config.head_dim = size_of(bound, Role::key_dim);
    config.value_dim = size_of(bound, Role::value_dim);
    config.key_width = size_of(bound, Role::key_width);
    config.value_width = size_of(bound, Role::value_width);
    config.ffn = size_of(bound, Role::ffn, 2048);
    config.bias = truth_of(bound, Role::bias, api.impl != Impl::d2l);
    config.bias_kv = truth_of(bound, Role::bias_kv);
    config.zero_attn = truth_of(bound, Role::zero_attn);
    config.batch_first = truth_of(bound, Role::batch_first);
    Value value;
    value.kind = Value::Kind::module;
    value.call = modules_.size();
    modules_.push_back({&api, config, false});
    return value;
  }

  /// The shape of an argument; empty for one that is not known or is the same tensor as `same`.
  Shape shape_of_argument(const std::map<Role, ExpressionPtr>& bound, Role role, Role same) {
    const auto found = bound.find(role);
    if (found == bound.end()) return {};
    const auto other = bound.find(same);
    if (role != same && other != bound.end() && other->second->source == found->second->source) return {};
    const Value value = evaluate(*found->second);
    return value.kind == Value::Kind::tensor ? value.shape : Shape{};
  }

  Value call_module(std::size_t index, const Expression& call, const std::string& name) {
    modules_[index].called = true;
    const Api& api = *modules_[index].api;
    const auto bound = bind(api, api.forward, call);
    check_argument_order(api, call, name);
    CheckedCall checked{modules_[index].config, {}, std::string(api.name), std::nullopt};
    checked.call.query = shape_of_argument(bound, Role::query, Role::query);
    checked.call.key = shape_of_argument(bound, Role::key, Role::query);
    checked.call.value = shape_of_argument(bound, Role::value, Role::key);
    if (bound.count(Role::value) != 0 && bound.count(Role::key) == 0) checked.call.key = shape_of_argument(bound, Role::value, Role::query);
    if (const Shape mask = shape_of_argument(bound, Role::attn_mask, Role::attn_mask); !mask.empty()) checked.call.attn_mask = mask;
    if (const Shape mask = shape_of_argument(bound, Role::key_padding_mask, Role::key_padding_mask); !mask.empty()) checked.call.key_padding_mask = mask;
    note_transpose(bound);
    // Keras reads the width off its input.
    if (checked.config.d_model == 0 && checked.config.head_dim > 0 && !checked.call.query.empty()) checked.config.d_model = checked.call.query.back();
    program_.calls.push_back(checked);
    return result_of(api, checked);
  }

  void note_transpose(const std::map<Role, ExpressionPtr>& bound) {
    const auto query = bound.find(Role::query);
    if (query == bound.end()) return;
    const Value value = evaluate(*query->second);
    if (value.before) {
      add("transposed_away", query->second->source, {{"found", to_string(*value.before)}, {"expected", to_string(value.shape)}, {"name", query->second->source}});
    }
  }

  Value result_of(const Api& api, const CheckedCall& checked) const {
    Value output;
    output.call = program_.calls.size() - 1;
    output.kind = checked.call.query.empty() ? Value::Kind::unknown : Value::Kind::tensor;
    output.shape = checked.call.query;
    if (!output.shape.empty() && checked.config.d_model > 0) output.shape.back() = checked.config.d_model;
    if (!api.returns_tuple) return output;
    Value pair;
    pair.kind = Value::Kind::tuple;
    pair.call = output.call;
    pair.items = {output, Value{}};
    return pair;
  }

  /// attention(value, key, query): the names say another order than the API has.
  void check_argument_order(const Api& api, const Expression& call, const std::string& name) {
    std::string given, expected;
    bool wrong = false;
    for (std::size_t i = 0; i < call.arguments.size() && i < api.forward.size() && i < 3; ++i) {
      if (!call.arguments[i].keyword.empty()) return;
      const Role said = spoken_role(python::dotted_name(*call.arguments[i].value));
      wrong = wrong || (said != Role::other && said != api.forward[i].role);
      given += (i > 0 ? ", " : "") + call.arguments[i].value->source;
      expected += (i > 0 ? ", " : "") + std::string(api.forward[i].name);
    }
    if (wrong) add("argument_order", name, {{"name", name}, {"found", given}, {"expected", expected}});
  }

  /// Definitions that take (value, key, query) around a module that takes (query, key, value), and modules
  /// that were never called.
  void finish() {
    const bool torch_attention = std::any_of(modules_.begin(), modules_.end(), [](const Module& module) { return module.api->impl == Impl::torch; });
    for (const std::vector<std::string>& parameters : definitions_) {
      std::vector<std::string> said;
      for (const std::string& parameter : parameters) {
        if (spoken_role(parameter) != Role::other) said.push_back(parameter);
      }
      if (!torch_attention || said.size() < 3 || spoken_role(said[0]) == Role::query) continue;
      const std::string order = said[0] + ", " + said[1] + ", " + said[2];
      add("argument_order", "def", {{"name", "forward"}, {"found", order}, {"expected", "query, key, value"}});
    }
    for (const Module& module : modules_) {
      if (!module.called) program_.calls.push_back({module.config, {}, std::string(module.api->name), std::nullopt});
    }
  }

  std::vector<Statement> statements_;
  std::map<std::string, Value> names_;
  std::vector<Module> modules_;
  std::vector<std::vector<std::string>> definitions_;
  Program program_;
};

}  // namespace

Program run_program(std::string_view source) { return Interpreter(source).run(); }

}  // namespace attn::shapes
