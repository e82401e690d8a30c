# tar, gzip, xz, zip and unzip, cpio of the workspace, dd, cp -a, install, ln, chmod, touch, truncate, rsync-like copies
# needs: tar gzip zip unzip xz

set -e
tar czf a.tgz src README; tar tzf a.tgz | wc -l; mkdir out; tar xzf a.tgz -C out; diff -r src out/src; gzip -k README; gunzip -c README.gz; xz -k README; xz -dc README.xz
zip -qr a.zip src; unzip -q a.zip -d out2; unzip -l a.zip | tail -1 | tr -s ' ' | cut -d' ' -f3; tar cf - src | (mkdir -p out3 && cd out3 && tar xf -); ls out3
cp -a src src2; cp -r --preserve=timestamps src src3; install -m 755 -D README deep/er/installed; ln -s ../README deep/link; cat deep/link; chmod -R u+w,go-rwx src2; touch -d @0 src2/main.py
dd if=/dev/zero of=zeros bs=1k count=64 status=none; truncate -s 10 zeros; wc -c < zeros; mv src3 src4; mkfifo pipe; (echo fifo > pipe &); cat pipe; chown "$(id -u)" zeros
rm -rf out out2 out3 src2 src4 deep zeros pipe a.tgz a.zip README.gz README.xz
