#include <attn/shapes/call_binding.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes;

namespace {

CallArgument argument(const char* keyword, double number) { return {keyword, number_value(number), std::to_string(static_cast<int>(number))}; }

const Api& torch() { return *find_api("nn.MultiheadAttention"); }

struct Made {
  Construction construction;
  std::vector<std::string> rules;
};

Made make(const Api& api, const std::vector<CallArgument>& arguments) {
  std::vector<Finding> findings;
  Made made;
  made.construction = construct(api, arguments, findings);
  for (const Finding& finding : findings) made.rules.push_back(finding.rule);
  return made;
}

}  // namespace

TEST_CASE("arguments by position and by keyword in any order make the same module") {
  for (const auto& arguments : {std::vector<CallArgument>{argument("", 8), argument("", 2)},
                                std::vector<CallArgument>{argument("num_heads", 2), argument("embed_dim", 8)}}) {
    const Made made = make(torch(), arguments);
    CHECK(made.construction.config.d_model == 8);
    CHECK(made.construction.config.heads == 2);
    CHECK(made.rules.empty());
  }
}

TEST_CASE("a keyword of another API is wrong, yet still says what it means") {
  const Made made = make(torch(), {argument("d_model", 8), argument("nhead", 2), argument("colour", 1)});
  CHECK(made.rules == std::vector<std::string>{"keyword", "keyword", "unknown_keyword"});
  CHECK(made.construction.config.d_model == 8);
}

TEST_CASE("missing and superfluous arguments, and sizes that cannot be") {
  CHECK(make(torch(), {argument("embed_dim", 8)}).rules == std::vector<std::string>{"missing_argument"});
  CHECK(make(torch(), std::vector<CallArgument>(13, argument("", 1))).rules == std::vector<std::string>{"too_many_arguments"});
  CHECK(make(torch(), {argument("", 0), argument("", -2)}).rules == std::vector<std::string>{"positive", "positive"});
}

TEST_CASE("a size that the program does not fix is noted, not guessed") {
  const Made made = make(torch(), {{"embed_dim", Value{}, "width"}, argument("num_heads", 2)});
  CHECK(made.construction.unknown == std::vector<std::string>{"embed_dim = width"});
  CHECK(made.construction.config.d_model == 0);
  CHECK(made.rules.empty());
}

TEST_CASE("a truth value that the program does not fix is noted and left at its default") {
  const Made made = make(torch(), {argument("", 8), argument("", 2), {"bias", Value{}, "use_bias"}, {"batch_first", Value{}, "cfg.bf"}});
  CHECK(made.construction.unknown == std::vector<std::string>{"bias = use_bias", "batch_first = cfg.bf"});
  CHECK(made.construction.open == std::set<Role>{Role::bias, Role::batch_first});
  CHECK(made.construction.config.bias);
  CHECK_FALSE(make(torch(), {argument("", 8), argument("", 2), {"bias", Value{}, "None"}}).construction.config.bias);
}

TEST_CASE("unpacked arguments may be any: none is missing, and those whose position is not known are not bound") {
  const CallArgument config{"", Value{}, "**config", true}, sizes{"", Value{}, "*sizes", true};
  const Made made = make(torch(), {argument("", 8), config});
  CHECK(made.rules.empty());
  CHECK(made.construction.config.d_model == 8);
  CHECK(made.construction.unknown == std::vector<std::string>{"**config"});
  CHECK(made.construction.open.count(Role::heads) == 1);
  CHECK(made.construction.open.count(Role::d_model) == 0);
  CHECK(make(torch(), {sizes, argument("", 2)}).construction.config.d_model == 0);
  CHECK(make(*find_api("nn.Transformer"), {config}).construction.config.d_model == 0);
}

TEST_CASE("defaults are those of the API") {
  const Made made = make(*find_api("nn.Transformer"), {});
  CHECK(made.construction.config.d_model == 512);
  CHECK(made.construction.config.heads == 8);
  CHECK_FALSE(make(*find_api("d2l.MultiHeadAttention"), {argument("", 8), argument("", 2), argument("", 0)}).construction.config.bias);
}
