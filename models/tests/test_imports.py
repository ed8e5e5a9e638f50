"""No module of cliport_edge and cliport_voice imports itself through others. Needs Python's standard library alone."""

from __future__ import annotations

import ast
import tempfile
import unittest
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "cliport_edge"


def imports_of(folder: Path) -> dict[str, set[str]]:
    """Module -> modules of the same package that it imports anywhere, within functions too."""
    names = {path.stem for path in folder.glob("*.py")}
    graph = {}
    for path in folder.glob("*.py"):
        found = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                module = (node.module or "").removeprefix(f"{folder.name}.") if node.level == 0 else node.module
                found |= {module} if module not in (None, folder.name) else {alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.name.removeprefix(f"{folder.name}.") for alias in node.names if alias.name.startswith(folder.name)}
        graph[path.stem] = (found & names) - {path.stem}
    return graph


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle, the first also last; empty where there is none."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if cycle := visit(other, [*way, module]):
                return cycle
        done.add(module)
        return []

    return next((cycle for module in sorted(graph) if (cycle := visit(module, []))), [])


class Imports(unittest.TestCase):
    def test_no_module_imports_itself_through_others(self):
        graph = imports_of(PACKAGE)
        self.assertIn("model", graph["export"], "imports are found at all")
        self.assertEqual(cycle_in(graph), [])
        self.assertEqual(cycle_in(imports_of(PACKAGE.parent / "cliport_voice")), [])

    def test_a_cycle_is_found_within_functions_and_in_every_form_of_an_import(self):
        forms = ("from .b import thing", "def f():\n    from . import b", "import package.b", "from package.b import thing", "from package import b")
        for form in forms:
            with tempfile.TemporaryDirectory() as folder:
                package = Path(folder, "package")
                package.mkdir()
                (package / "a.py").write_text(form + "\n")
                (package / "b.py").write_text("from .c import thing\n")
                (package / "c.py").write_text("from .a import thing\n")
                self.assertEqual(cycle_in(imports_of(package)), ["a", "b", "c", "a"], form)


if __name__ == "__main__":
    unittest.main()
