#!/bin/sh
# pure-ftpd: people log in with a password of the system's, others with one of the server's own, and get and put files. Logins
# by PAM are left out: those are moved into sessions of their own, as those of ssh are.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=pure-ftpd.service

prepare() {
  unit_of_init_script
  for user in reader writer; do
    id $user >/dev/null 2>&1 || useradd --create-home --shell /bin/bash $user
  done
  echo reader:secret | chpasswd
  # The server shuts these into their homes.
  for user in guest visitor; do
    install -d -o writer ~writer/$user
    printf 'secret\nsecret\n' | pure-pw useradd $user -u writer -d ~writer/$user -m >/dev/null
  done
  ln -sf ../conf/PureDB /etc/pure-ftpd/auth/50pure
  rm -f /etc/pure-ftpd/auth/70pam
  echo no >/etc/pure-ftpd/conf/PAMAuthentication
  echo yes >/etc/pure-ftpd/conf/UnixAuthentication
}

# ftp WORDS...
ftp() {
  curl -sS --max-time 60 --retry 5 --retry-connrefused -u "${user-reader}:secret" "$@"
}

load() {
  answers '^put' sh -c 'curl -sS --max-time 20 -u reader:secret -T /etc/services ftp://127.0.0.1/put && echo put'
  answers '^ssh\s' ftp ftp://127.0.0.1/put
  answers '^ssh\s' ftp -u guest:secret -T /etc/services ftp://127.0.0.1/put ftp://127.0.0.1/put
}

other_load() {
  answers '530|denied' curl -sS --max-time 20 --retry 5 --retry-connrefused -u reader:wrong ftp://127.0.0.1/
  answers ' put$' ftp ftp://127.0.0.1/
  answers '^ssh\s' ftp --disable-epsv ftp://127.0.0.1/put
  answers '^ssh\s' ftp -P 127.0.0.1 ftp://127.0.0.1/put
  user=visitor
  head -c 3000000 /dev/urandom >/run/large
  answers '^0$' ftp --ftp-create-dirs -T /run/large -w '%{errormsg}0\n' ftp://127.0.0.1/folder/large
  answers '^3000000$' ftp -o /dev/null -w '%{size_download}\n' ftp://127.0.0.1/folder/large
  answers ' other$' ftp -Q 'RNFR folder/large' -Q 'RNTO folder/other' ftp://127.0.0.1/folder/
  answers ' folder$' ftp -Q 'SITE CHMOD 600 folder/other' -Q 'DELE folder/other' -Q 'MKD d' -Q 'RMD d' ftp://127.0.0.1/
  # shellcheck disable=SC2016 # for the shell that at_once starts
  at_once 8 sh -c 'curl -sS --max-time 60 -u visitor:secret -T /etc/services "ftp://127.0.0.1/many$N"'
}

rotate() {
  rotated pure-ftpd-common
}

run "$@"
