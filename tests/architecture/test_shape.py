"""The shape of the code: imports point down, files and functions stay small, nobody filters by team."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "cornerspot"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "static" not in path.parts)
LONGEST_FILE, LONGEST_FUNCTION = 400, 50


def test_imports_point_down_only():
    # In a process of its own: it switches off every logger of the one that it runs in.
    linter = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(linter, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_blueprints_do_not_import_each_other():
    wrong = []
    for path in sorted((PACKAGE / "blueprints").rglob("*.py")):
        own = path.relative_to(PACKAGE / "blueprints").parts[0]
        for target in imported_modules(path):
            parts = target.split(".")
            if parts[:2] == ["cornerspot", "blueprints"] and len(parts) > 2 and parts[2] not in (own, "support"):
                wrong.append((str(path.relative_to(ROOT)), target))
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path):
    source = path.read_text()
    assert source.count("\n") <= LONGEST_FILE
    long = [
        (node.name, node.end_lineno - node.lineno + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_domain_code_never_filters_by_team():
    """The session and the database do; only tenancy and joins of composite keys may name the column."""
    wrong = []
    for path in FILES:
        if path.is_relative_to(PACKAGE / "tenancy") or path.is_relative_to(PACKAGE / "db"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("tenant_id"):
                others = [ast.unparse(other) for other in node.comparators]
                if not all(other.endswith(".tenant_id") for other in others):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def test_only_edges_commit():
    allowed = {
        "db/transaction.py",
        "blueprints/support/edge.py",
        "blueprints/auth/invitations.py",  # The count of failed passwords stays although the answer is a refusal.
        "blueprints/auth/sign_in.py",  # The same.
        "blueprints/portal/sign_in.py",  # The same, for members.
        "blueprints/support/checkouts.py",  # The processor is called between transactions of their own.
        "blueprints/operators/scope.py",  # Ends the installation's transaction before a team's begins.
    }
    wrong = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if "session.commit(" in path.read_text() and str(path.relative_to(PACKAGE)) not in allowed
    ]
    assert wrong == []


def test_only_the_clock_reads_the_clock():
    wrong = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if path.name not in ("clock.py", "queue.py")  # The queue lives in real time, whatever a demo's clock says.
        and any(call in path.read_text() for call in ("datetime.now(", "datetime.utcnow(", "date.today("))
    ]
    assert wrong == []


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports, by absolute name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
    return found
