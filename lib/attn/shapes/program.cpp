#include <attn/shapes/program.hpp>

#include <attn/shapes/module_calls.hpp>
#include <attn/shapes/python.hpp>
#include <attn/shapes/python_lines.hpp>
#include <attn/shapes/spoken.hpp>
#include <attn/shapes/tensor_calls.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace attn::shapes {
namespace {

using python::Expression;
using python::Statement;
using ExpressionKind = Expression::Kind;

struct Module {
  const Api* api;
  Construction made;
  bool called = false;
};

/// Follows the values of names through the statements, in the order in which they are written.
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
    // A claim evaluates what it speaks of: a call in it must not count twice.
    const Value value = claim_shape(statement) ? Value{} : evaluate(*statement.value);
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
    if (const auto size = as_size(value); size && names_the_head_size(name)) program_.head_dim = *size;
    // "x = torch.randn(2, 5, 8)  # (B, L, E)"
    const std::size_t open = statement.comment.find('(');
    if (value.kind == Value::Kind::tensor && value.shape.size() == 3 && open != std::string::npos) {
      const std::string first = statement.comment.substr(open + 1, statement.comment.find_first_of(", )", open + 1) - open - 1);
      if (names_the_batch(first)) program_.batch_first_input = true;
    }
  }

  static bool is_zero(const Expression& expression) { return expression.kind == ExpressionKind::number && expression.number == 0; }

  /// `N, L = x.shape` and `N = query.shape[0]` say that axis 0 is the batch.
  void note_batch_axis(const Statement& statement) {
    if (statement.targets.empty() || !names_the_batch(statement.targets.front())) return;
    const Expression* value = statement.value.get();
    if (value->kind == ExpressionKind::subscript) {
      if (value->items.size() != 1 || !is_zero(*value->items[0])) return;
      value = value->base.get();
    } else if (value->kind == ExpressionKind::call) {
      if (!value->arguments.empty() && !is_zero(*value->arguments[0].value)) return;
      value = value->base.get();
    } else if (statement.targets.size() < 2) {
      return;
    }
    if (value->kind == ExpressionKind::attribute && (value->text == "shape" || value->text == "size")) program_.batch_first_input = true;
  }

  /// `print(y.shape)  # torch.Size([5, 3, 8])` and `assert y.shape == (5, 3, 8)` claim a shape.
  bool claim_shape(const Statement& statement) {
    const bool holds_with_more = statement.value->kind == ExpressionKind::unknown && statement.value->text == "and";
    const Expression& value = holds_with_more ? *statement.value->base : *statement.value;
    if (value.kind == ExpressionKind::binary && value.text == "==") return claim(*value.base, *value.items[0]);
    const bool printed = value.kind == ExpressionKind::call && python::dotted_name(*value.base) == "print" && value.arguments.size() == 1;
    if (!printed || statement.comment.empty()) return false;
    const auto said = python::parse(statement.comment);
    return said.size() == 1 && said[0].value && claim(*value.arguments[0].value, *said[0].value);
  }

  bool claim(const Expression& subject, const Expression& said) {
    if (subject.kind != ExpressionKind::attribute || subject.text != "shape") return false;
    std::optional<Shape> shape = literal_shape(said);
    if (!shape) return false;
    Value value = evaluate(*subject.base);
    if (value.kind == Value::Kind::tuple && !value.items.empty()) value = value.items.front();
    if (value.call == no_module || value.call >= program_.calls.size()) return true;
    // What is claimed after a transpose, in the axes the call returned.
    if (shape->size() == value.shape.size()) {
      for (auto swap = value.swaps.rbegin(); swap != value.swaps.rend(); ++swap) std::swap((*shape)[swap->first], (*shape)[swap->second]);
    }
    program_.calls[value.call].output = std::move(shape);
    return true;
  }

  /// (5, 3, 8), [5, 3, 8] or torch.Size([5, 3, 8])
  std::optional<Shape> literal_shape(const Expression& expression) {
    const bool wrapped = expression.kind == ExpressionKind::call && expression.arguments.size() == 1;
    return as_shape(evaluate(wrapped ? *expression.arguments[0].value : expression));
  }

  Value evaluate(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::number: return number_value(expression.number);
      case ExpressionKind::name: return evaluate_name(python::dotted_name(expression));
      case ExpressionKind::attribute: return evaluate_attribute(expression);
      case ExpressionKind::tuple:
      case ExpressionKind::list: {
        std::vector<Value> items;
        for (const python::ExpressionPtr& item : expression.items) items.push_back(evaluate(*item));
        return tuple_value(std::move(items));
      }
      case ExpressionKind::binary: return evaluate_binary(expression);
      case ExpressionKind::call: return evaluate_call(expression);
      case ExpressionKind::subscript: return evaluate_subscript(expression);
      default:
        if (expression.base) evaluate(*expression.base);  // for the calls in it
        return {};
    }
  }

  Value evaluate_name(const std::string& name) const {
    if (name == "True" || name == "False") return number_value(name == "True" ? 1 : 0);
    const auto known = names_.find(name);
    return known == names_.end() ? Value{} : known->second;
  }

  Value evaluate_attribute(const Expression& expression) {
    const Value whole = evaluate_name(python::dotted_name(expression));
    if (whole.kind != Value::Kind::unknown) return whole;
    const Value base = evaluate(*expression.base);
    if (base.kind != Value::Kind::tensor) return {};
    if (expression.text == "shape") return shape_value(base.shape);
    return expression.text == "T" || expression.text == "mT" ? transposed(base, 0, 1) : Value{};
  }

  Value evaluate_subscript(const Expression& expression) {
    const Value base = evaluate(*expression.base);
    if (expression.items.size() != 1 || base.kind != Value::Kind::tuple) return {};
    Value index = evaluate(*expression.items[0]);
    if (index.number < 0) index.number += static_cast<double>(base.items.size());
    const auto place = as_size(index);
    return place && *place < base.items.size() ? base.items[*place] : Value{};
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

  std::vector<CallArgument> evaluate_arguments(const Expression& call) {
    std::vector<CallArgument> arguments;
    for (const python::Argument& argument : call.arguments) {
      const Value value = evaluate(*argument.value);
      const std::string& source = argument.value->source;
      if (argument.unpacking == "*" && value.kind == Value::Kind::tuple) {
        for (std::size_t i = 0; i < value.items.size(); ++i) arguments.push_back({"", value.items[i], source + "[" + std::to_string(i) + "]"});
      } else {
        arguments.push_back({argument.keyword, value, argument.unpacking + source, !argument.unpacking.empty()});
      }
    }
    return arguments;
  }

  Value evaluate_call(const Expression& call) {
    const std::string name = python::dotted_name(*call.base);
    const std::vector<CallArgument> arguments = evaluate_arguments(call);
    std::vector<std::string> keywords;
    for (const CallArgument& argument : arguments) {
      if (!argument.keyword.empty()) keywords.push_back(argument.keyword);
    }
    if (const Api* api = find_api(name, arguments.size() - keywords.size(), keywords)) return make_module(*api, arguments);
    const bool dotted = call.base->kind == ExpressionKind::attribute;
    const Value callee = dotted ? evaluate_name(name) : evaluate(*call.base);
    if (callee.kind == Value::Kind::module) return call_module(callee.call, arguments, name.empty() ? call.base->source : name);
    const Value first = arguments.empty() ? Value{} : arguments[0].value;
    if (is_map(callee)) return mapped(callee, first);
    // Evaluated once: in a chain of n methods every object contains n - 1 calls, each with its effects.
    const Value object = dotted ? evaluate(*call.base->base) : Value{};
    if (object.kind == Value::Kind::tensor) return method_result(object, call.base->text, arguments);
    const bool is_module = object.kind == Value::Kind::module || is_map(object);
    if (is_module && returns_the_module(call.base->text)) return object;
    if (const Value map = made_map(name, arguments); map.kind != Value::Kind::unknown) return map;
    if (keeps_the_shape(name) && first.kind == Value::Kind::tensor) return first;
    return made_tensor(name, arguments);
  }

  static bool is_map(const Value& value) { return value.kind == Value::Kind::linear || value.kind == Value::Kind::embedding; }

  Value make_module(const Api& api, const std::vector<CallArgument>& arguments) {
    Value value;
    value.kind = Value::Kind::module;
    value.call = modules_.size();
    modules_.push_back({&api, construct(api, arguments, program_.findings), false});
    return value;
  }

  Value call_module(std::size_t index, const std::vector<CallArgument>& arguments, const std::string& name) {
    modules_[index].called = true;
    const Api& api = *modules_[index].api;
    const Bound bound = bind_arguments(api, api.forward, arguments, program_.findings);
    if (auto finding = argument_order(api, arguments, name)) program_.findings.push_back(std::move(*finding));
    const Construction& made = modules_[index].made;
    std::set<Role> open = open_sources(api, bound, arguments);
    open.insert(made.open.begin(), made.open.end());
    program_.calls.push_back({made.config, shapes_of(bound), &api, std::nullopt, made.unknown, transposed_away(bound), std::move(open)});
    return result_of(api, made.config, program_.calls.back().call, program_.calls.size() - 1);
  }

  /// Definitions that take (value, key, query) around a module that takes (query, key, value), and modules
  /// that were never called.
  void finish() {
    const bool torch_attention = std::any_of(modules_.begin(), modules_.end(), [](const Module& module) { return module.api->impl == Impl::torch; });
    for (const std::vector<std::string>& parameters : definitions_) {
      auto finding = torch_attention ? definition_order(parameters) : std::nullopt;
      if (finding) program_.findings.push_back(std::move(*finding));
    }
    for (const Module& module : modules_) {
      if (!module.called) program_.calls.push_back({module.made.config, {}, module.api, std::nullopt, module.made.unknown, std::nullopt, module.made.open});
    }
  }

  std::vector<Statement> statements_;
  std::map<std::string, Value> names_;
  std::vector<Module> modules_;
  std::vector<std::vector<std::string>> definitions_;
  Program program_;
};

}  // namespace

Program run_program(std::string_view page) {
  const std::string source = python::fenced_code(page);
  Program program = Interpreter(source).run();
  const bool one_line = source.find('\n') >= source.size() - std::min<std::size_t>(source.size(), 1);
  if (!one_line && !program.calls.empty()) return program;
  Program broken = Interpreter(python::with_line_breaks(source)).run();
  return broken.calls.empty() ? program : broken;
}

}  // namespace attn::shapes
