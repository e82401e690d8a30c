# git: messages and lists that an editor or a script writes, a lock that was left behind, clones, submodules and repositories that come and go
# needs: git
# varies: */.git/objects/* */.git/*/index */.git/logs/* */logs/*
# forgets: */.git/objects/*

set -e
printf '#!/bin/sh\necho "said by an editor" > "$1"\n' > editor.sh; chmod +x editor.sh; echo a > a; git add a; GIT_EDITOR=./editor.sh git commit -q; git log -1 --format=%s
GIT_EDITOR="sed -i s/said/written/" git commit -q --amend; git log -1 --format=%s; for n in 1 2 3; do echo $n > n; git add n; git commit -qm "step $n"; done
GIT_SEQUENCE_EDITOR="sed -i -e 2s/^pick/fixup/" GIT_EDITOR=true git rebase -q -i HEAD~3; git log --format=%s | head -3; GIT_SEQUENCE_EDITOR="python3 -c 'import sys; l = open(sys.argv[1]).read(); open(sys.argv[1], \"w\").write(l)'" git rebase -q -i HEAD~2
git merge -q --no-commit --no-ff HEAD > /dev/null 2>&1 || true; echo '*.tmp' >> .git/info/exclude; touch x.tmp; git status --short
touch .git/index.lock; git add a 2> /dev/null || rm -f .git/index.lock; git add a; cat .git/HEAD; cp -r .git copy; rm -rf copy; tar -cf /dev/null .git
git clone -q . clone; git -C clone commit -q --allow-empty -m there; git -C clone config user.name Else; git fetch -q clone; rm -rf clone; git init -q new; echo '[core]' >> new/.git/config; rm -r new
git clone -q --bare . bare; git -c protocol.file.allow=always submodule --quiet add ./bare sub; git commit -qm sub; git -C sub log -1 --format=%s > /dev/null; git submodule --quiet deinit sub > /dev/null; git rm -q sub; rm -rf .gitmodules bare
there=$(mktemp -d); git clone -q . "$there/far"; python3 -c 'import shutil, sys; shutil.rmtree(sys.argv[1])' "$there"; git gc -q --auto; git pack-refs --all; git status --short > /dev/null; git worktree add -q -b side side; git -C side commit -q --allow-empty -m side; git worktree remove side
