# What a build does over and over: delete the build folder, make it again, from folders deep in the workspace, with absolute and relative paths

set -e
for round in 1 2 3; do rm -rf build; mkdir -p build/lib/deep; touch build/lib/deep/f; (cd build/lib && rm -rf ../lib/deep && rm -rf "$OLDPWD/build/lib/none"); rm -rf ./build/* build/.[!.]* ; done; rmdir build
python3 -c 'import shutil, os; os.makedirs("build/x/y"); shutil.rmtree("build"); shutil.rmtree("none", ignore_errors=True)'; mkdir -p target/debug node_modules/.bin .tox/py311 htmlcov; rm -rf target node_modules .tox htmlcov; find . -name '*.pyc' -delete; ls
rm -rf /tmp/behaviour-$$; mkdir /tmp/behaviour-$$; touch /tmp/behaviour-$$/a; rm -r /tmp/behaviour-$$
