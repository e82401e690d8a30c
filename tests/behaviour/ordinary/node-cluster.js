// node: a cluster whose workers share a port on localhost, streams through a pipe, a file that is watched, an HTTP client
// needs: node

const cluster = require("cluster"), http = require("http"), fs = require("fs");
if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on("listening", (address) => http.get({ port: address.port, host: "127.0.0.1" }, (answer) => {
    answer.pipe(fs.createWriteStream("got")).on("finish", () => {
      console.log(fs.readFileSync("got", "utf8")); fs.unlinkSync("got"); worker.disconnect();
    });
  }));
  worker.on("exit", (code) => console.log(code));
} else {
  http.createServer((request, answer) => answer.end("worker")).listen(0, "127.0.0.1");
}
