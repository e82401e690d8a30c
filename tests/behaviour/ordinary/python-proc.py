# /proc and /sys as programs read them: about themselves, their children, the machine

import glob, os, platform, resource, subprocess, sys

for name in ("status", "stat", "statm", "maps", "cmdline", "comm", "limits", "mountinfo", "cgroup", "io", "environ", "auxv", "oom_score"):
    assert open(f"/proc/self/{name}", "rb").read() is not None, name
for name in ("cpuinfo", "meminfo", "stat", "uptime", "loadavg", "version", "mounts", "filesystems", "self/net/dev", "net/tcp", "sys/kernel/random/boot_id",
             "sys/kernel/hostname", "sys/vm/overcommit_memory", "sys/fs/file-max"):
    assert open(f"/proc/{name}").read() is not None, name
child = subprocess.Popen(["sleep", "30"])
for name in ("status", "stat", "cmdline", "environ", "maps"): assert open(f"/proc/{child.pid}/{name}", "rb").read(), name
print(os.readlink(f"/proc/{child.pid}/exe").endswith("sleep"), len(os.listdir("/proc/self/fd")) > 2); child.kill(); child.wait()
print(len(glob.glob("/sys/devices/system/cpu/cpu[0-9]*")) >= 1, os.path.isdir("/sys/class/net/lo"))
print(all(open(f"/proc/{pid}/stat").read() for pid in os.listdir("/proc") if pid == "1"))
open("/proc/self/oom_score_adj").read(); open("/proc/self/comm", "w").write("renamed"); print(open("/proc/self/comm").read())
print(platform.system(), os.cpu_count() > 0, len(os.sched_getaffinity(0)) > 0, resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0, os.getloadavg()[0] >= 0)
print(open("/dev/urandom", "rb").read(4) is not None, open("/proc/thread-self/stat").read() is not None, open(f"/proc/{os.getppid()}/stat").read() is not None)
