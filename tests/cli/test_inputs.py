"""Tensors in: every format, every spelling, standard input, literals and generators."""
import io
import json
import struct
import unittest

import numpy as np

from tool import INPUT, LIMIT, SYSTEM, ToolTest, USAGE

X = np.array([[0.1, -2.5, 3e-7], [1e300, 5e-324, -0.0]])


def npy(array, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), **options)
    return stream.getvalue()


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def safetensors(**arrays):
    header, body = {}, b""
    for name, array in arrays.items():
        data = array.tobytes()
        header[name] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def csv(array):
    return "\n".join(",".join(repr(float(x)) for x in row) for row in array).encode() + b"\n"


FILES = {"x.npy": npy(X), "x.npz": npz(x=X), "x.safetensors": safetensors(x=X), "x.csv": csv(X),
         "x.json": json.dumps(X.tolist()).encode()}


class InputTest(ToolTest):
    def read(self, *argument, **options):
        """The tensor of --query as the tool read it."""
        return self.step("q", "dot", "--query", *argument, "--key", "ones:1x3", **options)[0, 0]

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return name

    def test_every_format_reads_bit_exactly(self):
        for name, content in FILES.items():
            self.assert_equal(self.read(self.write(name, content)), X, name)

    def test_every_format_reads_from_standard_input(self):
        for name, content in FILES.items():
            self.assert_equal(self.read("-", stdin=content), X, name)
        self.assert_equal(self.read("-:x", stdin=FILES["x.npz"]), X)

    def test_standard_input_can_be_read_once(self):
        self.refuse(USAGE, "dot", "--query", "-", "--key", "-", stdin=FILES["x.npy"], mentions=("--key", "standard input"))

    def test_empty_standard_input_is_refused(self):
        self.refuse(INPUT, "dot", "--query", "-", "--key", "ones:1x3", stdin=b"", mentions="--query")

    def test_content_decides_the_format_without_a_known_extension(self):
        for name, content in FILES.items():
            self.assert_equal(self.read(self.write("tensor.data", content)), X, name)
            self.assert_equal(self.read(self.write("tensor", content)), X, name)

    def test_extensions_are_known_in_capitals(self):
        for name, content in FILES.items():
            self.assert_equal(self.read(self.write(name.upper(), content)), X, name)

    def test_a_name_chooses_one_array_of_several(self):
        both = dict(other=np.zeros((2, 2)), x=X)
        for name, content in {"b.npz": npz(**both), "b.safetensors": safetensors(**both),
                              "b.json": json.dumps({n: a.tolist() for n, a in both.items()}).encode()}.items():
            self.write(name, content)
            self.assert_equal(self.read(f"{name}:x"), X, name)
            self.refuse(INPUT, "dot", "--query", name, mentions=(name, "other", "x"))
            self.refuse(INPUT, "dot", "--query", f"{name}:y", mentions=(name, "'y'", "other"))
            self.refuse(INPUT, "dot", "--query", f"{name}:othr", mentions="did you mean 'other'")

    def test_a_name_for_an_array_without_one_is_refused(self):
        for name in ("x.npy", "x.csv"):
            self.refuse(INPUT, "dot", "--query", self.write(name, FILES[name]) + ":x", mentions=name)

    def test_the_trace_of_a_run_is_an_input_again(self):
        for extension in ("csv", "json", "npz", "safetensors"):
            self.succeed("dot", "-o", f"trace.{extension}")
            want = self.step("weights", "dot")
            steps = self.steps("sdpa", "--query", f"trace.{extension}:weights", "--key", f"trace.{extension}:weights",
                               "--value", f"trace.{extension}:weights")
            self.assert_equal(steps["q"], want, extension)

    def test_file_names_may_hold_colons_spaces_and_commas(self):
        for name in ("a:b.npy", "a b.npy", "a,b.npy", "-dash.npy", "ünï.npy", "x.npz:y.npy", "'quote'.npy"):
            self.write(name, FILES["x.npy"])
            self.assert_equal(self.read("./" + name), X, name)

    def test_a_pipe_can_be_read(self):
        import os
        import threading
        path = self.folder / "fifo"
        os.mkfifo(path)
        threading.Thread(target=lambda: path.write_bytes(FILES["x.npy"]), daemon=True).start()
        self.assert_equal(self.read(path), X)

    def test_numpy_element_types_widen_exactly(self):
        for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"):
            for order in "<>":
                array = np.array([[1, 0, 1], [0, 1, 1]]).astype(order + kind)
                self.assert_equal(self.read(self.write("t.npy", npy(array))), array.astype(float), order + kind)

    def test_fortran_order_is_read_in_the_right_order(self):
        self.assert_equal(self.read(self.write("f.npy", npy(np.asfortranarray(X)))), X)

    def test_every_npy_version_is_read(self):
        for version in ((1, 0), (2, 0), (3, 0)):
            self.assert_equal(self.read(self.write("v.npy", npy(X, version=version))), X, version)

    def test_deflated_archives_are_read(self):
        stream = io.BytesIO()
        np.savez_compressed(stream, x=X)
        self.assert_equal(self.read(self.write("d.npz", stream.getvalue())), X)

    def test_integers_that_float64_cannot_hold_are_refused(self):
        big = np.array([[2 ** 53 + 1, 0, 0]])
        self.refuse(INPUT, "dot", "--query", self.write("i.npy", npy(big)), "--key", "ones:1x3", mentions="9007199254740993")

    def test_csv_headers_quotes_blanks_and_line_ends(self):
        for text in ("1,2,3\n4,5,6\n", "1,2,3\r\n4,5,6\r\n", "1,2,3\n4,5,6", "a,b,c\n1,2,3\n4,5,6\n", '"1","2","3"\n4, 5 ,\t6\n',
                     "\ufeff1,2,3\n4,5,6\n", "\ufeff\"a, b\",b,c\n1,2,3\n4,5,6\n", "1.0,2e0,0.3e1\n4,5,6\n\n"):
            self.assert_equal(self.read(self.write("t.csv", text.encode())), [[1, 2, 3], [4, 5, 6]], repr(text))

    def test_non_finite_numbers_are_read_from_csv_and_json(self):
        want = [[np.nan, np.inf, -np.inf]]
        for text in ("NaN,Infinity,-Infinity", "nan,inf,-inf", "NAN,INF,-INF"):
            self.assert_equal(self.read(self.write("n.csv", text.encode())), want, text)
        self.assert_equal(self.read('[["NaN","Infinity","-Infinity"]]'), want)

    def test_literals(self):
        self.assert_equal(self.read("[[1,2,3]]"), [[1, 2, 3]])
        self.assert_equal(self.read(" [ [ 1 , -2.5e-1 , 3 ] ] "), [[1, -0.25, 3]])
        self.assert_equal(self.read("[[true,false,true]]"), [[1, 0, 1]])
        for bad in ("[[1,2],[3]]", "[[1,2", "[[1,,2]]", "[[1,x]]", "[[1 2]]", "[[1,2]] 3", '[["one"]]', "[[null]]", "[[01]]",
                    "[[1,2],3]", "[[NaN]]", "[[1e400]]", "[[true,1]]", "[[]", "[[1]],"):
            with self.subTest(literal=bad):
                self.refuse(INPUT, "dot", "--query", bad, mentions="--query")

    def test_a_scalar_is_a_tensor_of_rank_zero_and_too_small_here(self):
        self.refuse(INPUT, "dot", "--query", "3.5", mentions="--query")

    def test_generators(self):
        self.assert_equal(self.read("ones:2x3"), np.ones((2, 3)))
        self.assert_equal(self.read("zeros:2x3"), np.zeros((2, 3)))
        self.assert_equal(self.read("arange:2x3"), [[0, 1, 2], [3, 4, 5]])
        uniform = self.read("rand:200x3")
        self.assertTrue(((0 <= uniform) & (uniform < 1)).all())
        # 600 draws: the mean's standard deviation is 0.012 (uniform), 0.041 (normal); five of them.
        self.assertAlmostEqual(uniform.mean(), 0.5, delta=0.06)
        normal = self.read("randn:200x3")
        self.assertAlmostEqual(normal.mean(), 0, delta=0.21)
        self.assertAlmostEqual(normal.std(), 1, delta=0.15)

    def test_generators_with_a_bad_shape_are_refused(self):
        for shape in ("", "0x3", "-1x3", "2x", "x2", "2xx3", "2X3", "2.5x3", "2x3x", " 2x3", "2x03", "2,3", "²x3", "1e2x3"):
            with self.subTest(shape=shape):
                self.refuse(USAGE, "dot", "--query", f"randn:{shape}", mentions="--query")

    def test_huge_generators_are_refused_before_anything_is_allocated(self):
        for text in ("randn:99999999x99999999", "zeros:9223372036854775807", "ones:4294967296x4294967296x4294967296",
                     "arange:99999999x99999999", "rand:3037000500x3037000500"):
            self.refuse(LIMIT, "dot", "--query", text, mentions="memory")

    def test_counting_beyond_what_float32_holds_is_refused(self):
        self.refuse(USAGE, "dot", "--query", "arange:16777217x1", "--key", "ones:1x1", mentions="2^24")

    def test_a_misspelt_generator_that_is_no_file_either_is_recognised(self):
        self.refuse(USAGE, "dot", "--query", "radn:2x3", mentions=("--query", "did you mean 'randn"))

    def test_files_the_system_refuses(self):
        self.refuse(SYSTEM, "dot", "--query", "missing.npy", mentions=("--query", "missing.npy"))
        self.refuse(SYSTEM, "dot", "--query", ".", mentions="--query")
        self.refuse(SYSTEM, "dot", "--query", "x.npy/inside", mentions="--query")
        self.refuse(SYSTEM, "mha", "--heads", 2, "--weights", "missing.npz", mentions="missing.npz")

    def test_an_empty_tensor_argument_is_a_usage_error(self):
        self.refuse(USAGE, "dot", "--query", "", mentions="--query")
        self.refuse(USAGE, "dot", "--query=", mentions="--query")

    def test_numbers_that_are_not_separated_by_commas_say_so(self):
        for name, text in (("spaces", "1 2 3\n4 5 6\n"), ("one_line", "4 5 6\n"), ("tabs", "1\t2\n3\t4\n"), ("semicolons", "1;2\n3;4\n"),
                           ("savetxt", "1.0e+00 2.0e+00\n")):
            path = self.folder / f"{name}.csv"
            path.write_text(text)
            self.refuse(INPUT, "self", "--input", path, mentions=["line 1, column 1", "separate numbers with commas"])
        (self.folder / "later.csv").write_text("a,b\n1,2\n3 4,5\n")
        self.refuse(INPUT, "self", "--input", "later.csv", mentions=["line 3, column 1", "separate numbers with commas"])
        (self.folder / "header.csv").write_text("first word,second word\n1,2\n3,4\n")
        self.succeed("self", "--input", "header.csv")

    def test_weights_without_names_and_with_longer_names_are_explained(self):
        x = np.eye(8)
        np.save(self.folder / "w.npy", x)
        self.refuse(INPUT, "mha", "--heads", 2, "--weights", "w.npy", mentions=["--weights w.npy", "one array without a name", "npz"])
        self.refuse(SYSTEM, "mha", "--heads", 2, "--weights", "nosuch.npz", mentions="--weights nosuch.npz")
        module = {"in_proj_weight": np.ones((24, 8)), "in_proj_bias": np.ones(24), "out_proj.weight": x, "out_proj.bias": np.ones(8)}
        np.savez(self.folder / "model.npz", **{f"layers.{i}.attn.{name}": array for i in (0, 1) for name, array in module.items()})
        self.refuse(INPUT, "mha", "--heads", 2, "--weights", "model.npz", mentions=["add ':' and one of layers.0.attn, layers.1.attn"])
        self.succeed("mha", "--heads", 2, "--weights", "model.npz:layers.0.attn")


if __name__ == "__main__":
    unittest.main()
