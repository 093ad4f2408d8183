#!/usr/bin/env bash
# Node.js 20.20.2, process.stdout as a file on Linux.
# Expected: if the disk fills in the middle of a write, the write fails.
# Seen: the disk takes 65,536 of 100,000 bytes. The callback gets no error, no event comes, and the
# exit code is 0: Node.js makes one call of the system, and takes a part for the whole.
# For us: what goes to a file is written in a loop, until all of it is there or a call fails.
# Needs a user who may mount a file system of 64 KiB.
set -euo pipefail
folder=$(mktemp -d)
trap 'umount "$folder/disk" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
mkdir disk
mount -t tmpfs -o size=64k finding disk

cat > write.cjs <<'END'
process.stdout.on("error", (error) => process.stderr.write(`event: ${error.code}\n`));
process.stdout.write("x".repeat(100_000), (error) => {
	process.stderr.write(`callback: ${error?.code ?? "no error"}\n`);
});
END

node write.cjs > disk/output 2> seen.txt
echo "exit code 0, $(stat -c %s disk/output) bytes" >> seen.txt
cat seen.txt
diff - seen.txt <<'END'
callback: no error
exit code 0, 65536 bytes
END
echo "as described"
