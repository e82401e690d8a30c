# Processes of one's own: listed, waited for, stopped, gone on, ended in groups, with limits of time and niceness; looks at the machine
# needs: ps pgrep timeout setsid

sleep 60 & child=$!; ps -o comm= -p $child; kill -STOP $child; kill -CONT $child; kill $child; wait $child 2> /dev/null; echo $?
timeout 0.1 sleep 5; echo $?; timeout -s KILL 0.1 sleep 5; echo $?; (sleep 60 & echo $! > pid; wait) & sleep 0.1; kill "$(cat pid)"; wait; rm pid
setsid sh -c 'sleep 60 & sleep 60 & echo $$ > group; wait' & while ! test -s group; do sleep 0.02; done; kill -TERM "-$(cat group)"; wait; rm group; echo ended
python3 -c 'import os, signal, subprocess as s; p = s.Popen(["sleep", "60"], start_new_session=True); os.killpg(p.pid, signal.SIGTERM); print(p.wait())
q = s.Popen(["sleep", "60"]); q.send_signal(0); q.terminate(); print(q.wait())
try: s.run(["sleep", "60"], timeout=0.1)
except s.TimeoutExpired: print("too long")'
nice -n 3 sh -c nice; ps -ef > /dev/null; ps aux | grep -c '[p]s aux'; pgrep -P $$ > /dev/null; ps -o pid= --ppid $$ | wc -l > /dev/null; top -b -n 1 > /dev/null; free > /dev/null; uptime > /dev/null; df . > /dev/null; du -s . > /dev/null; who > /dev/null 2>&1; id -u > /dev/null; nproc > /dev/null; uname -a > /dev/null; lscpu > /dev/null 2>&1; ls /proc/self/fd > /dev/null; cat /proc/loadavg /proc/meminfo /proc/self/status > /dev/null; crontab -l > /dev/null 2>&1; ulimit -a > /dev/null; echo looked
