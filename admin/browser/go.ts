/** Lists what the field in the bar takes its text for, while a person types. */
const TYPING_MS = 150;
const SHOWN = 8;
const NUMBER = /^[\d,]+$/;
const UUID = /^[{(]?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}[)}]?$/i;

type Listed = { readonly stream: string; readonly url: string; readonly events: number };

export function suggestPlaces(): void {
	const field = document.getElementById("go") as HTMLInputElement | null;
	const list = document.getElementById("go-list");
	if (!field || !list) return;
	let timer: ReturnType<typeof setTimeout> | undefined;
	field.addEventListener("input", () => {
		clearTimeout(timer);
		timer = setTimeout(() => void suggest(field, list), TYPING_MS);
	});
	field.addEventListener("keydown", (event) => {
		if (event.key === "Escape") {
			list.hidden = true;
			field.blur();
		}
		if (event.key === "ArrowDown") {
			list.querySelector("a")?.focus();
			event.preventDefault();
		}
	});
	list.addEventListener("keydown", (event) => step(event, field, list));
	document.addEventListener("click", (event) => {
		if (!(event.target as Element).closest(".go")) list.hidden = true;
	});
}

async function suggest(field: HTMLInputElement, list: HTMLElement): Promise<void> {
	const text = field.value.trim();
	if (text === "") {
		list.hidden = true;
		return;
	}
	const base = document.documentElement.dataset.base ?? "";
	const query = new URLSearchParams({ prefix: text, limit: String(SHOWN) });
	const answer = await fetch(`${base}/streams?${query}`, {
		headers: { Accept: "application/json" },
	});
	if (field.value.trim() !== text) return;
	const { streams }: { streams: Listed[] } = answer.ok ? await answer.json() : { streams: [] };
	const rows = [...meant(text, base), ...streams.map((row) => rowOf(row, base))];
	list.replaceChildren(...rows);
	list.hidden = rows.length === 0;
}

/** Makes a row for each thing that the text may name, besides the beginning of a stream. */
function meant(text: string, base: string): HTMLElement[] {
	const to = `${base}/?go=${encodeURIComponent(text)}`;
	if (NUMBER.test(text)) return [row(to, `Position ${text}`, "in the log")];
	if (UUID.test(text)) return [row(to, text, "the event with this id")];
	if (/[/@]\d+$/.test(text)) return [row(to, text, "an event of a stream")];
	return [];
}

function rowOf({ stream, events }: Listed, base: string): HTMLElement {
	const to = `${base}/streams/${encodeURIComponent(stream)}`;
	return row(to, stream, `${events.toLocaleString("en-US")} ${events === 1 ? "event" : "events"}`);
}

function row(to: string, text: string, said: string): HTMLElement {
	const item = document.createElement("li");
	const link = document.createElement("a");
	const name = document.createElement("bdi");
	const small = document.createElement("small");
	link.href = to;
	name.className = "mono";
	name.textContent = text;
	small.textContent = said;
	link.append(name, small);
	item.append(link);
	return item;
}

function step(event: KeyboardEvent, field: HTMLInputElement, list: HTMLElement): void {
	const links = [...list.querySelectorAll("a")];
	const at = links.indexOf(document.activeElement as HTMLAnchorElement);
	if (event.key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
	else if (event.key === "ArrowUp") (links[at - 1] ?? field).focus();
	else if (event.key === "Escape") field.focus();
	else return;
	event.preventDefault();
}
