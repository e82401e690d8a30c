# pytest with fixtures, temporary paths and its cache
# needs: python:pytest
# varies: */.pytest_cache/*

set -e
mkdir tests
cat > tests/test_it.py <<'END'
import os, subprocess, sys
import pytest
@pytest.fixture
def file(tmp_path):
    path = tmp_path / "f"; path.write_text("x"); return path
def test_file(file): assert file.read_text() == "x"
def test_child(capfd, monkeypatch):
    monkeypatch.setenv("NAME", "value")
    subprocess.run([sys.executable, "-c", "import os; print(os.environ['NAME'])"]); assert capfd.readouterr().out == "value\n"
@pytest.mark.parametrize("n", range(20))
def test_many(n): assert n >= 0
END
python3 -m pytest -q tests | sed 's/in [0-9.]*s/in no time/'
python3 -m pytest -q --lf tests | tail -1 | sed 's/in [0-9.]*s/in no time/'
