#include <attn/render/escape.hpp>

#include <doctest/doctest.h>

using namespace attn::render;

TEST_CASE("a CSV field is quoted only where RFC 4180 needs it") {
  CHECK(csv_field("scores_raw") == "scores_raw");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"hi\"") == "\"say \"\"hi\"\"\"");
  CHECK(csv_field("two\nlines") == "\"two\nlines\"");
  CHECK(csv_field(" outer") == "\" outer\"");
  CHECK(csv_field("") == "");
}

TEST_CASE("a JSON string escapes quotes, backslashes and control characters, and keeps UTF-8") {
  CHECK(json_string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_string("line\nbreak\ttab\r") == R"("line\nbreak\ttab\r")");
  CHECK(json_string(std::string("\x01\x1F", 2)) == R"("\u0001\u001f")");
  CHECK(json_string("Q·Kᵀ 注意力") == "\"Q·Kᵀ 注意力\"");
  CHECK(json_string("\xFF") == "\"\uFFFD\"");
}

TEST_CASE("Markdown text cannot start a table cell, emphasis, code or a formula") {
  CHECK(markdown_text("a|b*c_d`e$f") == "a\\|b\\*c\\_d\\`e\\$f");
  CHECK(markdown_text("two\nlines") == "two lines");
}

TEST_CASE("HTML text has no markup of its own, inside quotes either") {
  CHECK(html_text("a < b & \"c\" > 'd'") == "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;");
  CHECK(html_text("头 \xff") == "头 \xEF\xBF\xBD");
}
