# pip: a local wheel installed without the network, into a virtual environment, a folder and the user's site
# needs: python:pip python:ensurepip
# varies: */RECORD */.cache/* */made/* */.local/*
# forgets: */env/*
# slow: yes

set -e
export PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_QUIET=1
cat > wheel.py <<'END'
import sys, zipfile
name, scripts = sys.argv[1], sys.argv[2:]
with zipfile.ZipFile(f"{name}-1.0-py3-none-any.whl", "w") as wheel:
    def add(file, text): wheel.writestr(zipfile.ZipInfo(file, (2024, 1, 1, 0, 0, 0)), text)
    info = f"{name}-1.0.dist-info"
    add(f"{name}.py", f"def main(): print('{name}')\n")
    add(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    add(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    if scripts: add(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
    add(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
END
python3 wheel.py made script; python3 wheel.py plain
python3 -m venv --without-pip --system-site-packages env
env/bin/python -m pip install made-1.0-py3-none-any.whl; env/bin/made
env/bin/python -m pip freeze --local; env/bin/python -m pip uninstall -y made
python3 -m pip install --target made ./made-1.0-py3-none-any.whl; PYTHONPATH=made python3 -c 'import made; made.main()'
python3 -m pip install --user --break-system-packages ./plain-1.0-py3-none-any.whl; python3 -c 'import plain; plain.main()'
rm -rf env
