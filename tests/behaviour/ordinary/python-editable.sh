# Python: a project of one's own installed for editing into a virtual environment, a wheel built from it, its tests, a zipapp
# needs: python:pip python:setuptools python:ensurepip python:wheel
# varies: */RECORD */.cache/* *.egg-info/* *.pyz */build/* */dist/*
# forgets: */.venv/*
# slow: yes

set -e
export PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1
mkdir -p src/shop tests; echo 'def total(prices): return sum(prices)' > src/shop/__init__.py; rm -f src/main.py
printf '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "shop"\nversion = "1.0"\n' > pyproject.toml
printf 'import unittest, shop\nclass T(unittest.TestCase):\n    def test_total(self): self.assertEqual(3, shop.total([1, 2]))\n' > tests/test_shop.py
python3 -m venv --without-pip --system-site-packages .venv; . .venv/bin/activate
python -m pip install --no-build-isolation -e . 2> /dev/null; python -c 'import shop; print(shop.total([3, 4]))'; python -m unittest discover -s tests 2>&1 | tail -1
python -m pip wheel --no-build-isolation --no-deps -w dist . 2> /dev/null; ls dist; deactivate
python3 -m compileall -q src; python3 -m zipapp src -m shop:total -o shop.pyz; python3 -m zipfile -l shop.pyz | grep -c shop
rm -rf .venv build dist src/*.egg-info
