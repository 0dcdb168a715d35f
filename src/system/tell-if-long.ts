/** When whoever waits wants to know for what, in milliseconds. */
const PATIENCE = 10_000;

/** Does something that may take long: then it is told, once, what is waited for. */
export async function tellIfLong<T>(tell: () => void, step: () => Promise<T>): Promise<T> {
  const timer = setTimeout(tell, PATIENCE);
  try {
    return await step();
  } finally {
    clearTimeout(timer);
  }
}
