import { editor } from "./fr/editor";
import { execution } from "./fr/execution";
import { shared } from "./fr/shared";

/** French, by the English text. */
export const fr: Record<string, string> = { ...shared, ...editor, ...execution };
