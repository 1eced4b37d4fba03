/** The token in what somebody typed or pasted: the whole private link, its end, or the token alone; '' when there is none. */
export function tokenIn(words: string): string {
  const token = words.trim().replace(/^[^#]*#/, '').replace(/^t=/, '');
  return /^[\w-]+$/.test(token) ? token : ''; // nothing else can stand in a header
}
