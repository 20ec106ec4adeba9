// The few forms of Python in which people write down a call of attention: calls, assignments, shapes.
//
// A subset on purpose: statements on a line each (brackets continue a line), names, numbers, strings,
// tuples, lists, calls with keyword arguments, attributes, subscripts and arithmetic. Everything else in a
// pasted program (imports, control flow, decorators) is kept as a statement that says nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes::python {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct Argument {
  std::string keyword;    ///< empty: positional
  std::string unpacking;  ///< "*" or "**" before what stands for any number of arguments
  ExpressionPtr value;
};

struct Expression {
  enum class Kind { number, text, name, attribute, call, tuple, list, subscript, binary, unknown };
  Kind kind = Kind::unknown;
  double number = 0;
  std::string text;                     ///< name, attribute's name, operator, or the text itself
  /// Of an attribute, call or subscript; left side of an operator; of an unknown expression the part that was read
  /// before the word that is its text: `a` of `a if b else c`.
  ExpressionPtr base;
  std::vector<ExpressionPtr> items{};   ///< of a tuple or list; the right side of an operator
  std::vector<Argument> arguments{};    ///< of a call
  std::string source;                   ///< as it was written, blanks reduced
};

struct Statement {
  enum class Kind { assignment, expression, definition, returns, nothing };
  Kind kind = Kind::nothing;
  std::size_t line = 0;                   ///< counts from 1
  std::vector<std::string> targets{};     ///< of an assignment: "out", "_"; a def's parameters
  std::string name;                       ///< of a definition
  ExpressionPtr value;                    ///< of an assignment, expression or return
  std::string comment;                    ///< text after #
};

/// Never throws: what cannot be read becomes an unknown expression or a statement that says nothing.
std::vector<Statement> parse(std::string_view source);

/// "nn.MultiheadAttention" for that chain of attributes, without a leading "self."; "" for anything else.
std::string dotted_name(const Expression& expression);

}  // namespace attn::shapes::python
