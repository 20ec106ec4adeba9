"""The JSON of --verify is what data/verify.schema.json describes: the report of one file, and those of several."""
import copy
import json
import pathlib
import sys
import unittest

import numpy as np

from tool import ToolTest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "planted"))
import json_schema  # noqa: E402

try:
    import jsonschema  # the same answers, where the package is installed
except ImportError:
    jsonschema = None

SCHEMA = json.loads((TESTS.parent / "data" / "verify.schema.json").read_text(encoding="utf-8"))
RUN = ("mha", "--d-model", "12", "--heads", "3", "--len", "4")


class SchemaTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.succeed(*RUN, "-o", "right.npz")
        self.succeed(*RUN, "--mistake", "C1", "-o", "wrong.npz")
        np.savez(self.folder / "strange.npz", strange=np.ones(3))
        (self.folder / "broken.npz").write_bytes(b"PK\x03\x04 and no more")

    def report(self, *arguments):
        return json.loads(self.run_tool(*RUN, "--verify", *arguments, "-f", "json").stdout)

    def fits(self, value):
        found = json_schema.problems(value, SCHEMA)
        if jsonschema:
            errors = list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(value))
            self.assertEqual(bool(errors), bool(found), (errors, found))
        return found

    def test_the_report_of_one_file(self):
        for arguments in (["right.npz"], ["wrong.npz"], ["strange.npz"], ["wrong.npz", "--hint", "1"], ["wrong.npz", "--hint", "3"]):
            report = self.report(*arguments)
            self.assertNotIn("reports", report)
            self.assertEqual(self.fits(report), [], arguments)

    def test_the_reports_of_several_files_also_of_one_that_cannot_be_read(self):
        files = ("right.npz", "wrong.npz", "strange.npz", "broken.npz")
        found = self.report(*files)
        self.assertEqual(list(found), ["reports"])
        self.assertEqual([report["file"] for report in found["reports"]], list(files))
        self.assertEqual([("error" in report) for report in found["reports"]], [False, False, False, True])
        self.assertEqual(self.fits(found), [])

    def test_what_is_neither_does_not_fit(self):
        several = self.report("right.npz", "wrong.npz")
        for change in (lambda value: value.update(verdict="match"), lambda value: value["reports"][1].pop("verdict"),
                       lambda value: value["reports"][0].update(more=1), lambda value: value.update(reports=value["reports"][0])):
            changed = copy.deepcopy(several)
            change(changed)
            self.assertNotEqual(self.fits(changed), [], changed.keys())
        one = several["reports"][1]
        self.assertEqual(self.fits(one), [])
        one["steps"][0]["status"] = "good"
        self.assertNotEqual(self.fits(one), [])
        self.assertNotEqual(self.fits({}), [])


if __name__ == "__main__":
    unittest.main()
