/** What a picture or a recording is called for those who do not see it: kind, place, time. */
import { moment } from '@web/core/dates';
import { both } from '@web/core/i18n';
import { areas, categoryOf } from '../catalogue';
import type { CaseView } from './case';

/** What and where a report is: its category, its address or else its ward. */
export function subjectOf(view: CaseView): string {
  const area = areas.value.find((each) => each.id === view.area);
  return [both(categoryOf(view.category)?.name), view.location?.address || both(area?.name)].filter(Boolean).join(', ');
}

/** A medium's name: what it is, of what, and when, if that is known: it may have been added long after the report. */
export const nameOf = (view: CaseView, what: string, at: string | null): string => [what, subjectOf(view), at && moment(at)].filter(Boolean).join(', ');
