# Questions about the machine: ps, pgrep, free, df, uname, id, nproc, uptime, who
# needs: ps pgrep free

set -e
ps -o comm= -p $$; ps -ef | grep -c '[n]o such thing' || true; ps aux | head -1 | cut -c1-4; ps > /dev/null; ps -eo pid,comm > /dev/null
sleep 30 & pgrep -P $$ sleep > /dev/null && kill $!; wait || true
free -m | head -1; df -h / > /dev/null; df -P . | wc -l; du -sk src > /dev/null; uname -sr > /dev/null; uname -m
id -un; id -Gn > /dev/null; groups > /dev/null; whoami; nproc > /dev/null; uptime > /dev/null; hostname > /dev/null; arch; who > /dev/null
getconf PAGESIZE; getent passwd root | cut -d: -f1; ulimit -n > /dev/null; env > /dev/null
lscpu > /dev/null 2>&1 || true; lsblk > /dev/null 2>&1 || true; vmstat > /dev/null; top -b -n 1 | head -1 | cut -c1-5; tty || true
stat -c %F /; readlink -f /bin/sh > /dev/null; findmnt / > /dev/null; cat /etc/os-release > /dev/null; cat /etc/hostname > /dev/null
