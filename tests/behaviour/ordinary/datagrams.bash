# Programs that make a datagram's socket: fuser frees a port, ifconfig, logger, bash's own /dev/udp
# needs: fuser logger

python3 -c 'import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); open("port", "w").write(str(s.getsockname()[1])); s.settimeout(20); print(s.recv(99), s.recv(99)[-9:])' &
until [ -s port ]; do sleep 0.05; done
echo hits:1 > /dev/udp/127.0.0.1/$(cat port)
logger --udp --server 127.0.0.1 --port $(cat port) --rfc3164 -t x "a message" 2>/dev/null; wait
logger -t x "nothing to see" 2>/dev/null
/usr/sbin/ifconfig lo 2>/dev/null | grep -c LOOPBACK
python3 -c 'import http.server; s = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler); open("port", "w").write(str(s.server_address[1])); s.serve_forever()' &
sleep 0.2; until [ -s port ] && fuser -k -TERM $(cat port)/tcp > /dev/null 2>&1; do sleep 0.05; done
wait $!; echo "stopped $?"; rm port
