"""Languages and locales: notes are translated, numbers never change."""
import re
import unittest

from tool import SUBCOMMANDS, ToolTest

CHINESE = re.compile("[\u4e00-\u9fff]")


class LanguageTest(ToolTest):
    def test_a_chinese_locale_gives_chinese_notes(self):
        for command in SUBCOMMANDS:
            for env in ({"LANG": "zh_CN.UTF-8"}, {"LC_ALL": "zh_TW"}, {"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}):
                self.assertEqual(self.succeed(command, env=env), self.succeed(command, "--lang", "zh"), f"{command} {env}")

    def test_the_variables_are_read_in_the_order_of_posix(self):
        english = self.succeed("dot", "--lang", "en")
        for env in ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"},
                    {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, {"LANG": ""}, {"LANG": "C"}):
            self.assertEqual(self.succeed("dot", env=env), english, env)
        self.assertTrue(CHINESE.search(self.succeed("dot", env={"LANG": "zh_CN", "LC_ALL": ""})), "an empty variable counts as unset")

    def test_the_option_beats_the_locale(self):
        self.assertFalse(CHINESE.search(self.succeed("dot", "--lang", "en", env={"LC_ALL": "zh_CN.UTF-8"})))

    def test_numbers_are_the_same_in_every_language_and_locale(self):
        number = re.compile(r"-?\d+\.\d{4}")
        english = number.findall(self.succeed("mha", "--no-notes"))
        self.assertEqual(number.findall(self.succeed("mha", "--no-notes", "--lang", "zh")), english)
        for locale in ("de_DE", "de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "ar_EG.UTF-8", "hi_IN", "nonsense"):
            self.assertEqual(self.succeed("mha", "--lang", "en", env={"LC_ALL": locale}), self.succeed("mha"), locale)
            for name in ("csv", "json"):
                self.assertEqual(self.succeed("mha", "-f", name, env={"LC_ALL": locale}), self.succeed("mha", "-f", name), locale)
            self.assertIn("0.5", self.succeed("dot", "--scale", "0.5", "--lang", "en", env={"LC_NUMERIC": locale, "LC_ALL": locale}))

    def test_data_formats_do_not_depend_on_the_language(self):
        for name in ("csv", "json", "npz", "safetensors"):
            self.assertEqual(self.run_tool("mha", "-f", name, "--lang", "zh").stdout, self.run_tool("mha", "-f", name).stdout, name)

    def test_a_page_of_one_table_has_its_words_in_both_languages(self):
        for arguments in (["dot", "--cell", "weights[0,0,0,1]"], ["dot", "--list-steps"], ["layer", "--list-steps"], ["layer", "--cell", "self.norm[0,1,2]"],
                          ["gradient", "dot", "--list-steps"], ["mistakes"], ["mistakes", "C1"], ["probe"], ["scaling"], ["residual"], ["depth"]):
            for language in ("en", "zh"):
                page = self.succeed(*arguments, "-f", "html", "--lang", language)
                main = page[page.index("<main>"):page.index("</main>")]
                self.assertIn(f'<html lang="{language}">', page)
                for offered in ("en", "zh"):
                    self.assertIn(f'data-language="{offered}"', page, arguments)
                    self.assertIn(f'<div lang="{offered}">', main, arguments)
                self.assertRegex(main, "<h1>.*\\w.*</h1>", arguments)
                self.assertTrue(CHINESE.search(main), arguments)
                english = re.sub(r'<(span|div) lang="zh">.*?</\1>(?=<|\n)', "", main, flags=re.DOTALL)
                self.assertRegex(english, r"\b(the|of|not|for|sum)\b", arguments)

    def test_every_step_has_notes_in_both_languages(self):
        rich = ["--causal", "--softcap", "2", "--detail", "--dropout", "0.5"]
        for command in SUBCOMMANDS:
            english, chinese = (self.succeed(command, *rich, "--lang", word) for word in ("en", "zh"))
            sections = [re.split(r"(?m)^\[\d+/\d+\] ", text)[1:] for text in (english, chinese)]
            self.assertEqual(len(sections[0]), len(sections[1]))
            for one, other in zip(*sections):
                self.assertEqual(one.split()[0], other.split()[0], "step names are not translated")
                self.assertTrue(CHINESE.search(other), f"{command}: {other.split()[0]} has a note")

    def test_placeholders_of_notes_are_all_filled_in(self):
        rich = ["--causal", "--softcap", "2", "--detail", "--dropout", "0.5", "--valid-lens", "3,0", "--window", "1,2", "--batch", "2"]
        for command in SUBCOMMANDS:
            for language in ("en", "zh"):
                for name in ("text", "markdown"):
                    text = self.succeed(command, *rich, "--lang", language, "-f", name)
                    words = re.sub(r"\$.*?\$", "", text)  # formulas have braces of their own
                    self.assertNotRegex(words, r"\{[a-zA-Z_]+\}", f"{command} {language}")

    def test_chinese_and_latin_words_are_set_apart_where_lines_join(self):
        words = " ".join(self.succeed("cross", "--mask", "[[[[true,false,true,true,true]]]]", "--lang", "zh", "--width", 1000).split("\n"))
        self.assertIn("scaled_dot_product_attention 这样理解", words)

    def test_chinese_punctuation_separates_lists(self):
        text = self.succeed("sdpa", "--batch", 2, "--len", 7, "--valid-lens", "7,5", "--lang", "zh", "--width", 1000)
        self.assertIn("前 7、5 个键", text)
        self.assertIn("逐元素相等", text)


if __name__ == "__main__":
    unittest.main()
