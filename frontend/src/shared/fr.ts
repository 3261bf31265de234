/** French, by the English text. */
export const fr: Record<string, string> = {};
