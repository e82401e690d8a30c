# script(1): a command in a terminal of its own
# needs: script
# varies: */typescript

script -qec 'test -t 1 && echo in a terminal; tty | cut -c1-9' typescript < /dev/null | tr -d '\r'
script -qec 'exit 3' /dev/null < /dev/null; echo $?
