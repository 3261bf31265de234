/** Whether a log keeps to its end: until the reader scrolls up, and again once the end is reached. */

export interface Place {
  scrollTop: number;
  scrollHeight: number;
  clientHeight: number;
}

// Pixels from the end that are still the end.
const NEAR = 24;

/** Return whether to follow after a scroll from `before`; a log that grew has not been scrolled up. */
export function isFollowingAt(isFollowing: boolean, before: number, { scrollTop, scrollHeight, clientHeight }: Place): boolean {
  if (scrollHeight - scrollTop - clientHeight < NEAR) return true;
  return isFollowing && scrollTop >= before;
}
