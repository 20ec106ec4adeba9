#include <attn/lessons/lesson.hpp>

#include <attn/error.hpp>
#include <attn/verify/mistakes.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace attn;
using namespace attn::lessons;

namespace {

std::string topic_of(const std::string& key) { return key.substr(0, key.find('.')); }

/// meaning.* and formula.* stand in the step table for English, and in the lesson file otherwise.
bool is_in_step_table(const std::string& key) {
  return topic_of(key) == "meaning" || topic_of(key) == "formula";
}

/// Each kind of file comes in both languages.
using LessonOf = const Lesson& (*)(Language);
constexpr LessonOf every_kind[] = {lesson, mistake_lesson, variant_lesson, shape_lesson};

std::set<std::string> keys_of(const Lesson& file) {
  std::set<std::string> keys;
  for (const Lesson::Entry& entry : file.entries()) {
    if (!is_in_step_table(entry.key)) keys.insert(entry.key);
  }
  return keys;
}

using NamesByKey = std::map<std::string, std::set<std::string>>;

NamesByKey placeholders_of(const Lesson& lesson_file) {
  NamesByKey names;
  for (const Lesson::Entry& entry : lesson_file.entries()) {
    for (const std::string& paragraph : entry.paragraphs) {
      for (const std::string& name : placeholders_in(paragraph)) names[entry.key].insert(name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("both languages have the same keys") {
  for (const LessonOf of : every_kind) CHECK(keys_of(of(Language::en)) == keys_of(of(Language::zh)));
}

TEST_CASE("a note and its translation use the same values, and every value has a known name") {
  const auto& known = placeholder_names();
  for (const LessonOf of : every_kind) {
    NamesByKey english = placeholders_of(of(Language::en)), chinese = placeholders_of(of(Language::zh));
    for (const std::string& key : keys_of(of(Language::en))) {
      CAPTURE(key);
      const std::set<std::string> names = english[key];
      CHECK(names == chinese[key]);
      for (const std::string& name : names) CHECK(std::find(known.begin(), known.end(), name) != known.end());
    }
  }
}

TEST_CASE("every mistake has every field in both languages, in the order of the catalogue") {
  const std::vector<std::string> fields = {"title", "symptom", "shows", "blind", "message", "fix"};
  std::vector<std::string> expected;
  for (const std::string_view id : mistake_ids()) {
    for (const std::string& field : fields) expected.push_back(std::string(id) + "." + field);
  }
  for (const Language language : {Language::en, Language::zh}) {
    std::vector<std::string> keys;
    for (const Lesson::Entry& entry : mistake_lesson(language).entries()) {
      CAPTURE(entry.key);
      CHECK(entry.paragraphs.size() == 1);
      keys.push_back(entry.key);
    }
    CHECK(keys == expected);
  }
}

TEST_CASE("the catalogue has its 85 ids, each once") {
  const std::vector<std::pair<std::string, int>> groups = {{"S", 5},  {"P", 9}, {"H", 5},  {"G", 2}, {"C", 7},
                                                           {"M", 17}, {"W", 7}, {"X", 2},  {"E", 12}, {"R", 7},
                                                           {"AL", 3}, {"L", 6}, {"T", 3}};
  std::vector<std::string> expected;
  for (const auto& [letters, count] : groups) {
    for (int i = 1; i <= count; ++i) expected.push_back(letters + std::to_string(i));
  }
  CHECK(expected.size() == 85);
  CHECK(std::vector<std::string>(mistake_ids().begin(), mistake_ids().end()) == expected);
}

TEST_CASE("the title of a mistake has at most 60 characters, and only messages have values") {
  for (const Language language : {Language::en, Language::zh}) {
    for (const Lesson::Entry& entry : mistake_lesson(language).entries()) {
      CAPTURE(entry.key);
      const std::string& text = entry.paragraphs.front();
      const std::string field = entry.key.substr(entry.key.find('.') + 1);
      const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
      if (field == "title") CHECK(std::count_if(text.begin(), text.end(), is_first_byte) <= 60);
      if (field != "message") CHECK(placeholders_in(text).empty());
    }
  }
}

TEST_CASE("every step has a note in both languages, and every key is about a step or a known topic") {
  for (const Language language : {Language::en, Language::zh}) {
    for (const StepInfo& row : step_table()) {
      CAPTURE(row.name);
      CHECK(lesson(language).note(row.name).has_value());
    }
    const std::set<std::string> topics = {"title", "intro", "closing", "layout", "caveat",
                                          "check", "word",  "meaning", "formula", "run_formula", "cell", "posenc", "verify", "mistakes", "page",
                                          "complexity", "shapes", "experiment", "needs", "variant", "probe", "tiles"};
    for (const Lesson::Entry& entry : lesson(language).entries()) {
      CAPTURE(entry.key);
      const std::string topic = topic_of(entry.key);
      CHECK((topics.count(topic) == 1 || find_step(topic).has_value()));
      if (is_in_step_table(entry.key)) CHECK(find_step(entry.key.substr(topic.size() + 1)).has_value());
    }
  }
}

TEST_CASE("Chinese says what every step means; English takes it from the step table") {
  for (const StepInfo& row : step_table()) {
    CAPTURE(row.name);
    CHECK(lesson(Language::zh).note("meaning", row.name).has_value());
    CHECK(meaning(Language::en, row.step) == row.meaning);
  }
  CHECK(meaning(Language::zh, Step::q) == "按头拆分的查询");
  CHECK(formula(Language::zh, Step::q) == "<q_proj> 按头拆分");
  CHECK(formula(Language::zh, Step::heads) == formula(Language::en, Step::heads));
}

TEST_CASE("a formula in words is translated, one in symbols need not be") {
  for (const StepInfo& row : step_table()) {
    // Two Latin words in a row, such as "split into": that is a sentence, not mathematics.
    const std::string text(row.formula);
    const bool in_words = text.find("heads") != std::string::npos ||
                          text.find(" over ") != std::string::npos ||
                          text.find("may attend") != std::string::npos;
    CAPTURE(row.name);
    if (in_words) CHECK(lesson(Language::zh).note("formula", row.name).has_value());
  }
}

TEST_CASE("a variant falls back to the entry without one, and an unknown key has no note") {
  const Lesson file("test", "[mask]\ngeneral\n[mask.causal]\nno future\n");
  CHECK(file.note("mask", "causal") == "no future");
  CHECK(file.note("mask", "window") == "general");
  CHECK(file.note("mask") == "general");
  CHECK_FALSE(file.note("scores", "causal").has_value());
}

TEST_CASE("values replace their names, and a name without a value stays") {
  const Lesson file("test", "[k]\n√{D} = {scale}, {D}\n");
  CHECK(file.note("k", "", {{"D", "64"}}) == "√64 = scale, 64");
}

TEST_CASE("lines join with a space, Chinese lines without, and an empty line starts a paragraph") {
  const Lesson file("test", "# comment\n[k]\none\ntwo\n\n注意\n力 x\nand\n\n\n");
  CHECK(file.paragraphs("k") == std::vector<std::string>{"one two", "注意力 x and"});
  CHECK(file.note("k") == "one two\n注意力 x and");
}

TEST_CASE("between a Chinese and a Latin word lines join with a space, beside punctuation without") {
  const auto joined = [](const std::string& lines) { return Lesson("test", "[k]\n" + lines + "\n").note("k").value(); };
  CHECK(joined("PyTorch 的 attention\n这样理解") == "PyTorch 的 attention 这样理解");
  CHECK(joined("自注意力为\nO(n)，循环") == "自注意力为 O(n)，循环");
  CHECK(joined("什么都不乘的路：\nx + f(x)") == "什么都不乘的路：x + f(x)");
  CHECK(joined("词元上。\n{E} 列") == "词元上。E 列");
  CHECK(joined("称为“\n残差”") == "称为“残差”");
  CHECK(joined("one —\ntwo") == "one — two");
}

TEST_CASE("a malformed lesson file is refused with its line") {
  CHECK_THROWS_WITH_AS(Lesson("f", "\nstray\n"), "f: line 2: text before the first [key]", std::logic_error);
  CHECK_THROWS_WITH_AS(Lesson("f", "# fine\nstray\n[a]\nx\n"), "f: line 2: text before the first [key]", std::logic_error);
  CHECK_THROWS_WITH_AS(Lesson("f", "[a]\nx\n[a]\ny\n"), "f: line 3: [a] is given twice", std::logic_error);
}

TEST_CASE("a malformed entry is refused where it is read, with the line that ends it") {
  const Lesson empty("f", "[a]\n\n[b]\ny\n"), stray("f", "[a]\nx\n[b]\nset {x, y}\n[c]\nz\n");
  CHECK(empty.note("b") == "y");
  CHECK_THROWS_WITH_AS(empty.note("a"), "f: line 3: [a] has no text", std::logic_error);
  CHECK_THROWS_WITH_AS(empty.entries(), "f: line 3: [a] has no text", std::logic_error);
  CHECK(stray.note("a") == "x");
  CHECK_THROWS_WITH_AS(stray.paragraphs("b"), "f: line 5: [b] has a brace that is not part of a placeholder such as {D}", std::logic_error);
  CHECK_THROWS_AS(stray.entries(), std::logic_error);
}

TEST_CASE("every entry of a file with hundreds is found under its key") {
  std::string text;
  for (int i = 0; i < 700; ++i) text += "[key." + std::to_string(i) + "]\nnote " + std::to_string(i) + "\n";
  const Lesson file("test", text);
  for (int i = 0; i < 700; ++i) CHECK(file.note("key." + std::to_string(i)) == "note " + std::to_string(i));
  CHECK(file.keys().size() == 700);
  CHECK(file.keys().back() == "key.699");
  CHECK_FALSE(file.note("key.700").has_value());
}

TEST_CASE("languages are found by their names") {
  CHECK(find_language("zh") == Language::zh);
  CHECK(find_language("en") == Language::en);
  CHECK_FALSE(find_language("fr").has_value());
}

TEST_CASE("every phrase about a variant belongs to a mistake and fits its message") {
  for (const Language language : {Language::en, Language::zh}) {
    NamesByKey of_messages = placeholders_of(mistake_lesson(language));
    for (const Lesson::Entry& entry : variant_lesson(language).entries()) {
      CAPTURE(entry.key);
      const std::string id = entry.key.substr(0, entry.key.find('.'));
      const auto& ids = mistake_ids();
      REQUIRE(std::find(ids.begin(), ids.end(), std::string_view(id)) != ids.end());
      CHECK(of_messages[id + ".message"].count("found") == 1);
      CHECK(entry.paragraphs.size() == 1);
    }
  }
}

TEST_CASE("what becomes of rows is said after the variant that empties them") {
  CHECK(variant_phrase(Language::en, "M1", "padding, rows without keys are NaN") == "the padding mask; rows that are left without any key become NaN");
  CHECK(variant_phrase(Language::zh, "M1", "padding, rows without keys are NaN") == "填充掩码；没有剩下任何键的行成为 NaN");
  CHECK_FALSE(variant_phrase(Language::en, "M1", "padding, rows without keys are green"));
  CHECK_FALSE(variant_phrase(Language::en, "M1", "no such rule, rows without keys are NaN"));
}

TEST_CASE("every variant in the table of mistakes with {found} in its message has a phrase in both languages") {
  NamesByKey of_messages = placeholders_of(mistake_lesson(Language::en));
  for (const Mistake& mistake : mistake_table()) {
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    const bool wanted = of_messages[mistake.id + ".message"].count("found") == 1;
    for (const Language language : {Language::en, Language::zh}) {
      if (!wanted) continue;
      const auto phrase = variant_phrase(language, mistake.id, mistake.variant);
      REQUIRE(phrase);
      // "M1" would do for "M1.padding" if that were missing.
      if (!mistake.variant.empty()) CHECK(phrase != variant_lesson(language).note(mistake.id));
    }
  }
}
