import { constant, Jumps, Registers, UNKNOWN } from './registers.js';
import type { CodeVisitor, StubSlot, Walk } from './walker.js';

const PARAMETERS = [0, 1, 2, 3, 4, 5, 6, 7];
const CALL_NUMBER = 8;
/** x0 to x18, which a called function may change. */
const CHANGED_BY_CALLS = Array.from({ length: 19 }, (_, i) => i);

const NOP = 0xd503201f;
const BTI_C = 0xd503245f;

/** Whether an instruction has a value in the bits of a mask. */
const is = (word: number, mask: number, value: number) => (word & mask) >>> 0 === value;

/** Sign-extends a field of `bits` bits. */
const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);

const offsetOf = (word: number) => signed((((word >>> 5) & 0x7ffff) << 2) | ((word >>> 29) & 3), 21);

/** The page that ADRP computes. */
const pageOf = (word: number, at: number) => at - (at % 4096) + offsetOf(word) * 4096;

/** Decodes code of arm64 (Arm Architecture Reference Manual, C4.1). */
export const walkArm64: Walk = ({ address, bytes }, from, to, visitor, jumps = new Jumps()) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(to, address + bytes.length);
  const state = new Arm64Decoder(from, end, visitor, jumps);
  let falls = true;
  for (let at = from; at + 4 <= end; at += 4) {
    state.registers.arrive(at);
    const word = view.getUint32(at - address, true);
    const goesOn = state.step(word, at);
    // Where a call is the end, it doesn't return.
    if (word !== NOP && word !== 0) falls = goesOn && !is(word, 0xfc000000, 0x94000000);
  }
  return falls;
};

/** A stub is ADRP x16 and LDR x17, behind BTI where control flow is guarded. */
export const stubOfArm64: StubSlot = ({ address, bytes }, at) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = at - address;
  if (place + 12 > bytes.length) return undefined;
  if (view.getUint32(place, true) === BTI_C) place += 4;
  const [page, load] = [view.getUint32(place, true), view.getUint32(place + 4, true)];
  if (!is(page, 0x9f00001f, 0x90000010) || !is(load, 0xffc003ff, 0xf9400211)) return undefined;
  return pageOf(page, address + place) + ((load >>> 10) & 0xfff) * 8;
};

class Arm64Decoder {
  private readonly from: number;
  private readonly to: number;
  private readonly visitor: CodeVisitor;
  readonly registers: Registers;
  /** Addresses in registers, as far as they are computed from pages. */
  private readonly addresses = new Map<number, number>();
  /** Where the contents of registers were loaded from. */
  private readonly origins = new Map<number, number>();

  constructor(from: number, to: number, visitor: CodeVisitor, jumps: Jumps) {
    this.from = from;
    this.to = to;
    this.registers = new Registers(32, PARAMETERS, CALL_NUMBER, jumps);
    this.visitor = visitor;
  }

  /** @returns whether control may go on behind the instruction */
  step(word: number, at: number): boolean {
    const group = (word >>> 25) & 15;
    if (group >> 1 === 5) return this.branch(word, at);
    if (group >> 1 === 4) this.immediate(word, at);
    else if ((group & 7) === 5) this.registerForm(word);
    else if ((group & 5) === 4) this.loadOrStore(word);
    else if (is(word, 0x7f20fc00, 0x1e200000)) this.write(word & 31, UNKNOWN); // a conversion to an integer
    return true;
  }

  private write(register: number, value: number): void {
    if (register === 31) return;
    this.registers.set(register, value);
    this.addresses.delete(register);
    this.origins.delete(register);
  }

  private branch(word: number, at: number): boolean {
    if (is(word, 0x7c000000, 0x14000000)) return this.direct(word, at);
    if (is(word, 0xfe000000, 0x54000000) || is(word, 0x7e000000, 0x34000000))
      return this.leave(at + signed((word >>> 5) & 0x7ffff, 19) * 4);
    if (is(word, 0x7e000000, 0x36000000)) return this.leave(at + signed((word >>> 5) & 0x3fff, 14) * 4);
    if (is(word, 0xffe0001f, 0xd4000001)) this.visitor.syscall(this.registers, at + 4);
    if (is(word, 0xffe0001f, 0xd4000001)) this.write(0, UNKNOWN);
    if (is(word, 0xfe000000, 0xd6000000)) return this.indirect(word);
    return true;
  }

  /** B and BL. */
  private direct(word: number, at: number): boolean {
    const target = at + signed(word & 0x3ffffff, 26) * 4;
    const isCall = word >>> 31 === 1;
    if (isCall) {
      this.visitor.call(target, this.registers);
      this.called();
    } else {
      this.leave(target);
      this.registers.end();
    }
    return isCall;
  }

  private leave(target: number): true {
    if (target >= this.from && target < this.to) this.registers.jump(target);
    this.visitor.jump(target, this.registers);
    return true;
  }

  /** BLR goes on behind; BR, RET and their like don't. */
  private indirect(word: number): boolean {
    const kind = (word >>> 21) & 15;
    const isCall = (kind & 3) === 1;
    const origin = this.origins.get((word >>> 5) & 31);
    if (origin !== undefined) this.visitor.memory(origin, 1, this.registers);
    if (kind <= 1 || kind >= 8) this.visitor.indirect(this.registers);
    if (isCall) this.called();
    else this.registers.end();
    return isCall;
  }

  private called(): void {
    this.registers.lose(CHANGED_BY_CALLS);
    this.registers.set(0, UNKNOWN);
    for (const register of CHANGED_BY_CALLS) {
      this.addresses.delete(register);
      this.origins.delete(register);
    }
  }

  private immediate(word: number, at: number): void {
    const to = word & 31;
    const kind = (word >>> 23) & 7;
    if (kind <= 1) this.relative(word, at);
    else if (kind === 2) this.addImmediate(word);
    else if (kind === 5 && ((word >>> 29) & 3) === 2 && ((word >>> 21) & 3) === 0)
      this.write(to, constant((word >>> 5) & 0xffff));
    else this.write(to, UNKNOWN);
  }

  /** ADR and ADRP. */
  private relative(word: number, at: number): void {
    const to = word & 31;
    const target = word >>> 31 ? pageOf(word, at) : at + offsetOf(word);
    this.write(to, UNKNOWN);
    this.addresses.set(to, target);
    if (word >>> 31 === 0) this.visitor.address(target);
  }

  private addImmediate(word: number): void {
    const base = this.addresses.get((word >>> 5) & 31);
    const isAdd = ((word >>> 29) & 3) === 0;
    const value = ((word >>> 10) & 0xfff) * ((word >>> 22) & 1 ? 4096 : 1);
    this.write(word & 31, UNKNOWN);
    if (base === undefined || !isAdd) return;
    this.addresses.set(word & 31, base + value);
    this.visitor.address(base + value);
  }

  private registerForm(word: number): void {
    if (is(word, 0x1fe00000, 0x1a400000)) return; // CCMP, which has flags in place of a register
    if (is(word, 0x7fe00c00, 0x1a800000)) this.select(word);
    else this.computeFromRegisters(word);
  }

  private computeFromRegisters(word: number): void {
    const to = word & 31;
    const from = (word >>> 16) & 31;
    const isMove = is(word, 0x7fe0ffe0, 0x2a0003e0);
    const value = from === 31 ? 0 : this.registers.get(from);
    const address = this.addresses.get(from);
    this.write(to, isMove ? value : UNKNOWN);
    if (isMove && address !== undefined) this.addresses.set(to, address);
  }

  /** CSEL. */
  private select(word: number): void {
    const content = (register: number) => (register === 31 ? 0 : this.registers.get(register));
    const [one, other] = [content((word >>> 5) & 31), content((word >>> 16) & 31)];
    this.write(word & 31, UNKNOWN);
    if ((word & 31) !== 31) this.registers.setEither(word & 31, one, other);
  }

  private loadOrStore(word: number): void {
    const base = this.addresses.get((word >>> 5) & 31);
    const isWord = is(word, 0xffc00000, 0xf9400000);
    const origin = base !== undefined && isWord ? base + ((word >>> 10) & 0xfff) * 8 : undefined;
    if (origin !== undefined) this.visitor.memory(origin, 1, undefined);
    if (base !== undefined && is(word, 0xffc00000, 0x3dc00000))
      this.visitor.memory(base + ((word >>> 10) & 0xfff) * 16, 2, undefined);
    const isVector = ((word >>> 26) & 1) === 1;
    if (isVector || !isLoad(word)) return;
    this.write(word & 31, UNKNOWN);
    if (isPair(word)) this.write((word >>> 10) & 31, UNKNOWN);
    if (origin !== undefined) this.origins.set(word & 31, origin);
  }
}

const isPair = (word: number) => is(word, 0x3a000000, 0x28000000);
const isLiteral = (word: number) => is(word, 0x3b000000, 0x18000000);
const isAtomic = (word: number) => is(word, 0x3b200c00, 0x38200000);

/** Whether a load or store changes its first register. */
const isLoad = (word: number): boolean =>
  isPair(word) ? ((word >>> 22) & 1) === 1 : isLiteral(word) || isAtomic(word) || ((word >>> 22) & 3) !== 0;
