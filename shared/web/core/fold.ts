/** Texts without accents and case, for searching: "Lấn vỉa hè" is found by "lan via he". */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/đ/g, 'd')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Say whether every word that was typed begins a word of the text. */
export function matches(text: string, typed: string): boolean {
  const words = fold(text).split(' ');
  return fold(typed)
    .split(' ')
    .every((each) => !each || words.some((word) => word.startsWith(each)));
}
