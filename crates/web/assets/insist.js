const RETRY_MS = 2000;

/** Does it until it is done, or until it no longer matters. What is refused for good answers nothing. */
export async function insist(work, matters) {
  while (matters()) {
    try {
      return await work();
    } catch (problem) {
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return undefined;
      await new Promise((go) => setTimeout(go, problem.retryAfterMs ?? RETRY_MS));
    }
  }
  return undefined;
}
