// Light or dark: what the reader chose, else what the system has.
const key = "console-theme";

export type Theme = "auto" | "light" | "dark";

export function currentTheme(): Theme {
  const chosen = localStorage.getItem(key);
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme();
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  applyTheme();
}
