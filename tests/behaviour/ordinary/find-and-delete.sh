# find -exec and -delete, rm -rf of build folders, xargs rm, all inside the workspace

set -e
mkdir -p build/a/b dist node_modules/m target .pytest_cache x/__pycache__; touch build/a/b/c dist/d node_modules/m/i.js x/__pycache__/m.pyc x/old.tmp x/new.o
find . -name '*.py' -exec wc -l {} +; find . -path ./.git -prune -o -type f -newer README -print | sort | head -3
find . -name '*.tmp' -delete; find x -name '*.o' -print0 | xargs -0 rm -f; find . -type d -name __pycache__ -exec rm -rf {} +
find x -type d -empty -delete; rm -rf build dist; rm -r node_modules; rm -fr ./target/ "$PWD/.pytest_cache"; ls -A | sort
mkdir -p deep/1/2/3 && rm -rf deep/*; rmdir deep; mkdir -p build && cd build && touch a && cd .. && rm -rf -- build
