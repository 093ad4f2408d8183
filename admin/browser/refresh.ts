/** Keeps the parts of a page true that say how often they change. A hidden page asks nothing. */
import { refreshParts } from "./swap.js";

let timer: ReturnType<typeof setTimeout> | undefined;

export function keepParts(): void {
	document.addEventListener("visibilitychange", schedule);
	document.addEventListener("varve:swapped", schedule);
	schedule();
}

function schedule(): void {
	clearTimeout(timer);
	const part = document.querySelector<HTMLElement>("[data-refresh]");
	if (document.hidden || !part) return;
	const seconds = Number(part.dataset.refresh);
	// If the server does not answer, the page stays as it is, and asks again.
	timer = setTimeout(() => void refreshParts().catch(schedule), seconds * 1000);
}
