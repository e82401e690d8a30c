# Python: a virtual environment, used and removed
# needs: python:ensurepip
# varies: */env/pyvenv.cfg

set -e
python3 -m venv --without-pip env
env/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'
. env/bin/activate; python -c 'print("active")'; deactivate
rm -rf env
