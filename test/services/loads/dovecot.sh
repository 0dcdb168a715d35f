#!/bin/sh
# dovecot: logins by IMAP, right and wrong; a mail is put into a mailbox, found, moved and removed.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=dovecot.service

prepare() {
  id reader >/dev/null 2>&1 || useradd --create-home reader
  echo reader:secret | chpasswd
}

# imap COMMAND [FOLDER]
imap() {
  curl -sS --max-time 20 -u reader:secret "imap://127.0.0.1/${2-}" -X "$1"
}

append() {
  printf 'Subject: %s\r\n\r\nhello\r\n' "$1" >/tmp/mail
  curl -sS --max-time 20 -u reader:secret imap://127.0.0.1/INBOX --upload-file /tmp/mail && echo appended
}

load() {
  answers 'LIST.*INBOX' imap 'LIST "" "*"'
  answers '^appended' append one
  answers 'EXISTS' imap 'EXAMINE INBOX'
  answers 'SEARCH [0-9 ]*[1-9]' imap 'SEARCH SUBJECT one' INBOX
}

other_load() {
  answers 'denied|AUTHENTICATIONFAILED|Login' curl -sS --max-time 20 -u reader:wrong imap://127.0.0.1/
  answers '^appended' append other
  imap 'CREATE old' >/dev/null 2>&1 || :
  answers 'LIST.*old' imap 'LIST "" "*"'
  answers 'FETCH' imap 'FETCH 1 (BODY[HEADER.FIELDS (SUBJECT)])' INBOX
  imap 'COPY 1 old' INBOX >/dev/null
  imap 'STORE 1 +FLAGS (\Deleted)' INBOX >/dev/null
  imap EXPUNGE INBOX >/dev/null
  answers 'EXISTS' imap 'EXAMINE old'
}

run "$@"
