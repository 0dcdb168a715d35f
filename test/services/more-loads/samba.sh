#!/bin/sh
# samba: people log in, and get and put files in their homes and in a share.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=smbd.service

prepare() {
  id reader >/dev/null 2>&1 || useradd --create-home reader
  printf 'secret\nsecret\n' | smbpasswd -s -a reader
  mkdir -p /srv/share
  chmod 1777 /srv/share
  sed -i 's/read only = yes/read only = no/' /etc/samba/smb.conf
  printf '[share]\n  path = /srv/share\n  read only = no\n' >>/etc/samba/smb.conf
}

# smb SHARE COMMANDS
smb() {
  smbclient -U reader%secret "//127.0.0.1/$1" -c "$2"
}

load() {
  answers 'putting file|put ' smb share 'put /etc/services a'
  answers ' a +' smb share ls
  answers 'putting file|put ' smb reader 'put /etc/services home'
}

other_load() {
  answers 'LOGON_FAILURE' smbclient -U reader%wrong //127.0.0.1/share -c ls
  answers 'IPC' smbclient -U reader%secret -L 127.0.0.1
  answers ' d +' smb share 'mkdir d; ls; rmdir d'
  answers ' home ' smb reader ls
}

run "$@"
