import { effect, signal } from '@preact/signals';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const STORED_THEME = 'playground-theme';

const theme = signal<Theme>(THEMES.find((name) => name === localStorage.getItem(STORED_THEME)) ?? 'auto');

// The style sheet's tokens follow `color-scheme`, which follows this.
effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(STORED_THEME, theme.value);
});

export function ThemeChoice() {
  return (
    <fieldset class="theme">
      <legend class="visually-hidden">Theme</legend>
      {THEMES.map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="theme"
            checked={theme.value === name}
            onChange={() => {
              theme.value = name;
            }}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
