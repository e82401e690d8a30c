# Programs in a terminal: git with a pager, less, vim, a shell that is interactive, a Python prompt
# needs: script git less vim
# forgets: */.lesshst */.python_history */.viminfo

export TERM=xterm PAGER=cat LESS=FRX
script -qec 'git log --oneline --format=%s' /dev/null < /dev/null | tr -d '\r'; script -qec 'less README' /dev/null < /dev/null | tr -d '\r' | grep -c workspace
printf 'echo $((6 * 7))\nexit\n' > keys; script -qec 'sh -i' /dev/null < keys 2>&1 | grep -cw 42
printf 'print(6 * 7)\nexit()\n' > keys; script -qec 'python3 -q' /dev/null < keys | grep -cw 42
printf 'one\n' > edited; printf 'otwo\033:wq\r' > keys; script -qec 'vim -N -u NONE -i ~/.viminfo edited' /dev/null < keys > /dev/null; cat edited; test -s ~/.viminfo && echo remembered
