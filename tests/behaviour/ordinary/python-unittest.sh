# Python: a package with unittest, doctest, coverage of its own, compileall and zipapp
# varies: *.pyz

set -e
mkdir -p app tests; touch tests/__init__.py
printf 'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n' > app/__init__.py
printf 'from app import add\nprint(add(1, 2))\n' > app/__main__.py
cat > tests/test_add.py <<'END'
import tempfile, unittest, unittest.mock
import app
class Add(unittest.TestCase):
    def setUp(self): self.folder = tempfile.TemporaryDirectory(); self.addCleanup(self.folder.cleanup)
    def test_adds(self): self.assertEqual(3, app.add(1, 2))
    def test_mock(self):
        with unittest.mock.patch("app.add", return_value=9): self.assertEqual(9, app.add(1, 2))
END
python3 -m unittest -q 2>&1 | grep -v '^Ran'
PYTHONPATH=. python3 -m doctest app/__init__.py && python3 -m compileall -q app && python3 -m app
python3 -m zipapp app -o app.pyz -m app:add 2>/dev/null || true
PYTHONPATH=. python3 -m trace --count -C counts app/__main__.py > trace 2>&1; rm trace
rm -rf counts app.pyz
