#!/bin/sh
# Refuses MongoDB's own secrets when everybody could guess them, by the rules of shared/settings.py:
# no service is told these, so no service could refuse. The words are the services' own list.
set -eu
words=${KNOWN_PASSWORDS:-/known_passwords.txt}
[ "${CIVIC_PROFILE:-production}" = dev ] && exit 0
[ -s "$words" ]

guessable() {
    folded=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')
    [ "${#1}" -lt 12 ] && return 0
    case $folded in dev-* | devonly* | zgv2l*) return 0 ;; esac
    [ "$(printf '%s' "$folded" | fold -w 1 | sort -u | wc -l)" -lt 6 ] && return 0
    letters=$(printf '%s' "$folded" | tr -cd 'a-z')
    printf '%s\n' "$letters" | grep -Eqx "($(tr '\n' '|' <"$words" | sed 's/|$//'))*"
}

for name in MONGO_INITDB_ROOT_PASSWORD MONGO_PASSWORD MONGO_KEY; do
    eval "value=\${$name:-}"
    if guessable "$value"; then
        echo "$name is empty, a default password or shorter than 12 characters; set a secret of" \
            "your own (.env.example), or run with CIVIC_PROFILE=dev where nobody else reaches it" >&2
        exit 1
    fi
done
