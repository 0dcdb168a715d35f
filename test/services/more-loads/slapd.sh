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

# Changes the configuration, which slapd writes itself.
limit() {
  printf 'dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcSizeLimit\nolcSizeLimit: %s\n' "$(date +%s)" |
    ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null || fail 'the configuration stays'
}

load() {
  limit
  answers "$suffix" ldapsearch -x -H ldap://127.0.0.1 -b '' -s base namingContexts
  printf 'dn: ou=people,%s\nobjectClass: organizationalUnit\nou: people\n' "$suffix" | as_admin ldapadd -c >/dev/null 2>&1 || :
  answers '^ou: people' as_admin ldapsearch -b "$suffix"
}

other_load() {
  answers 'Invalid credentials' ldapsearch -x -H ldap://127.0.0.1 -D "cn=admin,$suffix" -w wrong
  printf 'dn: ou=other,%s\nobjectClass: organizationalUnit\nou: other\n' "$suffix" | as_admin ldapadd >/dev/null || fail 'ldapadd fails'
  answers '^ou: other' as_admin ldapsearch -b "$suffix" ou=other
  as_admin ldapdelete "ou=other,$suffix" || fail 'ldapdelete fails'
  # A person with a password of their own, then many entries, and many clients.
  printf 'dn: cn=eve,%s\nobjectClass: person\ncn: eve\nsn: eve\n' "$suffix" | as_admin ldapadd >/dev/null || fail 'no person comes'
  as_admin ldappasswd -s hers "cn=eve,$suffix" || fail 'ldappasswd fails'
  answers "^dn:cn=eve,$suffix" ldapwhoami -x -H ldap://127.0.0.1 -D "cn=eve,$suffix" -w hers
  as_admin ldapmodrdn -r "cn=eve,$suffix" cn=adam || fail 'ldapmodrdn fails'
  as_admin ldapdelete "cn=adam,$suffix" || fail 'the person stays'
  for i in $(seq 500); do
    printf 'dn: ou=n%s,%s\nobjectClass: organizationalUnit\nou: n%s\n\n' "$i" "$suffix" "$i"
  done |
    as_admin ldapadd >/dev/null || fail 'many entries fail'
  answers '^# numEntries: 500' as_admin ldapsearch -b "$suffix" -E pr=100/noprompt '(ou=n*)' ou
  seq -f "ou=n%g,$suffix" 1 500 | as_admin ldapdelete || fail 'many entries stay'
  limit
  at_once 30 ldapsearch -x -H ldap://127.0.0.1 -b "$suffix"
}

run "$@"
