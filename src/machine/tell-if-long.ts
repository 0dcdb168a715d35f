/** The time after which a user wants to know why a command waits, in milliseconds. */
const PATIENCE = 10_000;

/** Runs a step; if it takes long, tells the user once what the command waits for. */
export async function tellIfLong<T>(tell: () => void, step: () => Promise<T>): Promise<T> {
  const timer = setTimeout(tell, PATIENCE);
  try {
    return await step();
  } finally {
    clearTimeout(timer);
  }
}
