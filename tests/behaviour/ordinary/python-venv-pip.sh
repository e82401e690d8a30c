# Python: a virtual environment with a pip of its own
# needs: python:ensurepip
# forgets: */env/*
# slow: yes

set -e
python3 -m venv env; env/bin/pip --version | cut -c1-4; rm -rf env
