/** An id that nobody else makes. `randomUUID` is there in secure contexts alone. */
export const freshId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
