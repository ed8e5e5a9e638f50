"""Functions with their lengths, and import cycles of packages, from Python's syntax trees; needs nothing installed.

    python3 scripts/checks/python_structure.py FILE...

Prints JSON: {"functions": [{"file", "name", "line", "lines"}], "cycles": [["package.a", "package.b"]]}.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path


def functions_of(file: str, tree: ast.AST) -> list[dict]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            found.append({"file": file, "name": node.name, "line": node.lineno, "lines": lines})
    return found


def module_of(path: Path) -> str:
    """Dotted name: the folders above that have an __init__.py belong to it."""
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts) or path.stem


def imports_of(module: str, is_package: bool, tree: ast.AST) -> set[str]:
    """Every module that is imported, also within functions, as absolute names; `from a import b` gives a and a.b."""
    found = set()
    base = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = base[: len(base) - node.level + 1] if node.level else []
            name = ".".join(above + ([node.module] if node.module else []))
            inner = {f"{name}.{alias.name}" for alias in node.names}
            found |= inner if node.level and not node.module else inner | {name}
    return found


def cycles_of(graph: dict[str, set[str]]) -> list[list[str]]:
    """One cycle for each module that reaches itself, each set of modules once, in order of import."""
    found: dict[frozenset, list[str]] = {}
    for start in sorted(graph):
        stack = [(start, [start])]
        seen = set()
        while stack:
            module, path = stack.pop()
            for target in sorted(graph[module]):
                if target == start:
                    found.setdefault(frozenset(path), path)
                    stack.clear()
                    break
                if target not in seen:
                    seen.add(target)
                    stack.append((target, path + [target]))
    return list(found.values())


def structure_of(files: list[str]) -> dict:
    trees = {file: ast.parse(Path(file).read_text(encoding="utf-8"), file) for file in files}
    modules = {file: module_of(Path(file)) for file in files}
    names = set(modules.values())
    graph = {
        modules[file]: (imports_of(modules[file], Path(file).stem == "__init__", tree) & names) - {modules[file]}
        for file, tree in trees.items()
    }
    functions = [entry for file, tree in trees.items() for entry in functions_of(file, tree)]
    return {"functions": functions, "cycles": cycles_of(graph)}


if __name__ == "__main__":
    print(json.dumps(structure_of(sys.argv[1:])))
