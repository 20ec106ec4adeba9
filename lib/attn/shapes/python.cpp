#include <attn/shapes/python.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace attn::shapes::python {
namespace {

using Kind = Expression::Kind;

constexpr int deepest = 100;  // brackets within brackets; deeper text is not a call anybody wrote

bool is_name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

struct Token {
  enum class Kind { name, number, text, symbol, end };
  Kind kind = Kind::end;
  std::string text;
};

std::vector<Token> tokens_of(std::string_view line) {
  std::vector<Token> tokens;
  std::size_t i = 0;
  const auto take_while = [&](auto&& belongs) {
    const std::size_t start = i;
    while (i < line.size() && belongs(line[i])) ++i;
    return std::string(line.substr(start, i - start));
  };
  while (i < line.size()) {
    const char c = line[i];
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++i;
    } else if (is_digit(c) || (c == '.' && i + 1 < line.size() && is_digit(line[i + 1]))) {
      tokens.push_back({Token::Kind::number, take_while([](char d) { return is_digit(d) || d == '.' || d == '_'; })});
      if (i < line.size() && (line[i] == 'e' || line[i] == 'E')) {
        tokens.back().text += take_while([](char d) { return is_name_part(d) || d == '-' || d == '+'; });
      }
    } else if (is_name_start(c)) {
      tokens.push_back({Token::Kind::name, take_while(is_name_part)});
    } else if (c == '\'' || c == '"') {
      ++i;
      tokens.push_back({Token::Kind::text, take_while([c](char d) { return d != c; })});
      if (i < line.size()) ++i;
    } else {
      static constexpr std::string_view pairs[] = {"**", "//", "==", "!=", "<=", ">=", "->", "+=", "-=", "*=", "/="};
      std::string symbol(1, c);
      for (const std::string_view pair : pairs) {
        if (line.substr(i, 2) == pair) symbol = pair;
      }
      i += symbol.size();
      tokens.push_back({Token::Kind::symbol, std::move(symbol)});
    }
  }
  return tokens;
}

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
    ExpressionPtr first = sum();
    if (!at(",")) return first;
    Expression tuple;
    tuple.kind = Kind::tuple;
    tuple.items.push_back(std::move(first));
    while (take(",")) {
      if (at_end() || at("=") || at(")")) break;
      tuple.items.push_back(sum());
    }
    return finish(std::move(tuple), start);
  }

  ExpressionPtr sum() {
    return chain([this] { return product(); }, {"+", "-", "==", "!=", "<", ">", "<=", ">="});
  }

 private:
  ExpressionPtr finish(Expression expression, std::size_t start) const {
    for (std::size_t i = start; i < next_ && i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      if (token.kind == Token::Kind::text) {
        expression.source += "'" + token.text + "'";
      } else {
        expression.source += token.text + (token.text == "," ? " " : "");
      }
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
      const std::size_t start = next_;
      while (take("*") || take("**")) {}
      const auto name = take_name();
      if (name && take("=")) {
        argument.keyword = *name;
      } else {
        next_ = start;
        while (take("*") || take("**")) {}
      }
      argument.value = sum();
      found.push_back(std::move(argument));
      skip_to(",", ")");
    }
    --depth_;
    return found;
  }

  std::vector<ExpressionPtr> items(std::string_view close) {
    std::vector<ExpressionPtr> found;
    ++depth_;
    while (!at_end() && !take(close)) {
      found.push_back(sum());
      skip_to(",", close);
    }
    --depth_;
    return found;
  }

  /// Past what was not understood, to behind the next separator or before the closing bracket.
  void skip_to(std::string_view separator, std::string_view close) {
    int open = 0;
    while (!at_end()) {
      if (open == 0 && take(separator)) return;
      if (open == 0 && at(close)) return;
      if (at("(") || at("[") || at("{")) ++open;
      if (at(")") || at("]") || at("}")) --open;
      ++next_;
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
      expression.kind = Kind::number;
      std::from_chars(token.text.data(), token.text.data() + token.text.size(), expression.number);
    } else if (token.kind == Token::Kind::name) {
      if (token.text == "not") return atom();
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

struct Line {
  std::size_t number = 0;
  std::string code, comment;
};

/// Logical lines: brackets continue a line, a semicolon ends a statement, # begins a comment.
std::vector<Line> logical_lines(std::string_view source) {
  std::vector<Line> lines;
  Line line{1, "", ""};
  std::size_t number = 1;
  int open = 0;
  char quote = 0;
  const auto end_line = [&] {
    if (!line.code.empty() || !line.comment.empty()) lines.push_back(line);
    line = {number, "", ""};
  };
  for (std::size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') ++number;
    if (quote != 0) {
      if (c == quote || c == '\n') quote = 0;
      line.code += c;
    } else if (c == '#') {
      const std::size_t end = std::min(source.find('\n', i), source.size());
      line.comment += source.substr(i + 1, end - i - 1);
      i = end - 1;
    } else if (open == 0 && (c == '\n' || c == ';')) {
      end_line();
    } else {
      if (c == '\'' || c == '"') quote = c;
      if (c == '(' || c == '[' || c == '{') ++open;
      if (c == ')' || c == ']' || c == '}') open = std::max(0, open - 1);
      line.code += c == '\n' ? ' ' : c;
    }
  }
  end_line();
  return lines;
}

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
  Parser parser(tokens_of(line.code));
  if (parser.at_end()) return statement;
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
