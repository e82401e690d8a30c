# Symbolic links in the workspace: relative, absolute, to folders, dangling, loops, to the system, hard links

set -e
ln -s README r; cat r; ln -s "$PWD/src" s; cat s/main.py; ln -s none dangling; cat dangling 2>&1 || true; ln -s loop loop; cat loop 2>&1 || true
ln -sfn src r; ls r; ln README hard; cat hard; ln -s /etc/hostname h; cat h > /dev/null; ln -s /usr/bin p; p/true; cp -P r copy; readlink copy; realpath --relative-to=. s
echo through > s/new; cat src/new; rm s/new r s dangling loop hard h p copy; python3 -c 'import os; os.symlink("src", "x"); print(os.path.realpath("x").endswith("work/src"), os.listdir("x")); os.unlink("x")'
