# Stopping one's own server by its name: pkill, pkill -f, killall, pgrep and kill
# needs: pkill killall

name=srv$(python3 -c 'import secrets; print(secrets.token_hex(5))')
cp "$(command -v sleep)" $name; ln $name w$name
for how in "pkill $name" "pkill -f ./w$name" "killall -w $name" "killall -q w$name" "pkill -KILL -x $name"; do
  case $how in *w$name) ./w$name 30 & ;; *) ./$name 30 & ;; esac
  until [ "$(cat /proc/$!/comm)" != sh ]; do sleep 0.01; done
  $how; wait $! 2>/dev/null; echo $?
done
./$name 30 & until pgrep -x $name > /dev/null; do sleep 0.01; done
kill $(pgrep -x $name); wait $! 2>/dev/null; echo $?
pkill nothing-$name; echo $?; pkill -f "nothing-$name" ; echo $?; killall -q nothing-$name; echo $?
rm $name w$name
