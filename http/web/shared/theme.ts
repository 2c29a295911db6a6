// Light or dark: as the system has it until the reader chooses; the choice stays in this browser.
export type Theme = 'system' | 'light' | 'dark';

const key = 'theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

export function currentTheme(): Theme {
  const stored = localStorage.getItem(key);
  return themes.find((theme) => theme === stored) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  applyTheme(theme);
}

export function applyTheme(theme: Theme = currentTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
