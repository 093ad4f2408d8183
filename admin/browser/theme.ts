/** The switch between light and dark: a cookie keeps it, and the server reads it. */
const YEAR_SECONDS = 31_536_000;

export function switchTheme(): void {
	const button = document.getElementById("theme");
	button?.addEventListener("click", () => {
		const root = document.documentElement;
		const theme = isDark(root) ? "light" : "dark";
		root.dataset.theme = theme;
		const path = `${root.dataset.base ?? ""}/`;
		// biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
		document.cookie = `varve-theme=${theme}; Path=${path}; Max-Age=${YEAR_SECONDS}; SameSite=Strict`;
	});
}

function isDark({ dataset }: HTMLElement): boolean {
	if (dataset.theme !== undefined) return dataset.theme === "dark";
	return matchMedia("(prefers-color-scheme: dark)").matches;
}
