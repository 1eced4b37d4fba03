/** What narrows an inbox: words, a category, a state; and whether the map is beside it. */
import type { JSX } from 'preact';
import { t } from '@web/core/i18n';
import { Button, Icon } from '@web/ui/kit';
import { catalogue, categoryName } from '../catalogue';
import { Choice } from '../rows';
import { type Filter, NO_FILTER } from './held';

const STATES = [
  'submitted', 'held', 'assigned', 'accepted', 'in_progress', 'coordinating', 'at_office',
  'awaiting_direction', 'resolved', 'reopened', 'closed', 'refused', 'redirected', 'withdrawn',
];

interface FiltersProps {
  typed: string;
  onType: (typed: string) => void;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  map: boolean;
  onMap: (on: boolean) => void;
}

export function Filters({ typed, onType, filter, onFilter, map, onMap }: FiltersProps): JSX.Element {
  const clear = (): void => {
    onType('');
    onFilter(NO_FILTER);
  };
  return (
    <div class="filters">
      <label class="search">
        <span class="hidden-visually">{t('filter.search')}</span>
        <Icon name="search" />
        <input
          id="search"
          class="input"
          type="search"
          placeholder={t('filter.search')}
          value={typed}
          onInput={(event) => onType(event.currentTarget.value)}
        />
      </label>
      <Choice
        id="by-category"
        label={t('filter.category')}
        value={filter.category}
        onChange={(category) => onFilter({ ...filter, category })}
        options={catalogue.value.categories.map((each) => [each.id, categoryName(each.id)])}
      />
      <Choice
        id="by-state"
        label={t('filter.state')}
        value={filter.state}
        onChange={(state) => onFilter({ ...filter, state })}
        options={STATES.map((each) => [each, t(`state.${each}`)])}
      />
      {Boolean(typed || filter.category || filter.state) && (
        <Button kind="quiet" icon="x" onClick={clear}>{t('filter.clear')}</Button>
      )}
      <Button icon="map" aria-pressed={map} class="toggle" onClick={() => onMap(!map)}>
        {t('map.toggle')}
      </Button>
    </div>
  );
}
