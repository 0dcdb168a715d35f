#!/bin/sh
# php-fpm behind apache2: scripts that compute, and use sessions, files and uploads.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
php=php$(version_in /etc/php)-fpm
unit=$php.service

prepare() {
  a2enmod -q proxy_fcgi setenvif >/dev/null
  a2enconf -q "$php" >/dev/null
  cat >/var/www/html/x.php <<'PHP'
<?php
session_start();
$_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;
echo 'sum ', array_sum([1, 2, strlen($_POST['word'] ?? '')]), "\n";
PHP
  cat >/var/www/html/y.php <<'PHP'
<?php
$name = tempnam('/tmp', 'php');
file_put_contents($name, str_repeat('x', 100000));
echo 'length ', strlen(file_get_contents($name)), ' ', crc32(random_bytes(16)) >= 0, "\n";
unlink($name);
foreach ($_FILES as $file) echo 'upload ', filesize($file['tmp_name']), "\n";
echo date('Y'), ' ', json_encode(glob('/var/www/html/*.php')), "\n";
PHP
  systemctl start apache2.service
}

load() {
  answers '^sum 3' curl -sS http://127.0.0.1/x.php
  answers '^length 100000' curl -sS http://127.0.0.1/y.php
  answers 'File not found' curl -sS http://127.0.0.1/none.php
}

other_load() {
  answers '^sum 7' curl -sS -d word=word http://127.0.0.1/x.php
  answers '^upload [1-9]' curl -sS -F file=@/etc/services http://127.0.0.1/y.php
  answers 'Failed requests: +0' ab -q -c 20 -n 200 http://127.0.0.1/x.php
}

rotate() {
  rotated "$php"
}

run "$@"
