#!/bin/sh
# A static program in Rust: a server that a thread a connection answers, in capitals. It keeps a log.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=rust-echo.service

prepare() {
  cat >/tmp/echo.rs <<'RUST'
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn serve(stream: TcpStream) -> std::io::Result<()> {
    let mut output = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let mut log = OpenOptions::new().create(true).append(true).open("/var/lib/rust-echo/log")?;
        writeln!(log, "{}", line)?;
        writeln!(output, "{}", line.to_uppercase())?;
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    for stream in TcpListener::bind("127.0.0.1:7007")?.incoming() {
        let stream = stream?;
        std::thread::spawn(move || serve(stream));
    }
    Ok(())
}
RUST
  rustc -O -C target-feature=+crt-static -o /usr/local/bin/rust-echo /tmp/echo.rs
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/local/bin/rust-echo
StateDirectory=rust-echo
UNIT
  systemctl daemon-reload
}

# talk LINE...
talk() {
  { printf '%s\n' "$@"; sleep 0.3; } | curl -sS --max-time 1 telnet://127.0.0.1:7007
}

load() {
  answers '^HELLO' talk hello
}

other_load() {
  answers '^TWO' talk one two
  for _ in 1 2 3 4 5 6 7 8; do talk many >/dev/null 2>&1 & done
  wait
  answers '^MANY' talk many
}

run "$@"
