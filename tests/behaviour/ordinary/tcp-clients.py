# Servers and clients on localhost: IPv4, IPv6 where there is one, names, many at once, an RPC server

import socket, threading, xmlrpc.client, xmlrpc.server

print(socket.gethostbyname("localhost"), len(socket.getaddrinfo("localhost", 80)) > 0, bool(socket.gethostname()))
with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
    def serve():
        for _ in range(20):
            peer, _ = server.accept()
            with peer: peer.sendall(peer.recv(9)[::-1])
    threading.Thread(target=serve, daemon=True).start()
    clients = [socket.create_connection(server.getsockname()) for _ in range(20)]
    for n, client in enumerate(clients): client.sendall(b"abc")
    print({client.recv(9) for client in clients}); [client.close() for client in clients]
with xmlrpc.server.SimpleXMLRPCServer(("localhost", 0), logRequests=False) as rpc:
    rpc.register_function(pow); threading.Thread(target=rpc.handle_request, daemon=True).start()
    print(xmlrpc.client.ServerProxy(f"http://localhost:{rpc.server_address[1]}").pow(2, 8))
try: socket.create_connection(("127.0.0.1", 1), timeout=2)
except OSError as error: print(error)
