#!/bin/sh
# samba: people log in, and get and put files in their homes and in a share.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=smbd.service

prepare() {
  for user in reader writer; do
    id $user >/dev/null 2>&1 || useradd --create-home $user
    printf 'secret\nsecret\n' | smbpasswd -s -a $user
  done
  mkdir -p /srv/share
  chmod 1777 /srv/share
  sed -i 's/read only = yes/read only = no/' /etc/samba/smb.conf
  printf '[share]\n  path = /srv/share\n  read only = no\n' >>/etc/samba/smb.conf
}

# smb SHARE COMMANDS
smb() {
  smbclient -U "${user-reader}%secret" "//127.0.0.1/$1" -c "$2"
}

load() {
  answers 'putting file|put ' smb share 'put /etc/services a'
  answers ' a +' smb share ls
  answers 'putting file|put ' smb reader 'put /etc/services home'
}

other_load() {
  user=reader
  answers 'LOGON_FAILURE' smbclient -U reader%wrong //127.0.0.1/share -c ls
  answers 'IPC' smbclient -U reader%secret -L 127.0.0.1
  answers ' d +' smb share 'mkdir d; ls; rmdir d'
  answers ' home ' smb reader ls
  user=writer
  head -c 20000000 /dev/urandom >/run/large
  answers ' large +.* 20000000 ' smb writer 'put /run/large large; ls'
  answers ' other +.* 20000000 ' smb writer 'rename large other; ls; allinfo other; get other /run/got'
  cmp /run/large /run/got || fail 'other bytes come back'
  answers 'blocks available' smb writer 'del other; ls'
  # shellcheck disable=SC2016 # for the shell that at_once starts
  at_once 20 sh -c 'smbclient -U writer%secret //127.0.0.1/share -c "put /etc/services many$N; get many$N /dev/null; del many$N"'
}

run "$@"
