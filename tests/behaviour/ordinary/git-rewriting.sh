# git: an interactive rebase with an editor of its own and commands between, autosquash, cherry-pick, a conflict that is solved, rerere
# needs: git
# varies: */index */rr-cache/* */logs/*

set -e
for n in 1 2 3 4; do echo $n > n$n; git add .; git commit -qm "commit $n"; done
GIT_SEQUENCE_EDITOR='sed -i -e 1s/pick/reword/ -e 2s/pick/squash/' GIT_EDITOR=true git rebase -q -i HEAD~3; git log --format=%s
git rebase -q --exec 'test -e README' HEAD~2; echo fixed > n1; git commit -qa --fixup HEAD~1; GIT_SEQUENCE_EDITOR=true git rebase -q -i --autosquash HEAD~3; git log --oneline | wc -l
git config rerere.enabled true; git checkout -q -b side HEAD~1; echo side > README; git commit -qam side; git checkout -q main; echo main > README; git commit -qam main
git merge side > /dev/null 2>&1 || { git status --short; echo both > README; git add README; git commit -qm merged; }
git checkout -q -b pick HEAD~1; git cherry-pick main~1 > /dev/null 2>&1 || git cherry-pick --abort; git cherry-pick -m 1 main > /dev/null; git reset -q --soft HEAD~1; git commit -qm again
git rebase main > /dev/null 2>&1 || git rebase --abort; git merge --abort 2> /dev/null || true; git range-diff main~1 main pick | wc -l > /dev/null
git checkout -q main; git branch --merged | wc -l; git stash push -qu 2> /dev/null; git stash branch from-stash > /dev/null 2>&1 || true; git show-branch --list | wc -l
git diff main~1 --stat | tail -1; git checkout -q main -- README; git restore --source=HEAD~1 --staged --worktree n1; git restore --staged n1; git checkout -q n1
