# git: hooks that are there already run, an attribute, an ignored file, a message from an editor, several authors, tags that are annotated, an empty clone
# needs: git

set -e
echo '*.bin binary' > .gitattributes; printf '\000' > a.bin; git add . && git diff --cached --stat | tail -1; GIT_EDITOR=true git commit -q -m with --author 'Else <else@example.org>'
git tag -a v2 -m annotated; git cat-file -t v2; echo x > build.log; mkdir -p build; echo y > build/z; git status --short --ignored | sort; git rm -q a.bin; git commit -qm removed; git show HEAD~1:.gitattributes
git log --graph --pretty=%an --all | cat; git diff HEAD~1 | head -3 | tail -1; git ls-tree -r HEAD | wc -l; git branch topic; git branch -m topic renamed; git branch --list | wc -l; git branch -d renamed; git check-ref-format refs/heads/x; git rev-parse HEAD > /dev/null; git clean -n
