# npm: init, a local dependency installed, scripts, npm test
# needs: node npm
# varies: */package-lock.json
# forgets: */.npm/*
# slow: yes

set -e; export npm_config_update_notifier=false
mkdir dep; printf '{"name": "dep", "version": "1.0.0", "main": "i.js", "bin": {"dep": "cli.js"}}' > dep/package.json
printf 'module.exports = () => "dep"\n' > dep/i.js; printf '#!/usr/bin/env node\nconsole.log("cli")\n' > dep/cli.js; chmod +x dep/cli.js
npm init -y > /dev/null; npm install --silent --no-audit --offline ./dep
printf 'console.log(require("dep")())\n' > index.js; node index.js
npm pkg set scripts.test="dep && node index.js && echo passed" --silent; npm test --silent; rm -rf node_modules
