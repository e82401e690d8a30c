# pytest: a plugin of the project, a server as a fixture, marks, a report, a base folder of its own, failures first, output of children
# needs: python:pytest
# varies: */.pytest_cache/* */report.xml
# forgets: */base/*

set -e
mkdir tests; printf '[pytest]\naddopts = -p no:randomly\nmarkers = slow: takes long\n' > pytest.ini
cat > tests/conftest.py <<'END'
import http.server, threading, pytest
def pytest_addoption(parser): parser.addoption("--stage", default="test")
@pytest.fixture(scope="session")
def url():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
END
cat > tests/test_more.py <<'END'
import logging, os, subprocess, sys, urllib.request, pytest
def test_server(url, capfd): assert urllib.request.urlopen(f"{url}/README").status == 200
@pytest.mark.slow
def test_option(request): assert request.config.getoption("--stage") == "test"
def test_folder(tmp_path_factory, monkeypatch): monkeypatch.chdir(tmp_path_factory.mktemp("x")); open("y", "w").close()
def test_log(caplog): logging.warning("said"); assert "said" in caplog.text
def test_child(pytester=None): assert subprocess.check_output([sys.executable, "-c", "print(1)"], text=True) == "1\n"
@pytest.mark.xfail
def test_fails(): assert os.path.exists("/nowhere")
END
python3 -m pytest -q --junitxml=report.xml --basetemp=base -W ignore tests | tail -1 | sed 's/ in .*//'
python3 -m pytest -q --ff -m slow --durations=2 -W ignore tests | tail -1 | sed 's/ in .*//'; python3 -m pytest --collect-only -q tests | grep -c ::
python3 -m doctest README; rm -rf base report.xml
