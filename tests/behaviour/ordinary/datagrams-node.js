// node: datagrams of this machine, with and without a connection, several in a row, on IPv4 and IPv6
// needs: node

const dgram = require("dgram");
const one = (kind, host, then) => {
  const server = dgram.createSocket(kind), client = dgram.createSocket(kind); let count = 0;
  server.on("message", (text, from) => server.send(String(text).toUpperCase(), from.port, from.address));
  server.bind(0, host, () => {
    const port = server.address().port;
    client.on("message", (text) => {
      console.log(kind, String(text));
      if (++count === 3) { client.connect(port, host, () => client.send("connected")); }
      if (count === 4) { client.close(); server.close(then); }
    });
    for (const text of ["a", "b", ["c", "d"]]) client.send(text, port, host);
  });
};
one("udp4", "127.0.0.1", () => require("fs").existsSync("/proc/net/if_inet6") ? one("udp6", "::1", () => console.log("done")) : console.log("done"));
