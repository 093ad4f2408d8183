/** Buttons that copy: a text of the page, or the bytes behind a URL of this server. */
import { toast } from "./toast.js";

export function copyOnClick(): void {
	document.addEventListener("click", (event) => {
		const button = (event.target as Element).closest<HTMLElement>("[data-copy], [data-copy-url]");
		if (button) void copy(button);
	});
}

async function copy({ dataset }: HTMLElement): Promise<void> {
	try {
		const text =
			dataset.copy === undefined
				? await (await fetch(dataset.url ?? "")).text()
				: (document.querySelector(dataset.copy)?.textContent ?? "");
		await navigator.clipboard.writeText(text);
		toast("Copied");
	} catch {
		// A page that is not on https or this machine has no clipboard.
		toast("This browser lets no page copy here");
	}
}
