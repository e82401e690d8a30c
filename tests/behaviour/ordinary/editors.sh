# Editors in batch mode and what changes text: vim, ex, ed, sed, perl, patch, diff, sort in place, a file rewritten by its own program
# needs: vim ed perl patch diff

set -e
printf 'one\ntwo\nthree\n' > a; vim -es -N -u NONE -i NONE -c '%s/two/TWO/' -c 'wq' a < /dev/null; ex -s -c 'g/one/d' -c x a < /dev/null; cat a
printf '2a\nfour\n.\nw\nq\n' | ed -s a; sed -i.bak -e '$d' a; cat a a.bak; perl -pi -e 's/T/t/g' a; sort -o a a; cp a b; echo five >> b
diff -u a b > change.patch || true; patch -s a < change.patch; cmp a b; patch -s -R a < change.patch; cat a; git diff --no-index --stat a b || true
GIT_EDITOR=true git commit -q --allow-empty -e -m message; python3 -c 'import fileinput; [print(l.upper(), end="") for l in fileinput.input("a", inplace=True)]'; cat a; tee c < a > /dev/null; truncate -s 3 c; cat c; echo; rm -f a.bak change.patch
