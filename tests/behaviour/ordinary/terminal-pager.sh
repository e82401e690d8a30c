# Programs in a terminal: git with a pager, less, vim, a shell that is interactive, a Python prompt
# needs: script git less vim
# forgets: */.lesshst */.python_history */.viminfo

export TERM=xterm PAGER=cat LESS=FRX
script -qec 'git log --oneline --format=%s' /dev/null < /dev/null | tr -d '\r'; script -qec 'less README' /dev/null < /dev/null | tr -d '\r' | grep -c workspace
printf 'echo $((6 * 7))\nexit\n' > keys; script -qec 'sh -i' /dev/null < keys 2>&1 | grep -cw 42
printf 'print(6 * 7)\nexit()\n' > keys; script -qec 'python3 -q' /dev/null < keys | grep -cw 42
printf 'one\n' > edited; printf 'otwo\033:wq\r' > keys; script -qec 'vim -N -u NONE -i ~/.viminfo edited' /dev/null < keys > /dev/null; cat edited; test -s ~/.viminfo && echo remembered
export GIT_EDITOR='vim -N -u NONE -i NONE'; git add edited; printf 'isaid in vim\033:wq\r' > keys; script -qec 'git commit -q' /dev/null < keys > /dev/null; git log -1 --format=%s
git commit -q --allow-empty -m more; printf ':2\rdd:wq\r' > keys; script -qec 'git rebase -q -i HEAD~2' /dev/null < keys > /dev/null; git log -1 --format=%s
