# git: add, commit, branch, merge, rebase, stash, tag, log, diff, blame
# needs: git

set -e
git config user.name Somebody
echo one > a; git add a; git commit -qm one
git checkout -q -b topic
echo two > b; git add b; git commit -qm two
git checkout -q main
echo three > c; git add .; git commit -qm three
git merge -q --no-edit topic
git checkout -q topic; echo four >> b; git commit -qam four; git rebase -q main
git checkout -q main; git merge -q --ff-only topic; git branch -d topic
echo five >> a; git stash push -q; git stash list; git stash pop -q
git diff --stat; git checkout -q -- a
git tag v1; git describe --tags; git log --oneline --format=%s | cat
git blame --porcelain a | head -1 | cut -c1-8 | wc -l
git status --short; git show --stat HEAD | tail -1; git reset -q HEAD~1; git status --short
git clean -n -d; git add .; git commit -qm six; git mv a z; git commit -qm seven; git revert --no-edit HEAD | tail -1
