# Fetching from localhost in a home with a ~/.netrc: curl -n, wget, git over HTTP, and Python's requests (pip has one)
# needs: python3 curl wget git python:pip._vendor.requests

set -e
mkdir site; echo hello > site/page; git clone -q --bare . site/repo.git; git -C site/repo.git update-server-info
python3 -u -c '
import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="site")
handler.func.log_message = lambda *_: None
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
open("port.new", "w").write(str(server.server_port)); import os; os.rename("port.new", "port"); server.serve_forever()' & server=$!
while [ ! -f port ]; do sleep 0.1; done; at=http://localhost:$(cat port); rm port
curl -sn "$at/page"; curl -s "$at/page"; wget -qO- "$at/page"; git clone -q "$at/repo.git" cloned; git -C cloned log --format=%s
python3 -B -c 'import sys; from pip._vendor import requests; print(requests.get(sys.argv[1]).text)' "$at/page"
kill "$server"; rm -rf cloned
