/** Which categories a text is probably about; by the keywords of GET /categories, so also offline. */
import { fold } from '@web/core/fold';

export interface Words {
  id: string;
  limit_hours: number;
  keywords: readonly string[];
}

/** Return the likeliest categories, best first. A keyword of three words says more than three of one. */
export function suggest(text: string, categories: readonly Words[], most = 3): string[] {
  const words = ` ${fold(text)} `;
  if (words.trim().length < 3) return [];
  const ranked = categories.map((each, order) => ({ id: each.id, limit: each.limit_hours, order, weight: weigh(words, each.keywords) }));
  return ranked
    .filter((each) => each.weight > 0)
    .sort((a, b) => b.weight - a.weight || a.limit - b.limit || a.order - b.order)
    .slice(0, most)
    .map((each) => each.id);
}

/** Return the one category that a text speaks of more than of any other; null when two are level. */
export function guess(text: string, categories: readonly Words[]): string | null {
  const words = ` ${fold(text)} `;
  const ranked = categories.map((each) => ({ id: each.id, weight: weigh(words, each.keywords) })).sort((a, b) => b.weight - a.weight);
  const [first, second] = ranked;
  return first && first.weight > 0 && first.weight > (second?.weight ?? 0) ? first.id : null;
}

function weigh(words: string, keywords: readonly string[]): number {
  let total = 0;
  const seen = new Set<string>();
  for (const keyword of keywords) {
    const folded = fold(keyword);
    if (folded && !seen.has(folded) && words.includes(` ${folded} `)) {
      seen.add(folded);
      total += folded.split(' ').length ** 1.5;
    }
  }
  return total;
}

const DANGER = ['chay nha', 'dang chay', 'hoa hoan', 'bi thuong', 'tai nan', 'danh nhau', 'cap cuu', 'duoi nuoc', 'dien giat', 'day dien dut', 'sap nha', 'ngo doc', 'co nguoi chet', 'cuop', 'bat tinh', 'on fire', 'injured', 'accident', 'robbery', 'unconscious'];

/** Say whether a text speaks of danger now: then the emergency numbers are shown once more. */
export function speaksOfDanger(text: string): boolean {
  const words = ` ${fold(text)} `;
  return DANGER.some((each) => words.includes(` ${each} `));
}
