# A web server on localhost, asked with urllib and curl
# needs: curl

set -e
mkdir site; echo page > site/index.html
python3 -u -m http.server --bind 127.0.0.1 --directory site 0 > port 2> requests & server=$!
while ! grep -qs Serving port; do sleep 0.05; done
port=$(sed 's/.*port \([0-9]*\).*/\1/' port)
curl -fsS "http://localhost:$port/index.html"
curl -fsS "http://127.0.0.1:$port/" -o got; cat got
curl -s -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/none"
python3 -c "import urllib.request as u; print(u.urlopen('http://localhost:$port').read())"
kill "$server"; wait "$server" 2>/dev/null || true
rm -f port requests
