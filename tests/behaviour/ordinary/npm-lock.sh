# npm: ci from a lock file, pack, a program of a dependency
# needs: node npm
# forgets: */.npm/*
# slow: yes

set -e; export npm_config_update_notifier=false
mkdir dep; printf '{"name": "dep", "version": "1.0.0", "bin": {"dep": "cli.js"}}' > dep/package.json
printf '#!/usr/bin/env node\nconsole.log("cli")\n' > dep/cli.js; chmod +x dep/cli.js
printf '{"name": "work", "version": "1.0.0", "dependencies": {"dep": "file:dep"}}' > package.json
npm install --silent --no-audit --offline; rm -rf node_modules
npm ci --silent --no-audit --offline; node_modules/.bin/dep; npm pack --silent --dry-run; rm -rf node_modules
