#!/bin/sh
# An agent that runs tools: shells, a compiler and its programs, files; and what none of them may do.
# shellcheck source-path=SCRIPTDIR source=../loads/common.sh
. "${0%/*}/../loads/common.sh"
unit=agent.service

prepare() {
  mkdir -p /srv/agent
  cat >/srv/agent/agent.py <<'PY'
import http.server, os, subprocess

class Agent(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        command = self.rfile.read(int(self.headers["Content-Length"])).decode()
        ran = subprocess.run(["sh", "-c", command], capture_output=True, cwd=os.environ["STATE_DIRECTORY"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%s%sstatus %d\n" % (ran.stdout, ran.stderr, ran.returncode))

http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Agent).serve_forever()
PY
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 /srv/agent/agent.py
StateDirectory=agent
DynamicUser=yes
UNIT
  # Keys of the machine, as a cloud would give them out, and the socket of a container engine.
  ip address add 169.254.169.254/32 dev lo
  echo key >/srv/agent/index.html
  touch /run/docker.sock
  systemd-run --quiet --unit=metadata python3 -m http.server 80 --bind 169.254.169.254 --directory /srv/agent
  systemctl daemon-reload
}

# tool COMMAND: what it says, and its status.
tool() {
  curl -sS --max-time 60 --retry 5 --retry-connrefused --data-binary "$1" http://127.0.0.1:8000/
}

is_confined() {
  systemctl show --property=DropInPaths $unit | grep -q sandbox-unit
}

load() {
  answers '^100$' tool 'seq 100 | sort -rn | head -n 1'
  answers '^compiled 42$' tool 'printf "#include <stdio.h>\nint main(void) { printf(\"compiled %%d\\\\n\", 42); }\n" >x.c && gcc -o x x.c && ./x'
  answers '^\[1, 4, 9\]$' tool 'python3 -c "from multiprocessing import Pool; print(Pool(2).map(abs, [-1, -4, 9]))"'
  if is_confined; then forbidden; else permitted; fi
}

other_load() {
  answers '^status 3$' tool 'exit 3'
  answers '^2000000$' tool 'head -c 2000000 /dev/urandom >data; wc -c <data'
  answers '^threads 6$' tool 'python3 -c "from concurrent.futures import ThreadPoolExecutor as T; print(\"threads\", sum(T(4).map(int, \"123\")))"'
  answers '^node 7$' tool 'node -e "console.log(\"node\", 3 + 4)"'
  answers '^inner hello' tool 'echo "inner hello" >index.html; python3 -m http.server 8001 --bind 127.0.0.1 >/dev/null 2>&1 & curl -sS --retry 9 --retry-connrefused http://127.0.0.1:8001/; kill $!'
}

keys='curl -sS --max-time 5 http://169.254.169.254/'
engine='cat /run/docker.sock && echo there'
namespace='unshare --user --map-root-user true && echo made'
inject='python3 -c "import fcntl, pty, os; _, tty = os.openpty(); fcntl.ioctl(tty, 0x5412, b\"x\")"'

# Without a policy all of this goes, so that its failure tells of the policy.
permitted() {
  answers '^key$' tool "$keys"
  answers '^there$' tool "$engine"
  answers '^made$' tool "$namespace"
}

forbidden() {
  answers '^curl: .*(Could not connect|Failed to connect|timed out)' tool "$keys"
  answers 'No such file' tool "$engine"
  answers 'Operation not permitted' tool "$namespace"
  answers 'Operation not permitted' tool "$inject"
  answers 'Operation not permitted|Function not implemented' tool 'python3 -c "import ctypes, os; l = ctypes.CDLL(None, use_errno=True); l.ptrace(16, os.getppid(), 0, 0) and print(os.strerror(ctypes.get_errno()))"'
  answers 'Read-only file system|Permission denied' tool 'touch /etc/written /run/written'
}

run "$@"
