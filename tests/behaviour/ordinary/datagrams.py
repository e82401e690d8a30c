# Python: datagrams of this machine: uuid1, a statsd client, asyncio, syslog to a server of its own, a UNIX socket in the workspace, sendmsg, the log of the system

import asyncio, logging, logging.handlers, os, socket, syslog, threading, uuid

print(uuid.uuid1().version, uuid.getnode() > 0)
def server(family, *address):
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(10); s.bind(*address); return s
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    if family == socket.AF_INET6 and not os.path.exists("/proc/net/if_inet6"): continue
    with server(family, (host, 0)) as s, socket.socket(family, socket.SOCK_DGRAM) as c:
        c.sendto(b"page.hits:1|c", s.getsockname()); data, back = s.recvfrom(99); s.sendto(data.upper(), back); print(c.recvfrom(99)[0])
        c.sendmsg([b"in ", b"parts"], [], 0, s.getsockname()); print(s.recv(99))
        c.connect(s.getsockname()); c.send(b"connected"); os.write(c.fileno(), b"written"); c.sendmsg([b"a ", b"message"]); print(s.recv(99), s.recv(99), s.recv(99))
        threading.Thread(target=lambda: c.send(b"by a thread") and c.sendmsg([b"by ", b"it"])).start(); print(s.recv(99), s.recv(99))
with server(socket.AF_INET, ("", 0)) as s:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    log = logging.getLogger("x"); log.addHandler(logging.handlers.SysLogHandler(("localhost", s.getsockname()[1]))); log.warning("careful"); print(s.recv(99)); logging.shutdown()
with server(socket.AF_UNIX, "log.sock") as s:
    handler = logging.handlers.SysLogHandler("log.sock"); log = logging.getLogger("y"); log.addHandler(handler); log.error("here"); print(s.recv(99)); handler.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as c:
        c.sendto(b"once", "log.sock"); c.sendmsg([b"with a descriptor"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes([0, 0, 0, 0]))], 0, "log.sock")
        print(s.recv(99)); message, descriptors, _, _ = socket.recv_fds(s, 99, 1); print(message, len(descriptors)); os.close(descriptors[0])
os.unlink("log.sock")
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport): self.transport = transport
    def datagram_received(self, data, back): self.transport.sendto(data[::-1], back)
class Client(asyncio.DatagramProtocol):
    def __init__(self, done): self.done = done
    def datagram_received(self, data, _): self.done.set_result(data)
async def main():
    loop = asyncio.get_running_loop(); done = loop.create_future()
    echo, _ = await loop.create_datagram_endpoint(Echo, ("127.0.0.1", 0))
    client, _ = await loop.create_datagram_endpoint(lambda: Client(done), remote_addr=echo.get_extra_info("sockname"))
    client.sendto(b"asyncio"); print(await asyncio.wait_for(done, 10)); client.close(); echo.close()
asyncio.run(main())
syslog.openlog("x"); syslog.syslog("nothing to see"); syslog.closelog()
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); one.send(b"pair"); print(other.recv(9))
