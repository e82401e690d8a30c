# git: gc, fsck, repack, config of one's own, bisect, grep, notes, rebase, restore, plumbing
# needs: git
# varies: */.git/objects/* */.git/packed-refs */.git/info/* */.git/gc.log

set -e
for n in 1 2 3 4 5 6; do echo $n > n; git add n; git commit -qm $n; done
git gc -q; git fsck --no-progress; git repack -qad; git count-objects > /dev/null; git maintenance run --quiet; git prune --expire=2.weeks.ago
git config --local core.autocrlf false; git config user.name > /dev/null || true; git config --list | grep -c autocrlf
git bisect start HEAD HEAD~4 > /dev/null 2>&1; git bisect run sh -c 'test "$(cat n)" -lt 5' > /dev/null 2>&1; git log -1 --format=%s bisect/bad; git bisect reset 2> /dev/null
git grep -n main -- src; git notes add -m note; git shortlog -s HEAD | wc -l; git rev-list --count HEAD; git check-ignore build/x || true
git rebase -q HEAD~2; git commit -q --amend -m amended; git reflog | wc -l
git switch -q -c other; git restore --source HEAD~1 n; git checkout -q main -- n; git commit -q --allow-empty -m empty
git merge-base HEAD main > /dev/null; git cat-file -p HEAD | head -1 | cut -c1-4; git hash-object README > /dev/null; git rev-parse --is-inside-work-tree
git init -q new; rm -rf new; git var GIT_AUTHOR_IDENT > /dev/null; git help -g > /dev/null
