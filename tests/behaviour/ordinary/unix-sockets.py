# UNIX sockets in the workspace and the temporary folder, socket pairs, an abstract name of the run's own, passed descriptors

import array, os, socket, socketserver, tempfile, threading


class Upper(socketserver.StreamRequestHandler):
    def handle(self): self.wfile.write(self.rfile.readline().upper())


for folder in (".", tempfile.mkdtemp()):
    path = os.path.join(folder, "socket")
    with socketserver.UnixStreamServer(path, Upper) as server:
        threading.Thread(target=server.handle_request).start()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path); client.sendall(b"hello\n"); print(client.recv(99))
    os.unlink(path)
a, b = socket.socketpair()
with open("README") as file: a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))])
data, rights, _, _ = b.recvmsg(9, 99); print(os.read(array.array("i", rights[0][2])[0], 99))
