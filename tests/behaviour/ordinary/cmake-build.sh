# cmake: configure, build, test, install into the workspace
# needs: cmake gcc make ctest
# varies: */build/* */install_manifest.txt

set -e
printf 'int main(void) { return 0; }\n' > main.c
printf 'cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_executable(p main.c)\nenable_testing()\nadd_test(runs p)\ninstall(TARGETS p)\n' > CMakeLists.txt
cmake -S . -B build > configured; cmake --build build -j2 > built; build/p
(cd build && ctest > tested && tail -4 tested | grep -c '100% tests passed')
cmake --install build --prefix "$PWD/installed" > /dev/null; installed/bin/p; rm -rf build configured built
