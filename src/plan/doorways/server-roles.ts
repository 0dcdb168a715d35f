/** Servers of files, mail and time, and services whose work is the kernel's log, hardware, or to start programs. */

import { type Role, words } from './role.js';

const NO_HOMES = 'people who log in would not have their homes';
const NO_LOGIN = 'nobody could log in as anybody';

const FILES: readonly Role[] = [
  {
    name: 'files',
    programs: words('proftpd vsftpd pure-ftpd'),
    needs: { homes: NO_HOMES, identity: NO_LOGIN },
  },
  {
    name: 'files',
    programs: ['smbd'],
    needs: { homes: NO_HOMES, identity: NO_LOGIN, exec: `${NO_LOGIN}, as samba-dcerpcd would not start` },
  },
];

const NO_MAIL = 'no mail would be delivered';
const NO_MAIL_IN_HOMES = 'mail would not be delivered into homes, nor as a .forward says';

const MAIL: readonly Role[] = [
  {
    name: 'mail',
    programs: words('exim exim4'),
    needs: {
      exec: NO_MAIL,
      gain: `${NO_MAIL}, as exim starts itself for that`,
      homes: NO_MAIL_IN_HOMES,
      identity: NO_MAIL,
    },
  },
  {
    name: 'mail',
    programs: words('postfix postmulti smtpd'),
    needs: { exec: NO_MAIL, homes: NO_MAIL_IN_HOMES, identity: NO_MAIL },
  },
  {
    name: 'mail',
    programs: words('dovecot'),
    needs: {
      exec: 'nobody could read mail',
      homes: 'people would not have the mail in their homes',
      identity: 'nobody could read mail',
    },
  },
];

const TIME: readonly Role[] = [
  {
    name: 'time',
    programs: words('chronyd ntpd openntpd systemd-timesyncd ptp4l phc2sys'),
    needs: { clock: 'the clock would not be set' },
  },
];

const LOGS: readonly Role[] = [
  {
    name: 'logs',
    programs: words('rsyslogd klogd systemd-journald'),
    needs: { 'kernel-log': 'what the kernel says would not be logged' },
  },
];

const HARDWARE: readonly Role[] = [
  {
    name: 'hardware',
    programs: words(
      'pcscd gpsd upsdrvctl watchdog rngd bluetoothd ModemManager upowerd fwupd lircd thermald',
    ),
    needs: { devices: 'it would not see the devices that it is for' },
  },
  {
    name: 'hardware',
    programs: words('irqbalance tuned power-profiles-daemon'),
    needs: { tunables: 'it could not change the settings that it is for' },
  },
];

/** A service that starts programs, the consequence where it can't, and further needs. */
const starting = (programs: string, exec: string, more: Role['needs'] = {}): Role => ({
  name: 'programs',
  programs: words(programs),
  needs: { exec, ...more },
});

const STARTERS: readonly Role[] = [
  starting('nrpe nagios nagios4 icinga2 munin-node', 'no check would run'),
  starting('monit', 'it would start no service again, and run no check'),
  starting('fail2ban-server', 'no address would be banned'),
  starting('cupsd', 'nothing would be printed', {
    devices: 'printers at USB and other ports would be missing',
  }),
  starting('inetd xinetd', 'none of the services that it listens for would start'),
  starting('supervisord runsvdir s6-svscan', 'nothing that it supervises would start'),
  starting('upsmon', 'the machine would not be shut down in time'),
  starting('apcupsd acpid', 'the machine would not be shut down in time', {
    devices: 'it would not see the device that tells when',
  }),
  starting('smartd', 'nobody would be told of a disk that fails', { devices: 'no disk would be watched' }),
];

export const SERVER_ROLES: readonly Role[] = [...FILES, ...MAIL, ...TIME, ...LOGS, ...HARDWARE, ...STARTERS];
