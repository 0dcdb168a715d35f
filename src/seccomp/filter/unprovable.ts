/** Thrown where a program does something that the compiler never writes, so that the proof knows nothing about it. */
export class Unprovable extends Error {
  override readonly name = 'Unprovable';

  constructor(at: number, problem: string) {
    super(`instruction ${at}: ${problem}`);
  }
}
