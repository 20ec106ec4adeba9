"""The catalogue of mistakes, listed and explained."""
import csv
import io
import json
import unittest

from tool import ToolTest, USAGE


class MistakesTest(ToolTest):
    def test_the_catalogue_has_its_85_mistakes_in_order(self):
        rows = list(csv.DictReader(io.StringIO(self.succeed("mistakes", "-f", "csv"))))
        self.assertEqual(len(rows), 85)
        self.assertEqual([rows[0]["id"], rows[-1]["id"]], ["S1", "T3"])
        for row in rows:
            for field in ("title", "symptom", "shows", "blind", "fix"):
                self.assertTrue(row[field], (row["id"], field))

    def test_one_mistake_is_explained_in_both_languages(self):
        english = self.succeed("mistakes", "C1", "--lang", "en")
        chinese = self.succeed("mistakes", "C1", "--lang", "zh")
        self.assertTrue(english.startswith("C1  "))
        self.assertNotEqual(english, chinese)
        self.assertIn("怎么改", chinese)

    def test_what_can_be_made_on_purpose_is_marked(self):
        rows = json.loads(self.succeed("mistakes", "C1", "E1", "-f", "json"))
        self.assertEqual([row["can_be_made"] for row in rows], [True, False])

    def test_an_unknown_id_is_refused(self):
        self.refuse(USAGE, "mistakes", "C11", mentions=("C11", "did you mean 'C1'"))


if __name__ == "__main__":
    unittest.main()
