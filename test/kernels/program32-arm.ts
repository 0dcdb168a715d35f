/**
 * program32.c for arm64's 32-bit programs, whose compiler is not at hand: `program32 PROGRAM` tries to start the program
 * by execve and by execveat. Its exit status is the errno of the last attempt.
 */
const INSTRUCTIONS = [
  0xe3a0700b, // mov r7, #11       execve
  0xe59d0008, // ldr r0, [sp, #8]  argv[1]
  0xe28d1008, // add r1, sp, #8
  0xe3a02000, // mov r2, #0
  0xef000000, // svc 0
  0xe3007183, // movw r7, #387     execveat
  0xe3e00063, // mvn r0, #99       AT_FDCWD
  0xe59d1008, // ldr r1, [sp, #8]
  0xe28d2008, // add r2, sp, #8
  0xe3a03000, // mov r3, #0
  0xe3a04000, // mov r4, #0
  0xef000000, // svc 0
  0xe2600000, // rsb r0, r0, #0
  0xe3a070f8, // mov r7, #248      exit_group
  0xef000000, // svc 0
];

const ADDRESS = 0x10000;
const HEADERS_SIZE = 52 + 32;

export const program32 = (): Buffer => elf(INSTRUCTIONS);

/** A program that makes one call. Its exit status is the errno, 0 if there is none. */
export function oneCall(number: number, registers: readonly bigint[]): Buffer {
  const load = (register: number, value: number) => {
    const immediate = (half: number) => ((half >>> 12) << 16) | (half & 0xfff) | (register << 12);
    return [0xe3000000 | immediate(value & 0xffff), 0xe3400000 | immediate(value >>> 16)]; // movw, movt
  };
  return elf([
    ...registers.flatMap((value, register) => load(register, Number(BigInt.asUintN(32, value)))),
    ...load(7, number),
    0xef000000, // svc 0
    0xe3700a01, // cmn r0, #4096    carry: an errno
    0x33a00000, // movcc r0, #0
    0xe2600000, // rsb r0, r0, #0
    0xe3a070f8, // mov r7, #248      exit_group
    0xef000000, // svc 0
  ]);
}

/** An ELF file of one segment. */
function elf(instructions: readonly number[]): Buffer {
  const size = HEADERS_SIZE + 4 * instructions.length;
  const identity = Buffer.from('7f454c46010101'.padEnd(32, '0'), 'hex');
  const ET_EXEC = 2;
  const EM_ARM = 40;
  const EF_ARM_EABI_VER5 = 0x05000000;
  const header = Buffer.alloc(36);
  header.writeUInt16LE(ET_EXEC, 0);
  header.writeUInt16LE(EM_ARM, 2);
  // e_version, e_entry, e_phoff, e_shoff, e_flags
  [1, ADDRESS + HEADERS_SIZE, 52, 0, EF_ARM_EABI_VER5].forEach((word, at) => {
    header.writeUInt32LE(word, 4 + 4 * at);
  });
  // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
  [52, 32, 1, 0, 0, 0].forEach((half, at) => {
    header.writeUInt16LE(half, 24 + 2 * at);
  });
  const PT_LOAD = 1;
  const READ_AND_EXECUTE = 5;
  const segment = [PT_LOAD, 0, ADDRESS, ADDRESS, size, size, READ_AND_EXECUTE, 0x1000];
  const words = Buffer.from(Uint32Array.from([...segment, ...instructions]).buffer);
  return Buffer.concat([identity, header, words]);
}
