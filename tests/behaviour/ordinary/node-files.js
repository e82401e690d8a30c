// node: files, child processes, workers, streams, a server and fetch on localhost, timers, signals
// needs: node

const fs = require("fs"), os = require("os"), path = require("path"), cp = require("child_process"), http = require("http"), zlib = require("zlib");
const { Worker } = require("worker_threads");
fs.mkdirSync("d/e", { recursive: true }); fs.writeFileSync("d/e/f", "text"); fs.renameSync("d/e/f", "d/g"); fs.symlinkSync("g", "d/l");
console.log(fs.readdirSync("d"), fs.readFileSync("d/l", "utf8"), fs.statSync("d/g").size); fs.rmSync("d", { recursive: true });
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "x-")); fs.writeFileSync(path.join(folder, "y"), "z"); fs.rmSync(folder, { recursive: true });
console.log(cp.execSync("echo shell | tr a-z A-Z").toString(), cp.execFileSync("echo", ["file"]).toString(), cp.spawnSync("sh", ["-c", "exit 3"]).status);
console.log(zlib.gunzipSync(zlib.gzipSync("gzip")).toString(), os.cpus().length > 0, os.hostname().length > 0, os.homedir() === process.env.HOME);
new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true }).on("message", (n) => {
  console.log(n);
  const child = cp.fork(__filename, ["child"], { execArgv: ["-e", "process.on('message', m => { process.send(m + 1); process.disconnect(); })"] });
  child.on("error", (e) => console.log(String(e)));
  child.kill();
  const server = http.createServer((q, a) => a.end("page " + q.url)).listen(0, "127.0.0.1", () => {
    http.get({ port: server.address().port, host: "localhost", path: "/a", family: 4 }, (a) => {
      a.on("data", (d) => console.log(d.toString())); a.on("end", () => server.close(unix));
    });
  });
});
function unix() {
  const net = require("net");
  const server = net.createServer((c) => c.end("unix")).listen("n.sock", () => {
    net.connect("n.sock").on("data", (d) => console.log(d.toString())).on("end", () => server.close());
  });
}
