# openssl and ssh-keygen: digests, random bytes, encryption, a key and a certificate made for a test, read back where they lie for it
# needs: openssl ssh-keygen
# varies: */made/*

set -e; mkdir made; cd made
openssl dgst -sha256 ../README | cut -d' ' -f2; openssl rand -hex 8 | wc -c; echo text | openssl enc -aes-256-cbc -pbkdf2 -pass pass:word -out e; openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:word -in e
openssl req -x509 -newkey rsa:2048 -nodes -keyout server -out server.crt -days 1 -subj /CN=localhost 2> /dev/null; openssl x509 -in server.crt -noout -subject; openssl rsa -in server -noout -check
ssh-keygen -q -t ed25519 -N '' -C test -f login; ssh-keygen -l -f login.pub | cut -d' ' -f1; ssh -V 2> /dev/null; ssh -G example.org | grep -c '^user '
python3 -c 'import secrets, ssl, hashlib, hmac; c = ssl.create_default_context(); print(len(secrets.token_hex()), len(c.get_ca_certs()) >= 0)'; echo "$(sha256sum ../README)" | sha256sum -c
