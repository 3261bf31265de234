import { t } from "./i18n";

/** What the REST API answers when it refuses: what, where, what next. */
export interface Problem {
  node: string | null;
  field: string | null;
  message: string;
}

/** An answer that is no success. `status` is 0 where no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly problems: Problem[] = [],
    /** All that the server said, for answers that say more. */
    readonly answer: unknown = null,
  ) {
    super(detail);
  }
}

function csrfToken(): string {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]*)/)?.[1] ?? "";
}

/**
 * Ask the REST API in the session of the page; `path` is what follows `/api/v1/`.
 *
 * Throws an ApiError for every answer that is no success, and where the server cannot be reached.
 */
export async function api<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    text = await answer.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, t("LogiData does not answer. Check the connection, then try again."));
  }
  const found = parsed(text, answer.status);
  if (answer.ok) return found as T;
  const problem = found as { detail?: string; errors?: Problem[] } | null;
  throw new ApiError(answer.status, problem?.detail ?? answer.statusText, problem?.errors ?? [], found);
}

/** Return what a text holds as JSON. A proxy before LogiData answers with pages, which are for nobody. */
function parsed(text: string, status: number): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    throw new ApiError(status, t("LogiData cannot answer now (status {status}). Try again in a moment.", { status }));
  }
}
