/** Units by which people log in, and their needs. */

import { type Role, words } from './role.js';

const NO_LOGIN = 'nobody could log in';

/** Needs of whatever starts sessions of people. */
const SESSIONS: Role['needs'] = {
  exec: `${NO_LOGIN}, as no shell would start`,
  homes: 'people who log in would not have their homes',
  gain: 'sudo, su and passwd would fail for people who log in',
  identity: `${NO_LOGIN} as anybody`,
  audit: `${NO_LOGIN}, as PAM refuses where it can't record`,
  passwords: NO_LOGIN,
  sessions: NO_LOGIN,
  settings: 'people who log in could not change /etc, nor take the policy back',
};

const UNREACHABLE = 'people would not get in by the network';

/** Needs of whatever gives people a terminal. */
const TERMINALS: Role['needs'] = { ...SESSIONS, terminals: `${NO_LOGIN} on a terminal` };

export const LOGIN_ROLES: readonly Role[] = [
  {
    name: 'login',
    programs: ['sshd'],
    units: words('ssh sshd ssh@ sshd@'),
    needs: {
      ...TERMINALS,
      listening: UNREACHABLE,
      separation: NO_LOGIN,
      record: `${NO_LOGIN} on a terminal, as sshd must record that`,
    },
  },
  {
    name: 'login',
    programs: words('dropbear tinysshd teleport in.telnetd telnetd in.rlogind'),
    units: words('dropbear dropbear@'),
    needs: { ...TERMINALS, listening: UNREACHABLE },
  },
  {
    name: 'login',
    programs: words('cockpit-ws cockpit-tls xrdp shellinaboxd ttyd'),
    needs: { listening: UNREACHABLE },
  },
  {
    name: 'login',
    programs: words('cockpit-session xrdp-sesman vncsession'),
    needs: SESSIONS,
  },
  {
    name: 'login',
    programs: words('agetty mingetty fgetty mgetty getty login sulogin systemd-sulogin-shell'),
    units: words('getty@ serial-getty@ console-getty container-getty@ autovt@ debug-shell rescue emergency'),
    pamNames: ['login', 'remote'],
    needs: { ...TERMINALS, consoles: `${NO_LOGIN} at the console, as its terminal would be missing` },
  },
  {
    name: 'login',
    programs: words('gdm gdm3 lightdm sddm lxdm xdm wdm slim greetd ly ly-dm'),
    units: ['display-manager'],
    busNames: ['org.freedesktop.DisplayManager', 'org.gnome.DisplayManager'],
    needs: { ...SESSIONS, devices: `${NO_LOGIN} at the screen, as its devices would be missing` },
  },
];
