import type { Vocabulary } from './constants.js';

/** An argument that is one word of a small language, of which a service speaks a few. */
export interface WordArgument {
  readonly call: string;
  /** Which argument, from 0 on. */
  readonly argument: number;
  readonly vocabulary: Vocabulary;
  /** Values that libraries use by themselves: always let through. */
  readonly usual: readonly string[];
  /** Values that are refused unless they were seen, even where all others are let through and logged. */
  readonly worst: readonly string[];
  readonly subject: string;
}

const named = (text: string): string[] => text.split(' ');

/** Arguments that a filter can see, and whose values mean the same in each call. */
export const WORD_ARGUMENTS: readonly WordArgument[] = [
  {
    call: 'ioctl',
    argument: 1,
    vocabulary: {
      pattern:
        /^(?:BLK|DM_|FIO|FS_IOC|KDG|KDS|LOOP_(?!.*FLAGS$)|RND|RTC_|SIOC|TC(?!P_)|TIOC(?!PKT_|SER_TEMT$)|TUN|UI_|VT_(?!ACKACQ$|AUTO$|EVENT_|MAX_|PROCESS$))/,
    },
    usual: named('FIOASYNC FIOCLEX FIONBIO FIONCLEX FIONREAD TCGETS TIOCGWINSZ'),
    worst: named('TIOCLINUX TIOCSTI'),
    subject: 'Requests to devices, terminals and sockets',
  },
  {
    call: 'prctl',
    argument: 0,
    vocabulary: {
      first: named(
        'PR_CAPBSET_DROP PR_CAPBSET_READ PR_CAP_AMBIENT PR_MCE_KILL PR_SET_MM PR_SET_VMA PR_SET_PTRACER',
      ),
      pattern: /^PR_(?:GET|SET)_(?!MM_|VMA_|PTRACER_)/,
    },
    usual: named('PR_GET_DUMPABLE PR_GET_NAME PR_SET_DUMPABLE PR_SET_NAME PR_SET_PDEATHSIG PR_SET_VMA'),
    worst: named('PR_SET_MM PR_SET_PTRACER'),
    subject: 'Operations on the process itself',
  },
  {
    call: 'setsockopt',
    argument: 1,
    vocabulary: {
      first: named(
        'SOL_SOCKET IPPROTO_IP IPPROTO_TCP IPPROTO_UDP IPPROTO_ICMPV6 IPPROTO_IPV6 IPPROTO_RAW IPPROTO_SCTP IPPROTO_MPTCP',
      ),
      pattern: /^SOL_/,
    },
    usual: named('SOL_SOCKET IPPROTO_IP IPPROTO_IPV6 IPPROTO_TCP'),
    worst: [],
    subject: 'Levels of socket options',
  },
  {
    call: 'personality',
    argument: 0,
    vocabulary: { first: named('PER_LINUX'), pattern: /^(?:PER_LINUX|ADDR_)/ },
    usual: [],
    worst: [],
    subject: 'Execution domains (0xffffffff is only a query)',
  },
  {
    call: 'ptrace',
    argument: 0,
    vocabulary: { pattern: /^PTRACE_(?!O_|EVENT|SYSCALL_|PEEKSIGINFO_)/ },
    usual: [],
    worst: [],
    subject: 'Requests to traced processes',
  },
  {
    call: 'keyctl',
    argument: 0,
    vocabulary: { pattern: /^KEYCTL_(?!CAPS|SUPPORTS_|MOVE_)/ },
    usual: [],
    worst: [],
    subject: 'Operations on keys',
  },
];
