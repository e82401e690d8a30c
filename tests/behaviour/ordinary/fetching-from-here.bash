# What a server of one's own says, taken apart by whatever is at hand
# needs: curl python3 node perl

set -e
python3 - <<'END' &
import http.server
class Say(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"a": [1, 2], "status": "ok"}\n')
    def log_message(self, *_):
        pass
with http.server.HTTPServer(("127.0.0.1", 0), Say) as server:
    with open("port.new", "w") as file:
        file.write(str(server.server_port))
    import os
    os.rename("port.new", "port")
    server.serve_forever()
END
server=$!
trap 'kill $server' EXIT
until [ -e port ]; do sleep 0.05; done
at=localhost:$(cat port)
rm port
echo 'import sys; print(len(sys.stdin.read()))' > size.py
bash -c "curl -s $at/api | python3 -m json.tool"
bash -c "curl -s $at/api | python3 -c \"import json, sys; print(json.load(sys.stdin)['a'])\""
bash -c "curl -s $at | python3 size.py; curl -s $at | sha256sum; curl -s $at | shuf"
bash -c "curl -s $at | perl -ne 'print if /ok/'; curl -s $at | node -e 'process.stdin.pipe(process.stdout)'"
bash -c "curl -s $at/api | tee out.json | python3 -m json.tool | head -2"
bash -c "curl -s $at > out.json; python3 -m json.tool < out.json; cat out.json | python3 size.py"
bash -c "curl -s $at > /dev/null || python3 server.py; for i in 1 2; do curl -s $at/\$i | python3 size.py; done"
bash -c "diff <(curl -s $at/a) <(curl -s $at/b); wc -l < <(curl -s $at)"
bash -c "while read -r line; do echo \"\$line\"; done < <(curl -s $at); jq . <(curl -s $at) 2> /dev/null || true"
bash -c "grep -c \"\$(curl -s $at | cut -c2)\" out.json; sed -e \"s/ok/\$(curl -s $at | wc -l)/\" out.json"
bash -c "eval \"\$(echo x=1)\"; curl -s $at; python3 size.py <<< \"\$(curl -s $at)\""
