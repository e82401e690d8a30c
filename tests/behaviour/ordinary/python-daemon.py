# A daemonised child: two forks, a session of its own, a pid file, a log; it is told to end and ends

import os, signal, sys, time

if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.umask(0o22)
    null = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2): os.dup2(null, number)
    signal.signal(signal.SIGTERM, lambda *_: (open("log", "a").write("ended\n"), os._exit(0)))
    with open("pid.new", "w") as file: file.write(str(os.getpid()))
    os.rename("pid.new", "pid")
    time.sleep(30)
    os._exit(1)
os.wait()
while not os.path.exists("pid"): time.sleep(0.02)
pid = int(open("pid").read())
os.kill(pid, signal.SIGTERM)
while not os.path.exists("log") or not open("log").read(): time.sleep(0.02)
print(open("log").read()); os.unlink("pid")
