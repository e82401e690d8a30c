# Signals among the run's own processes: terminate, kill, stop, continue, a process group, alarms

import os, signal, subprocess, time

for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
    child = subprocess.Popen(["sleep", "30"]); child.send_signal(number); print(child.wait())
child = subprocess.Popen(["sleep", "30"]); os.kill(child.pid, signal.SIGSTOP)
print(os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])); os.kill(child.pid, signal.SIGCONT); child.kill(); print(child.wait())
group = subprocess.Popen("sleep 30 & sleep 30; wait", shell=True, start_new_session=True); time.sleep(0.1)
os.killpg(group.pid, signal.SIGTERM); print(group.wait())
signal.signal(signal.SIGALRM, lambda *_: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()
signal.signal(signal.SIGUSR1, lambda *_: print("usr1")); os.system(f"kill -USR1 {os.getpid()}")
print(subprocess.run(["timeout", "0.1", "sleep", "5"]).returncode, os.kill(os.getpid(), 0))
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
