#include <attn/render/display_width.hpp>

#include <doctest/doctest.h>

using namespace attn::render;
using Lines = std::vector<std::string>;

TEST_CASE("Latin letters take one column, Chinese characters and emoji two, combining marks none") {
  CHECK(display_width("softmax") == 7);
  CHECK(display_width("注意力") == 6);
  CHECK(display_width("Q·Kᵀ √5 ⎡⎤") == 10);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("\U0001F600") == 2);
  CHECK(display_width("，。") == 4);
  CHECK(display_width("\uAC00") == 2);       // Hangul syllable
  CHECK(display_width("\uFF71") == 1);       // halfwidth katakana
  CHECK(display_width("a\u200Bb\tc") == 3);  // a zero-width space and a control character
}

TEST_CASE("malformed UTF-8 becomes replacement characters, a byte at a time") {
  CHECK(valid_utf8("a\xFFz") == "a\uFFFDz");
  CHECK(valid_utf8("\xC0\x80") == "\uFFFD\uFFFD");            // overlong zero
  CHECK(valid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
  CHECK(valid_utf8("\xE6\xB3") == "\uFFFD\uFFFD");            // cut off
  CHECK(valid_utf8("\xF4\x90\x80\x80").size() == 12);         // beyond U+10FFFF
  CHECK(valid_utf8("注\U0010FFFF") == "注\U0010FFFF");
  CHECK(display_width("\xFF\xFF") == 2);
}

TEST_CASE("padding and clipping count columns, not bytes") {
  CHECK(pad_right("头", 4) == "头  ");
  CHECK(pad_left("头", 4) == "  头");
  CHECK(pad_left("longer", 3) == "longer");
  CHECK(clip("attention", 6) == "atten…");
  CHECK(clip("注意力机制", 6) == "注意…");  // 注意力 would leave no column for the ellipsis
  CHECK(clip("注意力", 6) == "注意力");
}

TEST_CASE("English wraps at spaces") {
  CHECK(wrap("every row sums to one", 10) == Lines{"every row", "sums to", "one"});
  CHECK(wrap("", 10) == Lines{""});
  CHECK(wrap("one\ntwo", 10) == Lines{"one", "two"});
}

TEST_CASE("Chinese wraps between characters, but no line starts with a comma or ends with a bracket") {
  CHECK(wrap("注意力权重之和", 6) == Lines{"注意力", "权重之", "和"});
  CHECK(wrap("注意力，权重", 6) == Lines{"注意", "力，权", "重"});
  CHECK(wrap("权重（和为一）", 6) == Lines{"权重", "（和为", "一）"});
}

TEST_CASE("a Latin word inside Chinese text stays whole") {
  CHECK(wrap("然后softmax归一化", 9) == Lines{"然后", "softmax归", "一化"});
}

TEST_CASE("a word longer than the line is cut") {
  CHECK(wrap("abcdefghij kl", 4) == Lines{"abcd", "efgh", "ij", "kl"});
}

TEST_CASE("no line is wider than asked for, and wrapping loses nothing but spaces") {
  const std::string text =
      "如果查询和键的各分量互相独立、方差为 1，那么点积是 64 项之和 (a sum of 64 products)，方差就是 64。";
  const auto without_spaces = [](std::string s) {
    std::string kept;
    for (const char c : s) {
      if (c != ' ') kept += c;
    }
    return kept;
  };
  for (std::size_t width = 8; width <= 100; ++width) {
    std::string joined;
    for (const std::string& line : wrap(text, width)) {
      CHECK(display_width(line) <= width);
      joined += line;
    }
    CHECK(without_spaces(joined) == without_spaces(text));
  }
}
