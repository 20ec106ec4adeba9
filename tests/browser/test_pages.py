"""What `-f html` writes, opened in Chromium: it loads in silence and alone, can be used with the keyboard, and
says what the tool computed. Screenshots are kept in the folder SCREENSHOTS.

Exit status 77 (skipped) where Chromium or Selenium is not installed."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    webdriver = None

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND")
WIDE, NARROW = (1280, 1400), (420, 900)
EVIL = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)
        cls.screenshots = pathlib.Path(os.environ["SCREENSHOTS"])
        cls.screenshots.mkdir(parents=True, exist_ok=True)

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnscope-pages-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def run_tool(self, tool, *arguments, code=0):
        run = subprocess.run([os.environ[tool], *map(str, arguments)], cwd=self.folder, capture_output=True, timeout=60,
                             env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((run.returncode, run.stderr), (code, b""), arguments)
        return run.stdout

    def open(self, tool, *arguments, size=WIDE, theme="light", code=0):
        """Opens the page that the tool writes; it must load without a word and without asking for anything else."""
        self.run_tool(tool, *arguments, "-o", "page.html", "--force", code=code)
        page = self.folder / "page.html"
        self.assertLess(page.stat().st_size, 5_000_000)
        browser = self.browser
        browser.get("about:blank")
        browser.get_log("browser"), browser.get_log("performance")
        browser.set_window_size(*size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
        browser.get(page.as_uri())
        self.assertEqual(browser.get_log("browser"), [])
        asked = [entry["message"] for entry in browser.get_log("performance") if '"Network.requestWillBeSent"' in entry["message"]]
        elsewhere = [one for one in asked if '"url":"file:' not in one and '"url":"data:' not in one and '"url":"about:' not in one]
        self.assertEqual(elsewhere, [])

    def picture(self, name):
        self.browser.save_screenshot(str(self.screenshots / f"{name}.png"))

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def shown(self, selector):
        return [element for element in self.all(selector) if element.is_displayed()]

    def choose(self, axis, value):
        Select(self.one(f"select[data-axis={axis}]")).select_by_value(str(value))

    def panel(self, name):
        return f".attn-panel[data-name={name}]"

    def mha(self, **options):
        data = pathlib.Path(os.environ["DATA"], "torch-mha")
        self.open("ATTN_COMPUTE", "mha", "--weights", data / "module.safetensors", "--heads", "4", "--input", data / "x.npy",
                  "--valid-lens", "6,4", **options)

    def test_steps_stand_in_the_order_of_the_computation(self):
        self.mha()
        self.picture("mha")
        names = [one.text for one in self.all("h2.step code")]
        data = pathlib.Path(os.environ["DATA"], "torch-mha")
        run = json.loads(self.run_tool("ATTN_COMPUTE", "mha", "--weights", data / "module.safetensors", "--heads", "4", "--input", data / "x.npy",
                                       "--valid-lens", "6,4", "-f", "json"))
        self.assertEqual(names, [step["step"] for step in run["steps"]])
        self.assertEqual(names[0], "x")
        self.assertEqual(names[-1], "output")
        self.assertIn("scores_masked", names)
        self.assertGreater(len(self.all("math")), 5)

    def test_head_and_batch_are_chosen(self):
        self.mha()
        weights = self.panel("weights") + " figure"
        self.assertEqual(len(self.all(weights)), 8)
        self.assertEqual(len(self.shown(weights)), 4)  # one batch, all of its heads
        self.choose("H", 2)
        self.assertEqual([one.get_attribute("data-at") for one in self.shown(weights)], ["B=0 H=2"])
        self.choose("B", 1)
        self.assertEqual([one.get_attribute("data-at") for one in self.shown(weights)], ["B=1 H=2"])
        self.choose("B", "all")
        self.assertEqual(len(self.shown(weights)), 2)
        self.picture("mha-one-head")

    def test_the_keyboard_reads_every_number(self):
        self.mha()
        expected = {}
        for line in self.run_tool("ATTN_COMPUTE", "mha", "--weights", pathlib.Path(os.environ["DATA"], "torch-mha/module.safetensors"), "--heads", "4",
                                  "--input", pathlib.Path(os.environ["DATA"], "torch-mha/x.npy"), "--valid-lens", "6,4", "--steps", "weights",
                                  "-f", "csv").decode().splitlines()[1:]:
            step, batch, head, row, column, value = line.split(",")
            expected[f"{step}[{batch},{head},{row},{column}]"] = value
        cell = self.one(self.panel("weights") + " td[tabindex='0']")
        self.browser.execute_script("arguments[0].focus()", cell)
        inspector = self.one("#inspector")
        seen = [inspector.text]
        for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END, Keys.ARROW_UP, Keys.HOME):
            self.browser.switch_to.active_element.send_keys(key)
            seen.append(inspector.text)
        self.assertEqual([text.split(" = ")[0] for text in seen],
                         ["weights[0,0,0,0]", "weights[0,0,0,1]", "weights[0,0,1,1]", "weights[0,0,1,5]", "weights[0,0,0,5]", "weights[0,0,0,0]"])
        for text in seen:
            name, value = text.split(" = ")
            self.assertEqual(value, expected[name], text)
        self.picture("mha-keyboard")
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.assertFalse(inspector.is_displayed())

    def test_brackets_turn_to_the_next_head(self):
        self.mha()
        self.one("body").send_keys("]")
        self.assertEqual(Select(self.one("select[data-axis=H]")).first_selected_option.get_attribute("value"), "0")
        self.one("body").send_keys("[")
        self.assertEqual(Select(self.one("select[data-axis=H]")).first_selected_option.get_attribute("value"), "all")

    def test_a_number_under_the_pointer_shows_all_of_its_digits(self):
        self.open("ATTN_COMPUTE", "dot")
        cell = self.one(self.panel("weights") + " td")
        webdriver.ActionChains(self.browser).move_to_element(cell).perform()
        self.assertEqual(self.one("#inspector").text, "weights[0,0,0,0] = 0.2869980529417199")

    def test_the_language_changes_and_the_numbers_stay(self):
        self.open("ATTN_COMPUTE", "dot")
        self.assertIn("Dot-product attention", self.one("h1").text)
        self.assertNotIn("点积", self.one("main").text)
        number = self.one(self.panel("weights") + " td").text
        self.one("[data-language=zh]").click()
        self.assertIn("点积注意力", self.one("h1").text)
        self.assertNotIn("Three moves", self.one("main").text)
        self.assertEqual(self.one(self.panel("weights") + " td").text, number)
        self.assertEqual(self.one("html").get_attribute("lang"), "zh")
        self.picture("dot-zh")

    def test_light_and_dark(self):
        colours = {}
        background = "return getComputedStyle(document.body).backgroundColor"
        for theme in ("light", "dark"):
            self.open("ATTN_COMPUTE", "dot", theme=theme)
            colours[theme] = self.browser.execute_script(background)
            self.picture(f"dot-{theme}")
        self.assertNotEqual(colours["light"], colours["dark"])
        self.one("#theme").click()
        self.assertEqual(self.browser.execute_script(background), colours["light"])

    def test_a_narrow_window_is_not_scrolled_sideways(self):
        self.mha(size=NARROW, theme="dark")
        self.picture("mha-narrow-dark")
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"),
                             self.browser.execute_script("return document.documentElement.clientWidth"))

    def test_large_tensors_are_thinned_and_say_so(self):
        self.open("ATTN_COMPUTE", "sdpa", "--batch", "2", "--heads", "16", "--len", "400", "--head-dim", "64", "--causal")
        self.assertIn("shown in part", self.one(self.panel("weights") + " .attn-remark").text)
        self.choose("H", 8)
        self.assertIn("left out", self.one(self.panel("weights") + " .left-out").text)
        self.choose("H", 1)
        self.one(self.panel("weights")).location_once_scrolled_into_view
        self.picture("large")

    def test_names_are_names_and_no_program(self):
        right = self.folder / "right.npz"
        self.run_tool("ATTN_COMPUTE", "mha", "--d-model", "8", "--heads", "2", "-o", right)
        with np.load(right) as steps:
            arrays = {"weights": steps["weights"], EVIL.replace("/", "\u2215"): np.ones((7, 7))}
        evil = self.folder / "<img src=x onerror=alert(1)>.npz"
        np.savez(evil, **arrays)
        self.open("ATTN_COMPUTE", "mha", "--d-model", "8", "--heads", "2", "--verify", evil)
        self.assertIn("<script>", self.one("main").text)
        self.assertNotEqual(self.browser.title, "broken")
        self.assertEqual(self.all("main script, main img"), [])

    def test_a_verification_shows_ours_theirs_and_the_difference(self):
        size = ("--d-model", "12", "--heads", "3", "--len", "4")
        self.run_tool("ATTN_COMPUTE", "mha", *size, "--mistake", "C1", "--steps", "scores_*,weights,output", "-o", "theirs.npz")
        self.open("ATTN_COMPUTE", "mha", *size, "--verify", "theirs.npz", code=1)
        self.picture("verify")
        blocks = self.all("section.block")
        self.assertIn("theirs.npz", blocks[0].text)
        self.assertIn("scores_scaled", blocks[0].text)
        self.assertIn("C1", blocks[1].text)
        beside = self.all(".beside")
        self.assertEqual(len(beside), 5)
        scaled = beside[1].find_elements(By.TAG_NAME, "h3")
        self.assertEqual([one.text for one in scaled], ["ours", "theirs", "difference: ours − theirs"])
        first = [panel.find_element(By.CSS_SELECTOR, "td") for panel in beside[1].find_elements(By.CSS_SELECTOR, ".attn-panel")]
        ours, theirs, difference = [float(cell.get_attribute("data-v")) for cell in first]
        self.assertAlmostEqual(ours - theirs, difference, places=15)
        self.assertLess(max(one.location["y"] for one in beside[1].find_elements(By.TAG_NAME, "h3")) -
                        min(one.location["y"] for one in beside[1].find_elements(By.TAG_NAME, "h3")), 3)
        self.browser.execute_script("arguments[0].scrollIntoView()", beside[1])
        self.picture("verify-beside")

    def test_tensors_beside_each_other_scroll_to_the_same_columns(self):
        size = ("--d-model", "24", "--heads", "2", "--len", "3")
        self.run_tool("ATTN_COMPUTE", "mha", *size, "--mistake", "C1", "--steps", "output", "-o", "theirs.npz")
        self.open("ATTN_COMPUTE", "mha", *size, "--verify", "theirs.npz", code=1)
        parts = self.shown(".beside .attn-scroll")
        self.assertEqual(len(parts), 3)
        self.browser.execute_script("arguments[0].scrollLeft = 30", parts[1])
        WebDriverWait(self.browser, 10).until(lambda _: {part.get_property("scrollLeft") for part in parts} == {30})

    def test_weights_in_a_wrong_layout_are_shown_beside_the_right_ones(self):
        weights = {"in_proj_weight": np.arange(48.0).reshape(12, 4), "out_proj.weight": np.eye(4)}
        np.savez(self.folder / "torch.npz", **weights)
        self.run_tool("MHA_SHAPES", "layouts", "--from", "torch", "--to", "linear", "--heads", "2", "torch.npz", "linear.npz")
        with np.load(self.folder / "linear.npz") as right:
            wrong = {name: right[name].T for name in right.files}
        np.savez(self.folder / "mine.npz", **wrong)
        self.open("MHA_SHAPES", "layouts", "--from", "torch", "--to", "linear", "--heads", "2", "torch.npz", "--verify", "mine.npz", code=1)
        self.picture("verify-layout")
        self.assertIn("P1", self.all("section.bad")[0].text)
        self.assertEqual(len(self.all(".beside")), len(wrong))
        self.assertEqual(len(self.all(".beside h3")), 3 * len(wrong))

    def test_a_match_is_green_in_both_languages(self):
        self.run_tool("ATTN_COMPUTE", "mha", "--d-model", "8", "--heads", "2", "-o", "right.npz")
        self.open("ATTN_COMPUTE", "mha", "--d-model", "8", "--heads", "2", "--verify", "right.npz")
        self.assertEqual(len(self.all("section.good")), 1)
        self.assertEqual(self.all("section.bad"), [])
        self.one("[data-language=zh]").click()
        self.assertIn("right.npz", self.one("h2").text)

    def test_every_tool_has_pages_in_both_languages(self):
        runs = {"layer": ("ATTN_COMPUTE", "layer", "--kind", "decoder"), "cell": ("ATTN_COMPUTE", "dot", "--cell", "weights[0,0,1,2]"),
                "steps": ("ATTN_COMPUTE", "mha", "--list-steps"), "mistakes": ("ATTN_COMPUTE", "mistakes"), "scaling": ("ATTN_COMPUTE", "scaling"),
                "sinusoidal": ("POSENC_DUMP", "sinusoidal"), "alibi": ("POSENC_DUMP", "alibi"), "rope": ("POSENC_DUMP", "rope", "--input", "randn:1x5x8"),
                "similarity": ("POSENC_DUMP", "similarity"), "binary": ("POSENC_DUMP", "binary"), "learned": ("POSENC_DUMP", "learned"),
                "complexity": ("COMPLEXITY_COMPARE", "table"), "crossover": ("COMPLEXITY_COMPARE", "crossover"),
                "paths": ("COMPLEXITY_COMPARE", "paths"), "sweep": ("COMPLEXITY_COMPARE", "sweep"),
                "shapes": ("MHA_SHAPES", "trace"), "masks": ("MHA_SHAPES", "masks"), "quiz": ("MHA_SHAPES", "quiz")}
        for name, run in runs.items():
            with self.subTest(name):
                self.open(*run)
                self.picture(name)
                self.assertGreater(len(self.shown("main table")), 0)
                english = self.one("main").text
                self.one("[data-language=zh]").click()
                chinese = self.one("main").text
                self.assertNotEqual(english, chinese)
                self.assertTrue(any("\u4e00" <= c <= "\u9fff" for c in chinese))


if __name__ == "__main__":
    missing = [name for name, found in (("chromium", CHROMIUM), ("chromedriver", DRIVER), ("selenium for Python", webdriver)) if not found]
    if missing:
        print("skipped: " + ", ".join(missing) + " not installed (Debian: chromium, chromium-driver, python3-selenium)")
        sys.exit(77)
    unittest.main()
