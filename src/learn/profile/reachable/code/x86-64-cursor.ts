/** Reads instructions of x86-64: prefixes, operands, immediates (Intel SDM, volume 2, chapter 2). */
export class Cursor {
  protected readonly bytes: Uint8Array;
  protected readonly view: DataView;
  /** The place in the bytes. */
  protected at: number;
  /** The REX prefix of the instruction; 0 for none. */
  protected rex = 0;
  /** Whether operands have 16 bits. */
  protected isShort = false;
  /** Registers of its operands, and whether the second is one. */
  protected reg = 0;
  protected rm = 0;
  protected isRegister = false;
  protected sib = -1;
  /** Where the displacement to the next instruction is, if an operand has one; else 0. */
  protected relativeAt = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Reads prefixes and the first byte of the opcode. */
  protected opcode(): number {
    this.rex = 0;
    this.isShort = false;
    this.relativeAt = 0;
    let opcode = this.next();
    while (isPrefix(opcode)) {
      if (opcode === 0x66) this.isShort = true;
      this.rex = opcode >> 4 === 4 ? opcode : 0;
      opcode = this.next();
    }
    return opcode;
  }

  protected next(): number {
    return this.bytes[this.at++] ?? 0;
  }

  protected int32(): number {
    this.at += 4;
    return this.view.getInt32(this.at - 4, true);
  }

  protected int8(): number {
    return (this.next() << 24) >> 24;
  }

  protected modrm(): void {
    const byte = this.next();
    const mode = byte >> 6;
    this.isRegister = mode === 3;
    this.reg = ((byte >> 3) & 7) | ((this.rex & 4) << 1);
    this.rm = (byte & 7) | ((this.rex & 1) << 3);
    if (this.isRegister) return;
    this.sib = (byte & 7) === 4 ? this.next() : -1;
    const isBare = mode === 0 && (byte & 7) === 5;
    if (isBare) this.relativeAt = this.at;
    if (mode === 1) this.at += 1;
    if (mode === 2 || isBare || (mode === 0 && this.sib >= 0 && (this.sib & 7) === 5)) this.at += 4;
  }

  protected skipImmediate(shape: string): void {
    if ('MRNAbH'.includes(shape)) this.at += 1;
    else if ('WQEl'.includes(shape)) this.at += this.isShort ? 2 : 4;
    else if (shape === 'w') this.at += 2;
    else if (shape === 'v') this.at += 3;
    else if (shape === 'o') this.at += 8;
  }

  /** Whether the operand is in the stack frame, or above it. */
  protected isOnStack(): boolean {
    return !this.isRegister && (this.rm & 7) === 4 && (this.sib & 0x3f) === 0x24 && (this.rex & 1) === 0;
  }

  /**
   * Whether the operand is the word on top of the stack.
   * @param behind bytes that have been read behind the operand, and the last of its own
   */
  protected isStackTop(behind: number): boolean {
    return this.isOnStack() && this.bytes[this.at - behind] === this.sib;
  }
}

/** Whether an instruction of a shape (x86-64-opcodes.ts) has a ModR/M byte. */
export const hasOperands = (shape: string): boolean => 'mMWrRQnNxc'.includes(shape);

/** Legacy prefixes and REX. */
const isPrefix = (byte: number): boolean => byte >> 4 === 4 || PREFIXES[byte] === 1;
const PREFIXES = new Uint8Array(256);
for (const byte of [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]) PREFIXES[byte] = 1;
