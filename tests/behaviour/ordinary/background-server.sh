# A development server in the background: started with nohup, a log and a pid file, asked, restarted and stopped; a port that is taken

cat > server.py <<'END'
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"answer\n")
    def do_POST(self): body = self.rfile.read(int(self.headers["Content-Length"])); self.send_response(200); self.end_headers(); self.wfile.write(body.upper())
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("localhost", 0), Answer)
open("port.new", "w").write(str(server.server_address[1])); os.rename("port.new", "port"); server.serve_forever()
END
for round in 1 2; do
    rm -f port; nohup python3 server.py > log 2>&1 & echo $! > pid
    while ! test -e port; do sleep 0.05; done
    python3 - "$(cat port)" <<'END'
import sys, urllib.request
url = f"http://localhost:{sys.argv[1]}/"
print(urllib.request.urlopen(url).read(), urllib.request.urlopen(url, data=b"posted").read())
END
    python3 -c 'import socket, sys; s = socket.socket(); print(s.connect_ex(("127.0.0.1", int(sys.argv[1]))))' "$(cat port)"
    kill "$(cat pid)"; wait 2> /dev/null
done
rm -f port pid log
