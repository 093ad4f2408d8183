/** Says that something was done, for a while; errors stand where the deed was. */
const SHOWN_MS = 6000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function toast(text: string): void {
	const place = document.getElementById("toast");
	if (!place) return;
	place.textContent = text;
	clearTimeout(timer);
	timer = setTimeout(() => {
		if (!place.matches(":hover")) place.textContent = "";
	}, SHOWN_MS);
}
