# git: clone of a local repository, fetch, pull, a bare one, worktrees, submodules of it, archive, bundle, format-patch and am
# needs: git
# varies: */index */packed-refs

set -e
git clone -q . copy && cd copy && git log --oneline --format=%s && git branch -a
echo more > more; git add more; git commit -qm more; git fetch -q; git pull -q --rebase; git remote -v | wc -l
git format-patch -1 --stdout > ../one.patch; cd ..; rm -rf copy; git am -q one.patch; git log -1 --format=%s
git clone -q --bare . bare.git; git ls-remote bare.git | wc -l
echo changed >> README; git stash -q; git stash pop -q; git checkout -q README; git worktree add -q tree -b side; ls tree | wc -l; git worktree remove tree; git worktree list | wc -l
git archive HEAD | tar t | wc -l; git bundle create -q all.bundle HEAD main; git bundle verify -q all.bundle > /dev/null
git -c protocol.file.allow=always submodule --quiet add ./bare.git inner; git submodule status | wc -l
git apply --check one.patch 2>/dev/null || echo applied already
