/** Units by which people and machines get in, or run things: the programs that they are, and their needs. */

import { LOGIN_ROLES } from './login-roles.js';
import { type Role, words } from './role.js';

const NO_JOB = 'no job would run';
const NO_JOB_NETWORK = 'jobs would have no network';

const NO_SESSION = 'logins would have no session';
const STRANGERS = 'it could not tell who asks';

const SESSION_KEEPERS: readonly Role[] = [
  {
    name: 'sessions',
    programs: words('systemd-logind elogind'),
    units: words('systemd-logind elogind'),
    busNames: ['org.freedesktop.login1'],
    needs: {
      local: NO_SESSION,
      administration: NO_SESSION,
      devices: 'desktops would get no screen and no keyboard',
      pids: STRANGERS,
    },
  },
  {
    name: 'sessions',
    programs: ['systemd-user-runtime-dir'],
    units: ['user-runtime-dir@'],
    needs: {
      mounts: 'people who log in would have no /run/user/UID',
      administration: 'people who log in would have no /run/user/UID',
    },
  },
  {
    name: 'sessions',
    programs: [],
    units: ['user@'],
    pamNames: ['systemd-user'],
    needs: {
      exec: "no service of a user's own would start",
      homes: "users' own services and desktops would not have their homes",
      gain: 'sudo and su would fail on desktops',
    },
  },
  {
    name: 'privileges',
    programs: ['polkitd'],
    units: ['polkit', 'polkitd'],
    busNames: ['org.freedesktop.PolicyKit1'],
    needs: { local: 'nobody but root would be granted anything', pids: STRANGERS },
  },
  {
    name: 'privileges',
    programs: ['polkit-agent-helper-1'],
    units: ['polkit-agent-helper@'],
    needs: {
      audit: 'nobody would be granted anything by a password',
      accounts: 'nobody would be granted anything by a password',
    },
  },
  {
    name: 'privileges',
    programs: words('sssd nslcd winbindd systemd-homed systemd-userdbd'),
    busNames: ['org.freedesktop.home1'],
    needs: {
      exec: 'accounts that it serves could not log in',
      local: 'accounts that it serves could not log in',
    },
  },
  {
    name: 'bus',
    programs: words('dbus-daemon dbus-broker dbus-broker-launch'),
    units: words('dbus dbus-daemon dbus-broker messagebus'),
    needs: {
      exec: 'services that the bus starts itself would not start',
      gain: 'services that the bus starts itself would not start',
      local: 'no service would be on the bus',
      accounts: 'the bus would know neither its rules nor its users',
      pids: 'no service could tell who asks it',
    },
  },
];

const JOBS: readonly Role[] = [
  {
    name: 'jobs',
    programs: words('cron crond dcron fcron incrond bcron-sched atd'),
    units: words('cron crond cronie dcron fcron atd'),
    needs: {
      exec: NO_JOB,
      homes: 'jobs would not have the homes of their users',
      gain: 'jobs could send no mail by postdrop, and sudo would fail in them',
      identity: `${NO_JOB} as its user`,
      audit: `${NO_JOB}, as PAM refuses where it can't record`,
      passwords: `${NO_JOB}, as PAM would refuse`,
      outside: NO_JOB_NETWORK,
      sessions: NO_JOB,
      state: 'jobs could not write below /var',
    },
  },
  {
    name: 'jobs',
    programs: ['anacron'],
    units: ['anacron'],
    needs: {
      exec: NO_JOB,
      gain: 'jobs could send no mail by postdrop',
      accounts: NO_JOB,
      outside: NO_JOB_NETWORK,
      state: 'jobs could not write below /var',
    },
  },
];

const NO_NETWORK = 'the machine may lose its network';
const CONFIGURES: Role['needs'] = { netadmin: NO_NETWORK, netlink: NO_NETWORK };

const NO_NAME = 'no name would be resolved';

const NETWORKS: readonly Role[] = [
  {
    name: 'network',
    programs: words(
      'NetworkManager systemd-networkd connmand wickedd wpa_supplicant iwd udhcpc tailscaled ' +
        'zerotier-one openvpn charon charon-systemd nft firewalld',
    ),
    units: words('NetworkManager systemd-networkd'),
    busNames: words(
      'org.freedesktop.NetworkManager org.freedesktop.network1 fi.w1.wpa_supplicant1 net.connman',
    ),
    needs: CONFIGURES,
  },
  {
    name: 'network',
    programs: words('ifup dhclient dhcpcd dhcpcd5 wg-quick netplan ufw-init netfilter-persistent'),
    units: words('networking ifup@ network wg-quick@ dhcpcd'),
    needs: {
      ...CONFIGURES,
      exec: NO_NETWORK,
      tunables: `${NO_NETWORK}, as its settings in /proc/sys could not be written`,
    },
  },
  {
    name: 'network',
    programs: words('systemd-resolved dnsmasq'),
    busNames: ['org.freedesktop.resolve1'],
    needs: { reach: NO_NAME, ports: NO_NAME },
  },
];

const NO_PACKAGE = 'packages could not be installed';

/** Needs of whatever installs software. */
const INSTALLS: Role['needs'] = {
  exec: NO_PACKAGE,
  system: NO_PACKAGE,
  identity: NO_PACKAGE,
  ownership: NO_PACKAGE,
  setid: 'packages with set-user-ID programs could not be installed',
  modules: 'kernels could not be installed',
  devices: 'boot loaders could not be installed',
};

const INSTALLERS: readonly Role[] = [
  {
    name: 'packages',
    programs: words(
      'apt apt-get apt.systemd.daily aptd dpkg unattended-upgrade unattended-upgrade-shutdown ' +
        'unattended-upgrades dnf dnf5 dnf-3 dnf-automatic yum rpm zypper pacman packagekitd rpm-ostree rpm-ostreed snapd',
    ),
    units: words(
      'apt-daily apt-daily-upgrade unattended-upgrades packagekit dnf-automatic dnf-makecache snapd',
    ),
    busNames: ['org.freedesktop.PackageKit'],
    needs: { ...INSTALLS, reach: `${NO_PACKAGE} from the network` },
  },
  {
    name: 'agent',
    programs: words(
      'puppet chef-client cinc-client salt-minion cf-agent cf-execd ansible-pull landscape-client',
    ),
    units: words('puppet puppet-agent chef-client salt-minion cfengine3'),
    needs: {
      ...INSTALLS,
      exec: 'the machine could not be configured any more',
      system: 'the machine could not be configured any more',
      homes: 'homes could not be configured any more',
    },
  },
  {
    name: 'agent',
    programs: words(
      'amazon-ssm-agent google_guest_agent google_osconfig_agent waagent qemu-ga vmtoolsd cloud-init',
    ),
    units: words('walinuxagent qemu-guest-agent cloud-init'),
    needs: {
      exec: 'nothing could be run in the machine from outside',
      homes: 'nobody could be given a key for ssh from outside',
      settings: 'nobody could be given an account from outside',
    },
  },
];

const NO_CONTAINER = 'no container would start';

const MACHINERY: readonly Role[] = [
  {
    name: 'containers',
    programs: words(
      'dockerd containerd containerd-shim-runc-v2 podman crio kubelet k3s rke2 libvirtd virtqemud virtlxcd ' +
        'lxd incusd lxc-start systemd-nspawn buildkitd nomad',
    ),
    units: words('docker containerd crio kubelet libvirtd podman'),
    needs: {
      exec: NO_CONTAINER,
      mounts: NO_CONTAINER,
      namespaces: NO_CONTAINER,
      administration: NO_CONTAINER,
      groups: NO_CONTAINER,
      devices: 'containers and machines would lack their devices',
      netadmin: 'containers and machines would have no network',
      netlink: 'containers and machines would have no network',
      gain: 'sudo and su would fail in containers',
    },
  },
  {
    name: 'devices',
    programs: words('systemd-udevd udevd eudevd mdev'),
    units: ['systemd-udevd', 'udev'],
    needs: {
      exec: 'rules for devices would not run',
      devices: 'devices would not be found',
      netlink: 'devices would not be found',
      administration: 'devices would not be set up',
      modules: 'devices would lack their drivers',
      tunables: 'devices would not be set up',
    },
  },
  {
    name: 'devices',
    programs: words('systemd-cryptsetup multipathd iscsid dmeventd lvm pvscan mdadm zpool'),
    needs: {
      devices: 'file systems would not be found at the next boot',
      administration: 'file systems would not be found at the next boot',
    },
  },
];

/** Roles by which people and machines get in, or run things of their own. */
export const ROLES: readonly Role[] = [
  ...LOGIN_ROLES,
  ...SESSION_KEEPERS,
  ...JOBS,
  ...NETWORKS,
  ...INSTALLERS,
  ...MACHINERY,
];
