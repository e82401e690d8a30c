# Rust: a crate that is made, built, run, tested and cleaned, with nothing from elsewhere
# own: cargo rustc
# needs: cc
# varies: */target/* */.cargo/*
# forgets: */target/*
# slow: yes

set -e
export CARGO_TERM_COLOR=never CARGO_NET_OFFLINE=true
cargo new -q hello; cd hello
printf 'pub fn twice(n: u32) -> u32 { 2 * n }\n#[test]\nfn it_doubles() { assert_eq!(twice(2), 4); }\nfn main() { println!("{}", twice(21)); }\n' > src/main.rs
cargo build -q; cargo run -q; cargo test -q 2>&1 | grep -c ok; cargo check -q; cargo clean -q; ls
