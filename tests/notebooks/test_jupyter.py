"""Every notebook of notebooks-cpp, executed by nbclient in every C++17 kernel that Jupyter has here.

    python3 test_jupyter.py INCLUDE_FOLDER LIBRARY

Exit status 77 (skipped) without nbclient or without such a kernel."""

import os
import sys
import unittest

import notebooks

KERNELS = ("xcpp17", "xeus-cpp", "xcpp17-cling")  # as xeus-cling and xeus-cpp call themselves
TIMEOUT = 300  # seconds a cell; only to end a run that hangs


def kernels_of_jupyter():
    """(names of the installed C++17 kernels, why there are none)."""
    try:
        import nbclient  # noqa: F401
        import nbformat  # noqa: F401
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError as missing:
        return [], f"{missing.name} is not installed"
    installed = KernelSpecManager().find_kernel_specs()
    names = [name for name in KERNELS if name in installed]
    return names, "" if names else f"Jupyter has no C++17 kernel (it has {', '.join(sorted(installed)) or 'none'})"


class Jupyter(unittest.TestCase):
    def test_every_notebook_runs_to_its_end(self):
        import nbclient
        import nbformat

        include_folder, library = map(os.path.abspath, sys.argv[1:3])
        os.environ.update(CPLUS_INCLUDE_PATH=include_folder, ATTNSCOPE_LIBRARY=library)
        for kernel in kernels_of_jupyter()[0]:
            for source in notebooks.sources():
                for language in notebooks.LANGUAGES:
                    with self.subTest(kernel=kernel, notebook=source.stem, language=language):
                        notebook = nbformat.read(notebooks.path_of(source, language), as_version=4)
                        nbclient.NotebookClient(notebook, kernel_name=kernel, timeout=TIMEOUT,
                                                resources={"metadata": {"path": str(notebooks.FOLDER)}}).execute()


if __name__ == "__main__":
    names, reason = kernels_of_jupyter()
    if not names:
        print(f"skipped: {reason}")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
