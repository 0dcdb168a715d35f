import { argument, constant, Jumps, Registers, UNKNOWN, type Value } from './registers.js';
import type { CodeVisitor, StubSlot, Walk } from './walker.js';
import { Cursor, hasOperands } from './x86-64-cursor.js';
import { ONE_BYTE, shapeOf3a, shapeOf38, TWO_BYTES } from './x86-64-opcodes.js';

const [RAX, RCX, RDX, RSI, RDI] = [0, 1, 2, 6, 7];
/** The word on top of the stack, which passes a seventh argument. */
const STACK = 16;
const PARAMETERS = [RDI, RSI, RDX, RCX, 8, 9, STACK];
/** Registers that a called function may change, and doesn't return a value in. */
const LOST_BY_CALLS = [RCX, RDX, RSI, RDI, 8, 9, 10, 11, STACK];

/** Decodes code of x86-64. Bytes that are no instruction are skipped as if they were short ones. */
export const walkX8664: Walk = (code, from, to, visitor, jumps = new Jumps()) => {
  const decoder = new X86Decoder(code, from, to, visitor, jumps);
  return decoder.walk();
};

/** A stub is `jmp *slot(%rip)`, behind ENDBR64 and with a BND prefix where control flow is guarded. */
export const stubOfX8664: StubSlot = ({ address, bytes }, at) => {
  let place = at - address;
  if (place + 16 > bytes.length) return undefined;
  if (bytes[place] === 0xf3 && bytes[place + 1] === 0x0f && bytes[place + 2] === 0x1e) place += 4;
  if (bytes[place] === 0xf2) place += 1;
  if (bytes[place] !== 0xff || bytes[place + 1] !== 0x25) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return address + place + 6 + view.getInt32(place + 2, true);
};

class X86Decoder extends Cursor {
  private readonly registers: Registers;
  private readonly from: number;
  private readonly to: number;
  private readonly address: number;
  private readonly visitor: CodeVisitor;
  private falls = true;

  constructor(
    { bytes, address }: Parameters<Walk>[0],
    from: number,
    to: number,
    visitor: CodeVisitor,
    jumps: Jumps,
  ) {
    super(bytes, from - address);
    this.registers = new Registers(17, PARAMETERS, RAX, jumps);
    this.from = from;
    this.to = to;
    this.address = address;
    this.visitor = visitor;
    // An argument on the stack isn't followed into the function.
    this.registers.forget([STACK]);
  }

  walk(): boolean {
    const end = Math.min(this.to - this.address, this.bytes.length);
    try {
      while (this.at < end) this.instruction();
    } catch (e) {
      if (!(e instanceof RangeError)) throw e; // the last instruction is cut off
    }
    return this.falls;
  }

  private instruction(): void {
    this.registers.arrive(this.address + this.at);
    const opcode = this.opcode();
    const shape = ONE_BYTE[opcode]!;
    if (!this.isPadding(opcode)) this.falls = true;
    if (shape === '-') this.special(opcode);
    else this.shaped(shape, opcode);
  }

  private isPadding(opcode: number): boolean {
    return opcode === 0x90 || opcode === 0xcc || (opcode === 0x0f && this.bytes[this.at] === 0x1f);
  }

  private set(register: number, value: Value): void {
    this.registers.set(register, value);
  }

  private forgetOperand(): void {
    if (this.isRegister) this.set(this.rm, UNKNOWN);
  }

  private shaped(shape: string, opcode: number): void {
    if (hasOperands(shape)) this.modrm();
    this.skipImmediate(shape);
    this.relative(opcode);
    if (shape === 't' || shape === 'j') this.conditional(shape);
    else this.change(shape, opcode);
  }

  /** Reports the memory of an operand that is relative to the next instruction, which begins here. */
  private relative(opcode: number): void {
    if (this.relativeAt === 0) return;
    const target = this.address + this.at + this.view.getInt32(this.relativeAt, true);
    if (opcode === LEA) this.visitor.address(target);
    else this.visitor.memory(target, wordsOf(opcode), opcode === GROUP5 ? this.registers : undefined);
  }

  private change(shape: string, opcode: number): void {
    const register = (opcode & 7) | ((this.rex & 1) << 3);
    if ('mMW'.includes(shape)) this.changeOperand(opcode);
    else if (isConditionalMove(opcode)) this.setEither();
    else if ('rRQ'.includes(shape)) this.set(this.reg, this.isZeroing(opcode) ? 0 : UNKNOWN);
    else if ('aAEo'.includes(shape)) this.registers.forget([RAX, RDX]);
    else if (shape === 'h') this.registers.forget(opcode >> 4 === 9 ? [register, RAX] : [register]);
    else if (shape === 'H') this.changeLowByte(register);
    else if (shape === 'e') this.registers.forget([RAX, RCX, RSI, RDI]);
    else if (shape === 'x') this.registers.forget(this.isRegister ? [this.reg, this.rm] : [this.reg]);
    else if (shape === 'c') this.changeOperand(opcode, [RAX, RDX]);
    else if (shape === 'z' || shape === 'w') this.end();
  }

  /** MOV of a constant into the low byte of a register, or without a REX prefix into the second byte. */
  private changeLowByte(register: number): void {
    const isSecond = this.rex === 0 && register > 3;
    const before = this.registers.get(register);
    const value = before < 0 || before > 0xff ? UNKNOWN : this.bytes[this.at - 1]!;
    this.set(isSecond ? register - 4 : register, isSecond ? UNKNOWN : value);
  }

  private setEither(): void {
    const other = this.isRegister ? this.registers.get(this.rm) : UNKNOWN;
    this.registers.setEither(this.reg, this.registers.get(this.reg), other);
  }

  private changeOperand(opcode: number, also: readonly number[] = []): void {
    this.registers.forget(also);
    const isComparison = opcode >= 0x80 && opcode <= 0x83 && (this.reg & 7) === 7;
    if (isComparison) return;
    if (opcode === 0xc7) this.moveConstant();
    else if (this.isRegister) this.set(this.rm, this.isZeroing(opcode) ? 0 : UNKNOWN);
  }

  /** XOR of a register with itself. */
  private isZeroing(opcode: number): boolean {
    return (opcode === 0x31 || opcode === 0x33) && this.isRegister && this.reg === this.rm;
  }

  /** MOV of a constant into a register, or onto the top of the stack. */
  private moveConstant(): void {
    const value = this.isShort ? UNKNOWN : constant(this.view.getInt32(this.at - 4, true));
    const isTop = this.isStackTop(5);
    if (this.isRegister) this.set(this.rm, value);
    else if (isTop) this.set(STACK, value);
  }

  private conditional(shape: string): void {
    const distance = shape === 't' ? this.int8() : this.int32();
    this.jump(this.address + this.at + distance);
  }

  private jump(target: number): void {
    if (target >= this.from && target < this.to) this.registers.jump(target);
    this.visitor.jump(target, this.registers);
  }

  private special(opcode: number): void {
    if (opcode === 0x0f) this.twoBytes(this.next());
    else if (opcode >= 0x50 && opcode <= 0x57)
      this.set(STACK, this.registers.get((opcode & 7) | ((this.rex & 1) << 3)));
    else if (opcode >= 0xb8 && opcode <= 0xbf) this.loadConstant(opcode);
    else if (opcode === 0x89 || opcode === 0x8b || opcode === 0x63) this.move(opcode);
    else if (opcode === 0x68 || opcode === 0x6a) this.pushConstant(opcode);
    else if (opcode >= 0xe8) this.control(opcode);
    else if (opcode === 0x90 && this.rex & 1) this.registers.forget([RAX, 8]);
    else if (opcode !== 0x90) this.vector(opcode);
  }

  private loadConstant(opcode: number): void {
    const register = (opcode & 7) | ((this.rex & 1) << 3);
    if (this.isShort) this.at += 2;
    else if (this.rex & 8) this.at += 8;
    const isWide = this.isShort || (this.rex & 8) !== 0;
    this.set(register, isWide ? UNKNOWN : constant(this.int32()));
  }

  /** MOV between registers, or with memory. */
  private move(opcode: number): void {
    this.modrm();
    this.relative(opcode);
    const [from, to] = opcode === 0x89 ? [this.reg, this.rm] : [this.rm, this.reg];
    if (this.isRegister) this.set(to, this.registers.get(from));
    else if (opcode !== 0x89) this.set(to, this.loaded());
    else if (this.isStackTop(1)) this.set(STACK, this.registers.get(from));
  }

  /** A word of memory: on the stack, the seventh argument may be there. */
  private loaded(): Value {
    return this.isOnStack() ? argument(PARAMETERS.indexOf(STACK)) : UNKNOWN;
  }

  private pushConstant(opcode: number): void {
    const value = opcode === 0x6a ? this.int8() : this.int32();
    this.set(STACK, constant(value));
  }

  private control(opcode: number): void {
    if (opcode === 0xe8) this.call(this.int32());
    else if (opcode === 0xe9) this.leave(this.int32());
    else if (opcode === 0xeb) this.leave(this.int8());
    else if (opcode === GROUP5) this.group5();
    else this.group3(opcode);
  }

  private call(distance: number): void {
    this.visitor.call(this.address + this.at + distance, this.registers);
    this.called();
    this.falls = false; // where a call is the end, it doesn't return
  }

  private called(): void {
    this.registers.lose(LOST_BY_CALLS);
    this.set(RAX, UNKNOWN);
  }

  private leave(distance: number): void {
    this.jump(this.address + this.at + distance);
    this.end();
  }

  private end(): void {
    this.registers.end();
    this.falls = false;
  }

  /** INC, DEC, CALL, JMP and PUSH of r/m. */
  private group5(): void {
    this.modrm();
    this.relative(GROUP5);
    const kind = this.reg & 7;
    if (kind >= 2 && kind <= 5) this.visitor.indirect(this.registers);
    if (kind <= 1) this.forgetOperand();
    else if (kind <= 3) this.called();
    else if (kind <= 5) this.end();
    else this.set(STACK, this.loaded());
  }

  /** TEST, NOT, NEG and the multiplications and divisions into rax and rdx. */
  private group3(opcode: number): void {
    this.modrm();
    const kind = this.reg & 7;
    if (kind <= 1) this.skipImmediate(opcode === 0xf6 ? 'b' : 'l');
    else if (kind <= 3) this.forgetOperand();
    else this.registers.forget([RAX, RDX]);
    this.relative(opcode);
  }

  private twoBytes(opcode: number): void {
    if (opcode === 0x05) this.systemCall();
    else if (opcode === 0x0b) this.end();
    else if (opcode === 0x38) this.shaped(shapeOf38(this.next()), 0x0f38);
    else if (opcode === 0x3a) this.shaped(shapeOf3a(this.next()), 0x0f3a);
    else this.shaped(TWO_BYTES[opcode]!, 0x0f00 | opcode);
  }

  private systemCall(): void {
    this.visitor.syscall(this.registers, this.address + this.at);
    this.registers.forget([RAX, RCX, 11]);
  }

  /** Instructions behind a VEX or EVEX prefix. */
  private vector(prefix: number): void {
    const first = this.next();
    const isLong = prefix !== 0xc5;
    const second = isLong ? this.next() : first;
    if (prefix === 0x62) this.at += 1;
    this.rex = (first & 0x80 ? 0 : 4) | (isLong && !(first & 0x20) ? 1 : 0);
    this.isShort = false;
    const opcode = this.next();
    const map = isLong ? first & 7 : 1;
    this.shaped(shapeOfVector(map, opcode), VECTOR);
    if (map === 2 && opcode >= 0xf0) this.set((~second >> 3) & 15, UNKNOWN); // of some the register in the prefix
  }
}

function shapeOfVector(map: number, opcode: number): string {
  if (map === 3) return shapeOf3a(opcode);
  if (map !== 1) return shapeOf38(opcode);
  const shape = TWO_BYTES[opcode]!;
  return shape === 'j' || shape === '-' ? 'n' : shape;
}

/** How many words an instruction may take: SSE has two, AVX four. */
const wordsOf = (opcode: number): number => (opcode === VECTOR ? 4 : opcode >= 0x0f00 ? 2 : 1);

const isConditionalMove = (opcode: number): boolean => opcode >= 0x0f40 && opcode <= 0x0f4f;

const LEA = 0x8d;
/** In the place of all opcodes behind a VEX or EVEX prefix. */
const VECTOR = 0;
const GROUP5 = 0xff;
