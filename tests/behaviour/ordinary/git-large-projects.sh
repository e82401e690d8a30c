# git: submodules cloned along, a sparse and a shallow clone, a branch named main, worktrees of detached commits, attributes with a filter, sign-offs
# needs: git
# varies: */index */packed-refs */logs/*

set -e
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=protocol.file.allow GIT_CONFIG_VALUE_0=always
git init -q -b master new; cd new; git commit -q --allow-empty -sm first; git branch -M main; git status -sb; git remote add origin ../x.git; git remote -v; git remote set-url origin ../y.git; git remote remove origin; cd ..
git clone -q . part; git submodule --quiet add ./part inner; git commit -qm inner; git clone -q --recurse-submodules . whole 2> /dev/null; ls whole/inner; git -C whole submodule --quiet foreach 'git log --format=%s -1'; git -C whole submodule --quiet update --init --recursive
git clone -q --depth 1 "file://$PWD" shallow; git -C shallow rev-list --count HEAD; git -C shallow fetch -q --unshallow; git -C shallow fetch -q origin '+refs/heads/*:refs/remotes/origin/*' --prune --tags
git clone -q --no-checkout --filter=blob:none "file://$PWD" sparse 2> /dev/null; git -C sparse sparse-checkout set src; git -C sparse checkout -q main; ls sparse
git worktree add -q --detach look HEAD~1; git -C look log --format=%s -1; git worktree remove look; git worktree prune; git -C new -c core.abbrev=7 -c advice.detachedHead=false checkout -q --detach; git -C new switch -q main; git -C new switch -q -c next; git -C new tag v1; git -C new describe --always --tags
git -c user.name=Else commit -q --allow-empty -m by-else; git log -1 --format=%an; git fetch -q . main:copy; git pull -q --ff-only . copy; git branch -q -d copy; git rm -q --cached README; git add README; git ls-files | wc -l
rm -rf whole shallow sparse new
