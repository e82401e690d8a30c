# Python: servers as they come: on all addresses, on IPv6, by name, for datagrams of this machine, XML-RPC, their own host's name

import http.client, http.server, os, platform, socket, socketserver, subprocess, sys, threading, urllib.request, xmlrpc.client, xmlrpc.server

class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
def serve(server): threading.Thread(target=server.serve_forever, daemon=True).start(); return server.server_address[1]
port = serve(http.server.ThreadingHTTPServer(("", 0), Quiet))
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/README").status, urllib.request.urlopen(f"http://localhost:{port}/README").status)
rpc = xmlrpc.server.SimpleXMLRPCServer(("localhost", 0), logRequests=False); rpc.register_function(pow); print(xmlrpc.client.ServerProxy(f"http://localhost:{serve(rpc)}").pow(2, 5))
class Echo(socketserver.StreamRequestHandler):
    def handle(self): self.wfile.write(self.rfile.readline().upper())
with socket.create_connection(("localhost", serve(socketserver.ThreadingTCPServer(("0.0.0.0", 0), Echo)))) as s: s.sendall(b"x\n"); print(s.recv(9))
if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as six, socket.create_connection(six.getsockname()[:2]) as client: print(client.getpeername()[0])
child = subprocess.Popen([sys.executable, "-u", "-m", "http.server", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
at = child.stdout.readline().split(" port ")[1].split()[0]; print(urllib.request.urlopen(f"http://localhost:{at}/README").read(1)); child.terminate(); child.wait(); child.stdout.close()
print(bool(socket.gethostname()), bool(socket.getfqdn()), bool(platform.node()), socket.getfqdn("localhost") != "", socket.getservbyname("http"), socket.gethostbyname("localhost"))
