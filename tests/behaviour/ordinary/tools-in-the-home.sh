# Tools that lie in the home: of pipx, npm -g, cargo, go, bun and deno, and scripts of one's own
# needs: cc python3 node
# home: tools
# varies: */bin/seven

export PATH="$HOME/.local/bin:$HOME/bin:$HOME/.cargo/bin:$HOME/go/bin:$HOME/.bun/bin:$HOME/.deno/bin:$HOME/.npm-global/bin:$PATH"
of-localbin a; of-bin b; of-cargobin; of-gobin; of-bunbin; of-denobin; "$HOME/.rustup/toolchains/stable/bin/of-rustuptoolchainsstablebin"
seven; echo $?; tool; npm-tool
python3 -c 'import subprocess; print(subprocess.run(["of-cargobin", "x"], capture_output=True, text=True).stdout)'
printf 'all:\n\tof-bin made; tool\n' > Makefile; make -s; find . -name Makefile -exec of-gobin {} \; | xargs of-denobin
