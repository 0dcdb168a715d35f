/** The table of access units, by which people and machines get in, and of servers that are of no use without something. */

import type { Target } from '../systemd/target/target.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import { argumentsOf, type ExecCommand } from '../systemd/unit/exec/line.js';
import { isTemplate, parseUnitName, type UnitName } from '../systemd/unit/name.js';
import { fileName } from '../systemd/unit/path.js';
import { allWords } from '../systemd/unit/values.js';
import { startedFiles } from './launcher/loose-programs.js';

/**
 * Facts about a unit:
 * - `access`: people or machines get in by it, or administer the machine: its change waits for a confirmation.
 * - `starts`: its work is to start programs, so that it is of no use without execve(2).
 * - `sessions`: programs of other people run in it, and inherit what confines it.
 * - `mounts`: it mounts file systems, or what it starts does. A Landlock domain with any right to files forbids that.
 * - `homes`, `clock`, `kernel-log`, `devices`, `tunables`: its work needs these: see {@link TAKES}.
 */
export type Trait =
  | 'access'
  | 'starts'
  | 'sessions'
  | 'mounts'
  | 'homes'
  | 'clock'
  | 'kernel-log'
  | 'devices'
  | 'tunables';

/** Directives that take a thing as a whole, which some units are of no use without. */
export const TAKES: ReadonlyMap<string, Trait> = new Map([
  ['ProtectHome', 'homes'],
  ['ProtectClock', 'clock'],
  ['ProtectKernelLogs', 'kernel-log'],
  ['PrivateDevices', 'devices'],
  ['ProtectKernelTunables', 'tunables'],
]);

/** Units of a kind, by the file names of their programs, and by names without a type: `ssh`, and `getty@` for a template. */
interface AccessUnitRow {
  readonly traits: string;
  readonly programs: string;
  readonly units?: string;
}

const TABLE: readonly AccessUnitRow[] = [
  // Logins, and jobs. What is started in a session may mount, by FUSE or in a namespace of its own.
  {
    traits: 'access starts sessions mounts homes',
    programs:
      'sshd dropbear tinysshd teleport in.telnetd telnetd in.rlogind agetty mingetty fgetty mgetty getty login sulogin ' +
      'systemd-sulogin-shell cockpit-session xrdp-sesman vncsession vncsession-start tigervncsession-start ' +
      'gdm gdm3 lightdm sddm lxdm xdm wdm slim greetd ly ly-dm ' +
      'cron crond dcron fcron incrond bcron-sched atd anacron',
    units:
      'ssh ssh@ sshd sshd@ dropbear dropbear@ getty@ serial-getty@ console-getty container-getty@ autovt@ debug-shell ' +
      'rescue emergency display-manager user@ cron crond cronie dcron fcron atd anacron',
  },
  {
    traits: 'access starts sessions',
    programs:
      'gnome-remote-desktop-daemon guacd etserver miniserv.pl pveproxy pvedaemon teamviewerd anydesk rustdesk jupyterhub ' +
      'code-server',
  },
  // Other ways in; sessions, accounts and privileges; the network; file systems that a boot needs.
  {
    traits: 'access',
    programs:
      'cockpit-ws cockpit-tls xrdp shellinaboxd ttyd systemd-logind elogind polkitd polkit-agent-helper-1 ' +
      'NetworkManager systemd-networkd connmand wickedd wpa_supplicant iwd udhcpc tailscaled zerotier-one openvpn charon ' +
      'charon-systemd nft firewalld systemd-resolved dnsmasq authd himmelblaud ypbind oddjobd systemd-user-sessions ' +
      'accounts-daemon seatd autossh cloudflared netbird nebula tincd pluto ocserv xl2tpd pppd systemd-machined',
    units:
      'systemd-logind elogind polkit polkitd polkit-agent-helper@ NetworkManager systemd-networkd systemd-resolved',
  },
  { traits: 'access mounts', programs: 'systemd-user-runtime-dir zpool zfs', units: 'user-runtime-dir@' },
  {
    traits: 'access devices',
    programs: 'systemd-cryptsetup multipathd iscsid dmeventd lvm pvscan mdadm',
  },
  {
    traits: 'access starts',
    programs:
      'sssd sssd_nss sssd_pam nslcd winbindd systemd-userdbd dbus-daemon dbus-broker dbus-broker-launch ' +
      'dhclient dhcpcd dhcpcd5 netplan ufw-init netfilter-persistent iptables.init shorewall keepalived ovs-ctl frrinit.sh ' +
      'inetd xinetd',
    units: 'dbus dbus-daemon dbus-broker messagebus dhcpcd',
  },
  {
    traits: 'access starts tunables',
    programs: 'ifup wg-quick',
    units: 'networking ifup@ network wg-quick@',
  },
  // Packages, configuration, and agents of the machine's host.
  {
    traits: 'access starts mounts',
    programs:
      'apt apt-get apt.systemd.daily aptd dpkg unattended-upgrade unattended-upgrade-shutdown unattended-upgrades dnf dnf5 ' +
      'dnf-3 dnf-automatic yum rpm zypper pacman packagekitd rpm-ostree rpm-ostreed snapd systemd-homed',
    units: 'apt-daily apt-daily-upgrade unattended-upgrades packagekit dnf-automatic dnf-makecache snapd',
  },
  {
    traits: 'access starts mounts homes',
    programs:
      'puppet chef-client cinc-client salt-minion cf-agent cf-execd ansible-pull landscape-client ' +
      'amazon-ssm-agent google_guest_agent google_guest_agent_manager google_osconfig_agent droplet-agent VGAuthService ' +
      'rhcd waagent qemu-ga vmtoolsd cloud-init',
    units:
      'snap.amazon-ssm-agent.amazon-ssm-agent puppet puppet-agent chef-client salt-minion cfengine3 walinuxagent ' +
      'qemu-guest-agent cloud-init',
  },
  // Containers and virtual machines; devices.
  {
    traits: 'access starts sessions mounts devices',
    programs:
      'dockerd containerd containerd-shim-runc-v2 podman crio kubelet k3s rke2 libvirtd virtqemud virtlxcd lxd incusd ' +
      'lxc-start systemd-nspawn buildkitd nomad',
    units: 'docker containerd crio kubelet libvirtd podman',
  },
  {
    traits: 'access starts mounts devices tunables',
    programs: 'systemd-udevd udevd eudevd mdev',
    units: 'systemd-udevd udev',
  },
  // Servers: where one fails, people get in elsewhere and mend it.
  {
    traits: 'starts homes',
    programs: 'postfix postmulti smtpd exim exim4 dovecot smbd',
  },
  { traits: 'homes', programs: 'proftpd vsftpd pure-ftpd' },
  { traits: 'clock', programs: 'chronyd ntpd openntpd systemd-timesyncd ptp4l phc2sys' },
  { traits: 'kernel-log', programs: 'rsyslogd klogd systemd-journald' },
  {
    traits: 'devices',
    programs: 'pcscd gpsd upsdrvctl watchdog rngd bluetoothd ModemManager upowerd fwupd lircd thermald',
  },
  { traits: 'tunables', programs: 'irqbalance tuned power-profiles-daemon' },
  { traits: 'starts devices', programs: 'cupsd apcupsd acpid smartd' },
  {
    traits: 'starts',
    programs:
      'nrpe nagios nagios4 icinga2 munin-node monit fail2ban-server supervisord runsvdir s6-svscan upsmon',
  },
  {
    traits: 'mounts',
    programs:
      'automount udisksd mount mount.fuse3 fusermount3 sshfs s3fs rclone glusterfs glusterd mergerfs ntfs-3g exportfs ' +
      'flatpak-system-helper',
    units: 'autofs udisks2',
  },
];

const split = (text: string | undefined): readonly string[] => text?.split(' ') ?? [];

/** The traits of each row, by one kind of its marks. */
const traitsBy = (
  marks: (row: AccessUnitRow) => string | undefined,
): ReadonlyMap<string, readonly string[]> =>
  new Map(TABLE.flatMap((row) => split(marks(row)).map((mark) => [mark, split(row.traits)] as const)));

const BY_PROGRAM = traitsBy(({ programs }) => programs);
const BY_UNIT = traitsBy(({ units }) => units);

/** A unit, as far as its traits depend on it. */
export interface UnitOnTarget {
  readonly unit: UnitName;
  readonly effective: EffectiveUnit;
  readonly target: Pick<Target, 'scope'>;
}

/**
 * The traits of a unit of the system's manager, by its name, its aliases, and the programs of ExecStart=; a script counts by
 * its own name, and what it starts doesn't. Users' own units have none.
 */
export function traitsOf({ unit, effective, target }: UnitOnTarget): ReadonlySet<Trait> {
  if (target.scope !== 'system') return new Set();
  const programs = effective.execCommands('ExecStart').flatMap(programsOf);
  const units = [unit, ...aliasesOf(effective)].map(stemOf);
  const found = [...programs.map((name) => BY_PROGRAM.get(name)), ...units.map((name) => BY_UNIT.get(name))];
  return new Set(found.flatMap((traits) => (traits ?? []) as readonly Trait[]));
}

/** Where programs are; data of the same names are below /var/lib, /run and /etc. */
const IN_PROGRAMS = /^\/(?:usr|opt|lib)\/|^\/(?:.*\/)?s?bin\/[^/]+$/;

/**
 * The file names of the programs that a command starts, and of programs among its words: `ip vrf exec` and others start
 * these. A plain name counts in whichever folder it is found.
 */
const programsOf = (command: ExecCommand): string[] => {
  const words = argumentsOf(command);
  const started = startedFiles(command.path.value, words, ['/usr/bin']).flat();
  return [...started, ...words.filter((word) => IN_PROGRAMS.test(word))].map(fileName);
};

const aliasesOf = (effective: EffectiveUnit): UnitName[] =>
  allWords(effective.all('Install', 'Alias').map(({ value }) => value))
    .map(parseUnitName)
    .filter((name) => 'full' in name);

/** A unit's name without its type, and without its instance: `ssh`, `getty@`. */
const stemOf = (unit: UnitName): string =>
  unit.instance === undefined && !isTemplate(unit) ? unit.prefix : `${unit.prefix}@`;
