#!/bin/sh
# slapd: entries are added, found, changed and removed.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=slapd.service

prepare() {
  systemctl start slapd.service
  ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<'LDIF'
dn: olcDatabase={1}mdb,cn=config
changetype: modify
replace: olcRootPW
olcRootPW: secret
LDIF
}

suffix=dc=nodomain

# as_admin COMMAND...
as_admin() {
  "$@" -x -H ldap://127.0.0.1 -D "cn=admin,$suffix" -w secret
}

load() {
  answers "$suffix" ldapsearch -x -H ldap://127.0.0.1 -b '' -s base namingContexts
  printf 'dn: ou=people,%s\nobjectClass: organizationalUnit\nou: people\n' "$suffix" | as_admin ldapadd -c >/dev/null 2>&1 || :
  answers '^ou: people' as_admin ldapsearch -b "$suffix"
}

other_load() {
  answers 'Invalid credentials' ldapsearch -x -H ldap://127.0.0.1 -D "cn=admin,$suffix" -w wrong
  printf 'dn: ou=other,%s\nobjectClass: organizationalUnit\nou: other\n' "$suffix" | as_admin ldapadd >/dev/null || fail 'ldapadd fails'
  answers '^ou: other' as_admin ldapsearch -b "$suffix" ou=other
  as_admin ldapdelete "ou=other,$suffix" || fail 'ldapdelete fails'
}

run "$@"
