// The theme that was chosen in the admin; without a choice, that of the browser.
"use strict";

try {
  const theme = JSON.parse(localStorage.getItem("_x_adminTheme"));
  if (theme === "light" || theme === "dark") document.documentElement.style.colorScheme = theme;
} catch {
  // A browser that keeps nothing has no choice either.
}
