#include <attn/shapes/python.hpp>
#include <attn/shapes/python_lines.hpp>
#include <attn/shapes/python_tokens.hpp>

#include <algorithm>

namespace attn::shapes::python {
namespace {

using Kind = Expression::Kind;

// Beyond these nobody wrote a call: brackets within brackets, and words in one statement. They bound the depth of
// the tree, which is walked and destroyed recursively.
constexpr int deepest = 100;
constexpr std::size_t longest = 4000;

/// A recursive descent over the tokens of one statement.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  bool at(std::string_view symbol, std::size_t ahead = 0) const {
    return next_ + ahead < tokens_.size() && tokens_[next_ + ahead].kind != Token::Kind::text &&
           tokens_[next_ + ahead].text == symbol;
  }
  bool at_end() const { return next_ >= tokens_.size(); }
  bool take(std::string_view symbol) {
    if (!at(symbol)) return false;
    ++next_;
    return true;
  }
  std::optional<std::string> take_name() {
    if (at_end() || tokens_[next_].kind != Token::Kind::name) return std::nullopt;
    return tokens_[next_++].text;
  }
  std::size_t position() const { return next_; }
  void go_back(std::size_t position) { next_ = position; }

  /// One expression, or a tuple without brackets.
  ExpressionPtr expressions() {
    const std::size_t start = next_;
    ExpressionPtr first = expression();
    if (!at(",")) return first;
    Expression tuple;
    tuple.kind = Kind::tuple;
    tuple.items.push_back(std::move(first));
    while (take(",")) {
      if (at_end() || at("=") || at(")")) break;
      tuple.items.push_back(expression());
    }
    return finish(std::move(tuple), start);
  }

  /// A sum. Not known where words join it to more: `not a`, `a if b else c`, `a and b`, `a for a in b`.
  ExpressionPtr expression() {
    const std::size_t start = next_;
    bool joined = false;
    while (take("not")) joined = true;
    Expression outer;
    outer.base = sum();
    for (const std::string_view word : {"if", "and", "or", "in", "is", "not", "for"}) {
      if (!joined && at(word)) outer.text = word;
    }
    if (!joined && outer.text.empty()) return outer.base;
    skip_operand();
    return finish(std::move(outer), start);
  }

  ExpressionPtr sum() {
    return chain([this] { return product(); }, {"+", "-", "==", "!=", "<", ">", "<=", ">="});
  }

 private:
  ExpressionPtr finish(Expression expression, std::size_t start) const {
    for (std::size_t i = start; i < next_ && i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (i > start && token.kind != Token::Kind::symbol && tokens_[i - 1].kind != Token::Kind::symbol) expression.source += " ";
      expression.source += token.kind == Token::Kind::text ? "'" + token.text + "'" : token.text + (token.text == "," ? " " : "");
    }
    return std::make_shared<const Expression>(std::move(expression));
  }

  ExpressionPtr product() {
    return chain([this] { return postfix(); }, {"*", "/", "//", "%", "**", "@"});
  }

  /// operand (operator operand)*, from the left.
  template <class Operand>
  ExpressionPtr chain(Operand operand, std::initializer_list<std::string_view> operators) {
    const std::size_t start = next_;
    ExpressionPtr left = operand();
    while (true) {
      const auto found = std::find_if(operators.begin(), operators.end(),
                                      [this](std::string_view symbol) { return at(symbol); });
      if (found == operators.end()) return left;
      ++next_;
      Expression binary;
      binary.kind = Kind::binary;
      binary.text = *found;
      binary.base = left;
      binary.items.push_back(operand());
      left = finish(std::move(binary), start);
    }
  }

  ExpressionPtr postfix() {
    const std::size_t start = next_;
    ExpressionPtr left = atom();
    while (true) {
      Expression outer;
      outer.base = left;
      if (take(".")) {
        const auto name = take_name();
        if (!name) return left;
        outer.kind = Kind::attribute;
        outer.text = *name;
      } else if (at("(")) {
        ++next_;
        outer.kind = Kind::call;
        outer.arguments = arguments();
      } else if (at("[")) {
        ++next_;
        outer.kind = Kind::subscript;
        outer.items = items("]");
      } else {
        return left;
      }
      left = finish(std::move(outer), start);
    }
  }

  std::vector<Argument> arguments() {
    std::vector<Argument> found;
    ++depth_;
    while (!at_end() && !take(")")) {
      Argument argument;
      for (const std::string_view stars : {"*", "**"}) {
        if (take(stars)) argument.unpacking = stars;
      }
      const std::size_t start = next_;
      const auto name = take_name();
      if (name && take("=")) {
        argument.keyword = *name;
      } else {
        next_ = start;
      }
      argument.value = expression();
      found.push_back(std::move(argument));
      skip_operand();
      take(",");
    }
    --depth_;
    return found;
  }

  std::vector<ExpressionPtr> items(std::string_view close) {
    std::vector<ExpressionPtr> found;
    ++depth_;
    while (!at_end() && !take(close)) {
      found.push_back(expression());
      skip_operand();
      take(",");
    }
    --depth_;
    return found;
  }

  /// Past what was not understood, to before the next comma or closing bracket.
  void skip_operand() {
    for (int open = 0; !at_end(); ++next_) {
      const bool closes = at(")") || at("]") || at("}");
      if (open == 0 && (closes || at(","))) return;
      if (at("(") || at("[") || at("{")) ++open;
      if (closes) --open;
    }
  }

  ExpressionPtr atom() {
    const std::size_t start = next_;
    Expression expression;
    if (at_end() || depth_ > deepest) {
      next_ = tokens_.size();
      return finish(std::move(expression), start);
    }
    const Token token = tokens_[next_++];
    if (token.kind == Token::Kind::number) {
      const std::optional<double> number = number_of(token.text);
      expression.kind = number ? Kind::number : Kind::unknown;
      expression.number = number.value_or(0);
    } else if (token.kind == Token::Kind::name) {
      expression.kind = Kind::name;
      expression.text = token.text;
    } else if (token.kind == Token::Kind::text) {
      expression.kind = Kind::text;
      expression.text = token.text;
    } else if (token.text == "-" && !at_end() && tokens_[next_].kind == Token::Kind::number) {
      Expression negative = *atom();
      negative.number = -negative.number;
      return finish(std::move(negative), start);
    } else if (token.text == "(") {
      return bracketed(start);
    } else if (token.text == "[") {
      expression.kind = Kind::list;
      expression.items = items("]");
    } else if (token.text == "{") {
      items("}");
    }
    return finish(std::move(expression), start);
  }

  /// (a) is a, (a,) and (a, b) are tuples.
  ExpressionPtr bracketed(std::size_t start) {
    Expression tuple;
    tuple.kind = Kind::tuple;
    tuple.items = items(")");
    const bool one = tuple.items.size() == 1 && next_ >= 2 && tokens_[next_ - 2].text != ",";
    return one ? tuple.items.front() : finish(std::move(tuple), start);
  }

  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

/// The names left of "=", if the statement is an assignment.
std::vector<std::string> targets(Parser& parser) {
  std::vector<std::string> names;
  const std::size_t start = parser.position();
  parser.take("(");
  while (const auto name = parser.take_name()) {
    std::string full = *name;
    while (parser.at(".")) {
      parser.take(".");
      full += "." + parser.take_name().value_or("");
    }
    names.push_back(full.rfind("self.", 0) == 0 ? full.substr(5) : full);
    if (!parser.take(",")) break;
  }
  parser.take(")");
  if (!names.empty() && parser.take("=")) return names;
  parser.go_back(start);
  return {};
}

void parse_definition(Parser& parser, Statement& statement) {
  statement.kind = Statement::Kind::definition;
  statement.name = parser.take_name().value_or("");
  if (!parser.take("(")) return;
  while (const auto name = parser.take_name()) {
    statement.targets.push_back(*name);
    if (parser.take("=") || parser.take(":")) parser.sum();
    if (!parser.take(",")) break;
  }
}

Statement statement_of(const Line& line) {
  static constexpr std::string_view silent[] = {"import", "from", "class", "for", "if", "while", "with", "try", "else",
                                                "elif", "except", "raise", "del", "global", "pass"};
  Statement statement;
  statement.line = line.number;
  statement.comment = line.comment;
  std::vector<Token> tokens = tokens_of(line.code);
  if (tokens.empty() || tokens.size() > longest) return statement;
  Parser parser(std::move(tokens));
  for (const std::string_view word : silent) {
    if (parser.at(word)) return statement;
  }
  if (parser.take("def")) {
    parse_definition(parser, statement);
    return statement;
  }
  const bool returns = parser.take("return");
  if (!returns) parser.take("assert");
  if (!returns) statement.targets = targets(parser);
  statement.value = parser.expressions();
  statement.kind = returns                     ? Statement::Kind::returns
                   : statement.targets.empty() ? Statement::Kind::expression
                                               : Statement::Kind::assignment;
  return statement;
}

}  // namespace

std::vector<Statement> parse(std::string_view source) {
  std::vector<Statement> statements;
  for (const Line& line : logical_lines(source)) statements.push_back(statement_of(line));
  return statements;
}

std::string dotted_name(const Expression& expression) {
  if (expression.kind == Kind::name) return expression.text;
  if (expression.kind != Kind::attribute || !expression.base) return "";
  const std::string base = dotted_name(*expression.base);
  if (base == "self") return expression.text;
  return base.empty() ? "" : base + "." + expression.text;
}

}  // namespace attn::shapes::python
