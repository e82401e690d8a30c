# node: modules in both kinds, -e, -p, --check, a script with #!, standard input that is data, a loop of processes
# needs: node

set -e
printf 'export const a = 1;\n' > a.mjs; printf 'import { a } from "./a.mjs"; import fs from "fs"; console.log(a, fs.existsSync("README"));\n' > b.mjs; node b.mjs
node -e 'console.log(1)'; node -p '2 + 2'; node --check a.mjs; printf '#!/usr/bin/env node\nconsole.log(process.argv.length)\n' > tool; chmod +x tool; ./tool a
echo data | node -e 'process.stdin.on("data", d => console.log(String(d).trim()))'
node -e 'const {spawn} = require("child_process"); spawn("node", ["-p", "1"], {stdio: "inherit"}).on("close", c => console.log(c))'
node -e 'require("fs").promises.readFile("README").then(String).then(console.log)'
