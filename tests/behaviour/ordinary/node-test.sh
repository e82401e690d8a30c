# node: its own test runner, workers, modules, a package packed and installed from its file, npx of what is installed, a server that is asked by fetch
# needs: node npm npx
# varies: */package-lock.json *.tgz
# forgets: */.npm/*
# slow: yes

set -e; export npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false npm_config_offline=true
mkdir lib app; printf '{"name": "lib", "version": "1.2.3", "type": "module", "exports": "./i.js", "bin": "./cli.js"}' > lib/package.json; printf 'export const twice = (n) => 2 * n;\n' > lib/i.js; printf '#!/usr/bin/env node\nconsole.log("cli", process.argv[2]);\n' > lib/cli.js
cd app; npm init -y > /dev/null; npm pack --silent ../lib; npm install --silent ./lib-1.2.3.tgz; npx lib word; npm exec -- lib other; npm ls --parseable | wc -l; npm pkg set type=module scripts.build='node build.js' scripts.pretest='echo before' scripts.test='node --test'
printf 'import { twice } from "lib"; import { Worker } from "node:worker_threads"; import fs from "node:fs";\nfs.mkdirSync("dist", { recursive: true }); fs.writeFileSync("dist/o", String(twice(21)));\nnew Worker("require(\\"worker_threads\\").parentPort.postMessage(1)", { eval: true }).on("message", (m) => console.log("worker", m));\n' > build.js
cat > it.test.js <<'END'
import test from "node:test"; import assert from "node:assert"; import http from "node:http"; import { execFileSync } from "node:child_process";
test("server", async () => {
  const server = http.createServer((_, r) => r.end("here")).listen(0); await new Promise((go) => server.on("listening", go));
  assert.equal(await (await fetch(`http://localhost:${server.address().port}`)).text(), "here"); server.closeAllConnections(); server.close();
});
test("child", () => assert.equal(execFileSync(process.execPath, ["-p", "6*7"]).toString(), "42\n"));
END
npm run --silent build; cat dist/o; echo; npm test --silent 2>&1 | grep -cE '^# pass 2|pass 2'; npm version --no-git-tag-version patch --silent; npm cache ls > /dev/null 2>&1 || true; npm config get registry > /dev/null; npm root | grep -c node_modules; node -e 'console.log(require.resolve("lib") !== "")' --input-type=commonjs; npm run --silent 2>&1 | head -1; rm -rf node_modules dist
