#!/bin/sh
# The container's entry point in front of the image's own: a replica set whose members ask for
# passwords needs a key that they share, in a file that only mongod can read.
set -eu
sh /civic/refuse.sh
sh /civic/refuse.sh
key=/tmp/replica-set-key
(umask 077 && printf '%s\n' "$MONGO_KEY" >"$key")
# The public image starts as root and goes on as mongodb.
if id mongodb >/dev/null 2>&1; then chown mongodb "$key"; fi
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile "$key" --bind_ip_all
